"""The rows of a comparison: each arm's scores, and their paired tests against the circuit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from conncore.experiments.arms import CIRCUIT
from conncore.experiments.statistics import (
    bootstrap_interval,
    effect_size,
    holm,
    permutation_test,
)
from conncore.experiments.study import Outcome


@dataclass(frozen=True)
class Row:
    """An arm's line in the table.

    Attributes
    ----------
    arm : str
    n : int
        Seeds.
    n_failed : int
        Seeds whose solution had no finite score; the other figures leave their pairs out.
    mean, low, high : float
        Mean held-out score, and its 95% bootstrap interval.
    difference, difference_low, difference_high : float
        The circuit's score less this arm's, paired by seed; NaN for the circuit itself.
    effect : float
        Cohen's d of the paired differences.
    p, p_holm : float
        Exact paired permutation test, and corrected for the number of arms.
    """

    arm: str
    n: int
    n_failed: int
    mean: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    effect: float
    p: float
    p_holm: float

    @property
    def verdict(self) -> str:
        """What the row says about the circuit, by p (Holm) below 0.05."""
        if math.isnan(self.p_holm):
            return ""
        if self.p_holm >= 0.05:
            return "no difference shown"
        return "circuit better" if self.difference > 0 else "circuit worse"


def compare_rows(outcomes: Mapping[str, Sequence[Outcome]], reference: str = CIRCUIT) -> list[Row]:
    """Return a row per arm, `reference` first, from outcomes with the same seeds."""
    circuit = np.array([outcome.score for outcome in outcomes[reference]])
    rows, tested = [], [name for name in outcomes if name != reference]
    p_values = []
    for name in [reference, *tested]:
        scores = np.array([outcome.score for outcome in outcomes[name]])
        good = np.isfinite(scores) & np.isfinite(circuit)
        differences = (circuit - scores)[good]
        low, high = bootstrap_interval(scores[good])
        p = math.nan
        difference = difference_low = difference_high = effect = math.nan
        if name != reference and good.any():
            p = permutation_test(differences)
            difference = float(differences.mean())
            difference_low, difference_high = bootstrap_interval(differences)
            effect = effect_size(differences)
            p_values.append(p)
        rows.append(
            Row(
                arm=name,
                n=len(scores),
                n_failed=int((~good).sum()),
                mean=float(scores[good].mean()) if good.any() else math.nan,
                low=low,
                high=high,
                difference=difference,
                difference_low=difference_low,
                difference_high=difference_high,
                effect=effect,
                p=p,
                p_holm=math.nan,
            )
        )
    adjusted = iter(holm(p_values))
    return [
        row if math.isnan(row.p) else Row(**asdict(row) | {"p_holm": next(adjusted)})
        for row in rows
    ]
