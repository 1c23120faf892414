"""Claims of a paper, and the rules that test them on runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conncore.experiments.sequential import Looks
from conncore.experiments.statistics import detectable, holm, p_above, t_interval
from conncore.experiments.study import Outcome

ALPHA = 0.05
LEAST_SEEDS = 5
Outcomes = Mapping[str, Sequence[Outcome]]
Quantity = Callable[[Outcome], float]


@dataclass(frozen=True)
class Verdict:
    """The result of testing a claim.

    Attributes
    ----------
    claim : str
    rule : str
        The rule by which the claim holds.
    verdict : str
        "holds", "refuted", "undecided" or "not tested".
    n : int
        Number of seeds with finite numbers.
    estimate, low, high : float
        The mean number that the rule is about, and its 95% confidence interval (Student's t); in a
        sequential study, the interval that holds at all looks.
    p : float
        p of the verdict, corrected for the number of claims by Holm's method.
    detectable : float
        The smallest distance from a limit of the rule that so many seeds show with a probability
        of 80%.
    """

    claim: str
    rule: str
    verdict: str
    n: int
    estimate: float
    low: float
    high: float
    p: float
    detectable: float


@dataclass(frozen=True)
class Claim:
    """A claim about the arms of a study.

    Parameters
    ----------
    text : str
    rule : str
        The rule in words.
    value : callable
        Takes the outcomes and returns one number per seed.
    least, most : float
        The claim is that the true mean of the number lies between the two.
    """

    text: str
    rule: str
    value: Callable[[Outcomes], NDArray[np.float64]]
    least: float
    most: float = np.inf


def judge(claims: Sequence[Claim], outcomes: Outcomes, looks: Looks | None = None) -> list[Verdict]:
    """Return the verdicts of the claims of a figure.

    A claim holds if the confidence interval of the mean lies between the limits of the claim. It is
    refuted if the interval lies outside, and undecided if a limit is inside the interval. The level
    of the interval is 95% for one claim. Holm's method corrects the level for several claims, so
    that the probability of a wrong verdict in a figure is at most 5%. A claim with finite numbers
    of fewer than 5 seeds is not tested.

    Parameters
    ----------
    claims : sequence of Claim
    outcomes : mapping of str to sequence of Outcome
        By arm, one per seed; empty if the figure was not run.
    looks : Looks, optional
        The looks of a sequential study, which counts all looks so far.
    """
    n_seeds = max((len(runs) for runs in outcomes.values()), default=0)
    series = [_series(claim, outcomes, n_seeds, looks) for claim in claims]
    numbers = [values[-1] for values in series]
    level = 0.95 if looks is None else looks.level(n_seeds)
    tested = [i for i, values in enumerate(numbers) if values.size >= LEAST_SEEDS]
    decided = {i: _decide(claims[i], series[i], looks) for i in tested}
    corrected = dict(zip(tested, holm([p for _, p in decided.values()]), strict=True))
    verdicts = []
    for i, (claim, values) in enumerate(zip(claims, numbers, strict=True)):
        low, high = t_interval(values, level)
        verdict, p = "not tested", np.nan
        if i in decided:
            p = corrected[i]
            verdict = decided[i][0] if p < ALPHA else "undecided"
        verdicts.append(
            Verdict(
                claim=claim.text,
                rule=claim.rule,
                verdict=verdict,
                n=values.size,
                estimate=float(values.mean()) if values.size else np.nan,
                low=low,
                high=high,
                p=p,
                detectable=detectable(values, ALPHA / max(1, len(tested))),
            )
        )
    return verdicts


def _series(
    claim: Claim, outcomes: Outcomes, n_seeds: int, looks: Looks | None
) -> list[NDArray[np.float64]]:
    """Return the finite numbers of a claim at each look; of a fixed study, at the end."""
    at = (() if looks is None else looks.until(n_seeds)) or (n_seeds,)
    return [_finite(claim, {arm: runs[:n] for arm, runs in outcomes.items()}) for n in at]


def _finite(claim: Claim, outcomes: Outcomes) -> NDArray[np.float64]:
    values = claim.value(outcomes) if outcomes else np.empty(0)
    return values[np.isfinite(values)]


def _decide(
    claim: Claim, series: Sequence[NDArray[np.float64]], looks: Looks | None
) -> tuple[str, float]:
    """Return the verdict that the data lean to, and its p.

    p is the smallest a for which the interval of level 1 - a still decides.
    """
    above = np.array([p_above(values, claim.least) for values in series])
    below = np.zeros(len(series))
    if np.isfinite(claim.most):
        below = np.array([p_above(-values, -claim.most) for values in series])

    def over_looks(p_values: NDArray[np.float64]) -> float:
        return float(p_values[-1]) if looks is None else looks.adjust(list(p_values))

    holds = 2 * max(over_looks(above), over_looks(below))
    refuted = 2 * min(over_looks(1 - above), over_looks(1 - below))
    return ("holds", holds) if holds < refuted else ("refuted", refuted)


def values_of(outcomes: Outcomes, arm: str, quantity: Quantity) -> NDArray[np.float64]:
    """Return an arm's numbers, one per seed."""
    return np.array([quantity(outcome) for outcome in outcomes[arm]])


def above(text: str, higher: str, lower: str, quantity: Quantity) -> Claim:
    """Claim that one arm is above another, paired by seed."""
    return Claim(
        text,
        f"{higher} - {lower} above 0",
        lambda outcomes: (
            values_of(outcomes, higher, quantity) - values_of(outcomes, lower, quantity)
        ),
        0.0,
    )


def similar(text: str, one: str, other: str, quantity: Quantity, within: float = 0.2) -> Claim:
    """Claim that two arms differ, paired by seed, by less than a share of the larger mean."""

    def shares(outcomes: Outcomes) -> NDArray[np.float64]:
        a, b = (values_of(outcomes, arm, quantity) for arm in (one, other))
        scale: NDArray[np.float64] = (a - b) / max(abs(a.mean()), abs(b.mean()))
        return scale

    return Claim(
        text,
        f"({one} - {other}) / larger mean in +-{within:g}",
        shares,
        -within,
        within,
    )


def near(text: str, arm: str, quantity: Quantity, published: float, spread: float) -> Claim:
    """Claim that an arm's mean is within twice the published spread of the published mean."""
    return Claim(
        text,
        f"{arm} within {published:g} +- {2 * spread:g}",
        lambda outcomes: values_of(outcomes, arm, quantity),
        published - 2 * spread,
        published + 2 * spread,
    )


def plateaus(text: str, arm: str, share: float = 0.9) -> Claim:
    """Claim that an arm makes most of its gain in the first half of its generations."""

    def halfway(outcomes: Outcomes) -> NDArray[np.float64]:
        values = []
        for outcome in outcomes[arm]:
            curve = np.array(outcome.curves[-1].mean, dtype=np.float64)
            width = max(1, len(curve) // 20)
            middle = curve[len(curve) // 2 - width : len(curve) // 2].mean()
            gain = outcome.end() - outcome.start()
            values.append((middle - outcome.start()) / gain if gain > 0 else np.nan)
        return np.array(values)

    return Claim(text, f"gain by half time, {arm}, above {share:g}", halfway, share)


def reaches(arm: str, score: float) -> Claim:
    """Claim that the mean held-out score of an arm is above a score."""
    return Claim(
        f"{arm} reaches {score:g}",
        f"held-out score of {arm} above {score:g}",
        lambda outcomes: values_of(outcomes, arm, lambda outcome: outcome.score),
        score,
    )
