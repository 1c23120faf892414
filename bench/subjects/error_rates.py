"""Simulates how often sequential studies give a wrong verdict, and how often a right one."""

from __future__ import annotations

import numpy as np
from scipy.stats import ttest_1samp

from conncore.bench.harness import Harness
from conncore.experiments.sequential import Looks, nominal_levels, plan_looks

TITLE = "verdicts of sequential studies (--until decided --at-most 40) on synthetic scores"


def rates(
    difference: float, n_claims: int, n_figures: int, looks: Looks, seed: int = 0
) -> tuple[float, float, float]:
    """Return the share of figures with a "holds", that of claims that hold, and the mean seeds.

    This does what `judge` does at each look, for all figures at once. A figure is one study with
    `n_claims` claims, whose scores are normal: `difference` standard deviations above the limit.
    """
    scores = np.random.default_rng(seed).normal(
        difference, 1.0, (n_figures, n_claims, looks.at[-1])
    )
    at_looks = [
        ttest_1samp(scores[..., :n], 0.0, axis=-1, alternative="greater").pvalue for n in looks.at
    ]
    alphas = np.array([2 * a for a in (0.025 / np.arange(n_claims, 0, -1))])
    holds = np.zeros((n_figures, n_claims), bool)
    running, used = np.ones(n_figures, bool), np.zeros(n_figures)
    best = np.ones((n_figures, n_claims))
    worst = np.ones((n_figures, n_claims))
    for k, (n, p) in enumerate(zip(looks.at, at_looks, strict=True)):
        # Smallest of the levels that Holm's steps use at which the claim is rejected.
        limits = [nominal_levels(a / 2, looks.fractions)[k] for a in alphas]
        for alpha, limit in zip(alphas[::-1], limits[::-1], strict=True):
            for told, reached in ((best, p <= limit), (worst, 1 - p <= limit)):
                told[running[:, None] & reached & (told > alpha)] = alpha
        used[running] = n
        decided = np.zeros_like(holds)
        for _ in range(n_claims):
            left = n_claims - decided.sum(axis=1, keepdims=True)
            decided |= np.minimum(best, worst) <= 0.05 / np.maximum(left, 1) * (1 + 1e-9)
        holds = decided & (best < worst)
        running &= ~decided.all(axis=1)
    return float(holds.any(axis=1).mean()), float(holds.mean()), float(used.mean())


def run(harness: Harness) -> None:
    """Simulate; see TITLE."""
    looks = plan_looks(40)
    for n_claims in (1, 6):
        for difference in (0.0, 0.5, 1.0, 2.0):
            n_figures = 1000 if harness.quick else 20_000 if difference < 1.0 else 5000
            any_holds, share, used = rates(difference, n_claims, n_figures, looks)
            case = f"claims: {n_claims}, true difference: {difference:g} sd"
            if difference == 0.0:
                harness.claim(f"{case}, studies with a false 'holds'", any_holds, 0.0, 0.05)
            else:
                harness.note(f"{case}, studies with any 'holds'", any_holds)
            harness.note(f"{case}, claims that hold", share)
            harness.note(f"{case}, seeds on average", used)
