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
    """One arm's row in the table.

    Attributes
    ----------
    arm : str
    n : int
        Number of seeds.
    n_failed : int
        Number of seeds with a score that is not finite, here or in the circuit. The other numbers
        of the row exclude these seeds.
    mean, low, high : float
        Mean held-out score, and its 95% bootstrap interval.
    difference, difference_low, difference_high : float
        Mean paired difference, circuit minus this arm, and its 95% bootstrap interval; NaN for
        the circuit itself.
    effect : float
        Cohen's d of the paired differences.
    p, p_holm : float
        p of the exact paired permutation test, and p after Holm's correction for the number of
        arms.
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
        """The verdict about the circuit, at a corrected p of 0.05; "" for the circuit itself."""
        if math.isnan(self.p_holm):
            return ""
        if self.p_holm >= 0.05:
            return "no significant difference"
        return "circuit better" if self.difference > 0 else "circuit worse"


def compare_rows(outcomes: Mapping[str, Sequence[Outcome]], reference: str = CIRCUIT) -> list[Row]:
    """Return one row per arm, `reference` first; all arms have the same seeds."""
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
