"""Claims of a paper, and the rules that test them on runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conncore.experiments.statistics import bootstrap_interval
from conncore.experiments.study import Outcome

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
        "holds", "does not hold" or "not tested".
    estimate, low, high : float
        The number that the rule is about, and its 95% bootstrap interval over seeds.
    """

    claim: str
    rule: str
    verdict: str
    estimate: float
    low: float
    high: float


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
        The claim holds if the 95% bootstrap interval of the mean number lies between the two.
    by_mean : bool
        If True, the mean alone must lie between the two, not its interval.
    """

    text: str
    rule: str
    value: Callable[[Outcomes], NDArray[np.float64]]
    least: float
    most: float = np.inf
    by_mean: bool = False

    def judge(self, outcomes: Outcomes) -> Verdict:
        """Return the verdict; it is "not tested" for fewer than 5 seeds with finite numbers."""
        values = self.value(outcomes) if outcomes else np.empty(0)
        values = values[np.isfinite(values)]
        low, high = bootstrap_interval(values)
        estimate = float(values.mean()) if values.size else np.nan
        if values.size < LEAST_SEEDS:
            verdict = "not tested"
        else:
            ends = (estimate, estimate) if self.by_mean else (low, high)
            holds = self.least < ends[0] and ends[1] < self.most
            verdict = "holds" if holds else "does not hold"
        return Verdict(self.text, self.rule, verdict, estimate, low, high)


def values_of(outcomes: Outcomes, arm: str, quantity: Quantity) -> NDArray[np.float64]:
    """Return an arm's numbers, one per seed."""
    return np.array([quantity(outcome) for outcome in outcomes[arm]])


def above(text: str, higher: str, lower: str, quantity: Quantity) -> Claim:
    """Claim that one arm is above another, paired by seed."""
    return Claim(
        text,
        f"interval of {higher} - {lower} above 0",
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
        f"interval of ({one} - {other}) / larger mean in +-{within:g}",
        shares,
        -within,
        within,
    )


def near(text: str, arm: str, quantity: Quantity, published: float, spread: float) -> Claim:
    """Claim that an arm's mean is within twice the published spread of the published mean."""
    return Claim(
        text,
        f"interval of {arm} within {published:g} +- {2 * spread:g}",
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

    return Claim(text, f"interval of the gain by half time, {arm}, above {share:g}", halfway, share)


def reaches(arm: str, score: float) -> Claim:
    """Claim that the mean held-out score of an arm, over seeds, is above a score."""
    return Claim(
        f"{arm} reaches {score:g}",
        f"mean held-out score of {arm} above {score:g}",
        lambda outcomes: values_of(outcomes, arm, lambda outcome: outcome.score),
        score,
        by_mean=True,
    )
