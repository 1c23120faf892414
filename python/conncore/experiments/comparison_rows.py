"""The rows of a comparison: each arm's scores, and their paired tests against the circuit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conncore.experiments.arms import CIRCUIT
from conncore.experiments.sequential import Looks
from conncore.experiments.statistics import (
    detectable,
    effect_size,
    equivalence_test,
    first_reached,
    holm,
    logrank_test,
    p_above,
    permutation_test,
    t_interval,
)
from conncore.experiments.study import Outcome

ALPHA = 0.05


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
        Mean held-out score, and its 95% confidence interval (Student's t).
    difference, difference_low, difference_high : float
        Mean paired difference, circuit minus this arm, and its 95% confidence interval; NaN
        for the circuit itself. In a sequential study, the interval that holds at all looks.
    effect : float
        Cohen's d of the paired differences.
    p, p_holm : float
        p of the paired permutation test, exact up to 20 seeds, or in a sequential study the
        sequential p of the paired t test; and p after Holm's correction for the number of arms.
    detectable : float
        The smallest difference that so many seeds show with a probability of 80%, after a
        correction for the number of arms.
    n_reached : int
        Number of seeds whose population mean reached the threshold; 0 if there is none.
    p_time : float
        p, after Holm's correction, of a log-rank test of the generation in which the threshold was
        reached, here against the circuit; NaN if no threshold was given.
    faster : bool
        Whether the circuit reached the threshold earlier, as the log-rank test counts.
    margin, p_equivalent : float
        The margin of equivalence, and the p, after Holm's correction, that the difference is
        within it; NaN if no margin was given.
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
    detectable: float
    n_reached: int
    p_time: float
    faster: bool
    margin: float
    p_equivalent: float

    @property
    def verdict(self) -> str:
        """The verdict about the circuit, at a corrected p of 0.05; "" for the circuit itself."""
        if math.isnan(self.p_holm):
            return ""
        if self.p_holm < ALPHA:
            return "circuit better" if self.difference > 0 else "circuit worse"
        if self.p_equivalent < ALPHA:
            return f"equivalent within {self.margin:g}"
        return "undecided"

    @property
    def speed(self) -> str:
        """The verdict about the time until the threshold; "" without one, or for the circuit."""
        if math.isnan(self.p_time):
            return ""
        if self.p_time < ALPHA:
            return "circuit faster" if self.faster else "circuit slower"
        return "undecided"


def compare_rows(
    outcomes: Mapping[str, Sequence[Outcome]],
    reference: str = CIRCUIT,
    margin: float | None = None,
    threshold: float | None = None,
    looks: Looks | None = None,
) -> list[Row]:
    """Return one row per arm, `reference` first; all arms have the same seeds.

    With a `margin`, each arm is also tested for equivalence with the reference; with a `threshold`,
    for the time until the population mean reaches it. With `looks`, the study is sequential.
    """
    scores = {name: np.array([run.score for run in runs]) for name, runs in outcomes.items()}
    good = {
        name: np.isfinite(values) & np.isfinite(scores[reference])
        for name, values in scores.items()
    }
    differences = {
        name: (scores[reference] - values)[good[name]]
        for name, values in scores.items()
        if name != reference and good[name].any()
    }
    series = {
        name: _series(scores[reference] - scores[name], good[name], looks) for name in differences
    }
    p = {name: _two_sided(values, looks) for name, values in series.items()}
    p_holm = dict(zip(p, holm(list(p.values())), strict=True))
    p_equivalent: dict[str, float] = {}
    if margin is not None:
        p_equivalent = {
            name: _equivalent(values, margin, looks)
            for name, values in series.items()
            if values[-1].size > 1
        }
        corrected = holm(list(p_equivalent.values()))
        p_equivalent = dict(zip(p_equivalent, corrected, strict=True))
    times = {name: _times(runs, threshold) for name, runs in outcomes.items()}
    faster, p_time = _compare_times(times, outcomes, reference)
    rows = []
    for name in [reference, *(other for other in outcomes if other != reference)]:
        values, none = scores[name][good[name]], np.empty(0)
        found = differences.get(name, none)
        low, high = t_interval(values)
        level = 0.95 if looks is None else looks.level(len(values))
        difference_low, difference_high = t_interval(found, level)
        rows.append(
            Row(
                arm=name,
                n=len(scores[name]),
                n_failed=int((~good[name]).sum()),
                mean=float(values.mean()) if values.size else math.nan,
                low=low,
                high=high,
                difference=float(found.mean()) if found.size else math.nan,
                difference_low=difference_low,
                difference_high=difference_high,
                effect=effect_size(found),
                p=p.get(name, math.nan),
                p_holm=p_holm.get(name, math.nan),
                detectable=detectable(found, ALPHA / max(1, len(p))),
                n_reached=int(np.isfinite(times[name]).sum()),
                p_time=math.nan if threshold is None else p_time.get(name, math.nan),
                faster=faster.get(name, False),
                margin=math.nan if margin is None else margin,
                p_equivalent=p_equivalent.get(name, math.nan),
            )
        )
    return rows


def _series(
    differences: NDArray[np.float64], good: NDArray[np.bool_], looks: Looks | None
) -> list[NDArray[np.float64]]:
    """Return the good differences at each look; of a fixed study, at the end."""
    at = (() if looks is None else looks.until(len(good))) or (len(good),)
    return [differences[:n][good[:n]] for n in at]


def _two_sided(series: Sequence[NDArray[np.float64]], looks: Looks | None) -> float:
    if looks is None:
        return permutation_test(series[-1])
    above, below = ([p_above(sign * values, 0.0) for values in series] for sign in (1, -1))
    return min(1.0, 2 * min(looks.adjust(above), looks.adjust(below)))


def _equivalent(series: Sequence[NDArray[np.float64]], margin: float, looks: Looks | None) -> float:
    if looks is None:
        return equivalence_test(series[-1], margin)
    above, below = ([p_above(sign * values, -margin) for values in series] for sign in (1, -1))
    return max(looks.adjust(above), looks.adjust(below))


def _times(runs: Sequence[Outcome], threshold: float | None) -> NDArray[np.float64]:
    """Return the generation in which each run reaches the threshold; inf if it does not."""
    limit = math.inf if threshold is None else threshold
    return np.array([first_reached(run.curves[-1].mean, limit) for run in runs])


def _compare_times(
    times: Mapping[str, NDArray[np.float64]],
    outcomes: Mapping[str, Sequence[Outcome]],
    reference: str,
) -> tuple[dict[str, bool], dict[str, float]]:
    """Return, for each arm, whether the reference is faster, and the corrected p."""
    end = max(len(run.curves[-1].mean) for runs in outcomes.values() for run in runs)
    others = [name for name in times if name != reference]
    found = {name: logrank_test(times[reference], times[name], end) for name in others}
    corrected = holm([p for _, p in found.values()])
    faster = {name: statistic > 0 for name, (statistic, _) in found.items()}
    return faster, dict(zip(others, corrected, strict=True))
