"""A sequential design: look at the scores several times, at a stated error rate.

Whoever looks after every few seeds and stops at the first p below 0.05 is wrong far more often than
in 5% of all studies. Here each look spends a part of the error rate (Lan & DeMets 1983), by their
function that resembles O'Brien & Fleming's boundaries: almost nothing early, almost all at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from conncore.errors import need_count

EVERY = 5  # seeds between looks
_N_NODES = 100  # of the integrals; the boundaries are right to about 1e-4
_ALPHAS = np.geomspace(1e-8, 0.9, 40)


@dataclass(frozen=True)
class Looks:
    """The numbers of seeds at which a study looks at its scores.

    Attributes
    ----------
    at : tuple of int
        Increasing; the last number is the most that the study may take.
    """

    at: tuple[int, ...]

    @property
    def fractions(self) -> tuple[float, ...]:
        """The share of all seeds that each look has."""
        return tuple(n / self.at[-1] for n in self.at)

    def __str__(self) -> str:
        shown = ", ".join(str(n) for n in self.at)
        return (
            f"sequential: looks at {shown} seeds; p and the intervals of tests count all looks so "
            "far (Lan-DeMets spending, O'Brien-Fleming type, t tests)"
        )

    def until(self, n_seeds: int) -> tuple[int, ...]:
        """Return the looks that so many seeds allow."""
        return tuple(n for n in self.at if n <= n_seeds)

    def adjust(self, p_values: Sequence[float]) -> float:
        """Return the sequential p of a one-sided test, from its p at each look so far.

        It is the smallest error rate at which a look so far rejects (Liu & Anderson 2008). It is a
        valid p: compare it with 0.05, or correct it for several tests as any other p. It never
        rises from look to look. An approximation for t tests: the boundaries are those of normal
        scores, as levels of p (Pocock 1977).

        Parameters
        ----------
        p_values : sequence of float
            One per look so far, the first look first; NaN where there was nothing to test.
        """
        found = [1.0]
        for p, levels in zip(p_values, _table(self.fractions), strict=False):
            if np.isfinite(p):
                known = max(float(p), 1e-300)
                alpha = np.interp(np.log(known), np.log(levels), np.log(_ALPHAS), right=0.0)
                found.append(float(np.exp(alpha)))
        return min(found)

    def level(self, n_seeds: int, level: float = 0.95) -> float:
        """Return the level of the last look's interval, so that the intervals of all looks hold.

        The true mean is in the intervals of all looks with a probability of `level` (repeated
        confidence intervals, Jennison & Turnbull 1989).
        """
        n_looks = len(self.until(n_seeds))
        return 1 - 2 * nominal_levels((1 - level) / 2, self.fractions)[max(0, n_looks - 1)]


def plan_looks(at_most: int) -> Looks:
    """Return looks every 5 seeds, up to `at_most`.

    Raises
    ------
    UsageError
        `at_most` is below 5.
    """
    need_count("at_most", at_most, EVERY)
    return Looks((*range(EVERY, at_most, EVERY), at_most))


def spent(alpha: float, fraction: float) -> float:
    """Return the part of a one-sided error rate that is spent once this share of seeds is in.

    Lan & DeMets (1983): 2 - 2 Phi(z / sqrt(t)), where z is the 1 - alpha / 2 quantile.
    """
    from scipy.special import ndtr, ndtri

    return float(2 * ndtr(ndtri(alpha / 2) / np.sqrt(fraction)))


@lru_cache(maxsize=256)
def nominal_levels(alpha: float, fractions: tuple[float, ...]) -> tuple[float, ...]:
    """Return the one-sided p below which each look rejects.

    Parameters
    ----------
    alpha : float
        One-sided error rate over all looks.
    fractions : tuple of float
        Share of the seeds at each look, increasing to 1.

    Returns
    -------
    tuple of float
        With no true difference, a score that is normal at every look is below its level at one or
        more looks with a probability of `alpha` (Armitage, McPherson & Rowe 1969).
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr

    nodes, weights = np.polynomial.legendre.leggauss(_N_NODES)
    levels: list[float] = []
    # Density of the sum of scores at the last look, where no look rejected; at first all is at 0.
    places, density, before, done = np.zeros(1), np.ones(1), 0.0, 0.0
    for fraction in fractions:
        step, share = np.sqrt(fraction - before), spent(alpha, fraction)

        def excess(
            limit: float,
            places: NDArray[np.float64] = places,
            density: NDArray[np.float64] = density,
            step: float = step,
            wanted: float = share - done,
        ) -> float:
            return float(density @ ndtr((places - limit) / step)) - wanted

        limit = float(brentq(excess, -10.0, 40.0, xtol=1e-10))
        levels.append(float(ndtr(-limit / np.sqrt(fraction))))
        half = (limit + 9.0 * np.sqrt(fraction)) / 2
        new = limit - half + half * nodes
        gaps = (new[:, None] - places) / step
        density = (np.exp(-(gaps**2) / 2) @ density) / (step * np.sqrt(2 * np.pi)) * half * weights
        places, before, done = new, fraction, share
    return tuple(levels)


@lru_cache(maxsize=64)
def _table(fractions: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the levels of each look, (n_looks, n_alphas), increasing with alpha."""
    levels = np.array([nominal_levels(float(alpha), fractions) for alpha in _ALPHAS]).T
    levels = np.maximum(levels, 1e-300)
    increasing: NDArray[np.float64] = np.maximum.accumulate(levels, axis=1)
    return increasing
