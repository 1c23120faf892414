"""Statistics of runs: intervals, tests, equivalence, power, times, and Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.errors import need_positive

MOST_EXACT = 20  # pairs: a million sign patterns
N_SAMPLED = 100_000  # sign patterns for more pairs
_CHUNK = 1 << 16


def t_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Return the confidence interval of the mean by Student's t.

    For normal values it covers the mean as often as `level` says, also for few values.

    Parameters
    ----------
    values : array_like, shape (n,), float
    level : float
        Share of the intervals that cover the mean.

    Returns
    -------
    (float, float)
        (nan, nan) for fewer than two values.
    """
    from scipy.special import stdtrit

    mean, error, df = _moments(values)
    half = float(stdtrit(df, (1 + level) / 2)) * error if df else math.nan
    return mean - half, mean + half


def p_above(values: ArrayLike, limit: float) -> float:
    """Return the one-sided p of a t test that the mean is above a limit.

    The p that the mean is below the limit is ``p_above(-values, -limit)``. NaN for fewer than two
    values. If all values are equal, p is 0 above the limit and 1 otherwise.

    Parameters
    ----------
    values : array_like, shape (n,), float
    limit : float
    """
    from scipy.special import stdtr

    mean, error, df = _moments(values)
    if not df:
        return math.nan
    if error == 0.0:
        return float(mean <= limit)
    return float(stdtr(df, (limit - mean) / error))


def permutation_test(differences: ArrayLike) -> float:
    """Return the two-sided p of a mean paired difference by permutation of signs (Fisher 1935).

    Under the null hypothesis, a difference is as likely as its negative. So p is the share of the
    sign patterns whose mean is at least as far from 0 as the observed mean. Up to 20 differences,
    all 2**n patterns are counted. For more, 100,000 random patterns and the observed one are
    (Phipson & Smyth 2010); the same differences always give the same p.

    Parameters
    ----------
    differences : array_like, shape (n,), float
    """
    data = np.asarray(differences, dtype=np.float64)
    if data.size == 0:
        return math.nan
    exact = data.size <= MOST_EXACT
    found = abs(data.sum())
    tolerance = 1e-9 * np.abs(data).sum()  # equal sums differ by rounding
    n_patterns = 1 << data.size if exact else N_SAMPLED
    as_far, rng = 0, np.random.default_rng(0)
    for first in range(0, n_patterns, _CHUNK):
        patterns = np.arange(first, min(first + _CHUNK, n_patterns))
        if exact:
            bits = (patterns[:, None] >> np.arange(data.size)) & 1
        else:
            bits = rng.integers(0, 2, (len(patterns), data.size))
        as_far += int((np.abs((1.0 - 2.0 * bits) @ data) >= found - tolerance).sum())
    return as_far / n_patterns if exact else (1 + as_far) / (1 + n_patterns)


def equivalence_test(differences: ArrayLike, margin: float) -> float:
    """Return the p of two one-sided t tests that the mean is within a margin (Schuirmann 1987).

    Parameters
    ----------
    differences : array_like, shape (n,), float
    margin : float
        The mean is equivalent to 0 if it is between ``-margin`` and ``margin``.

    Raises
    ------
    UsageError
        `margin` is not above 0.
    """
    need_positive("margin", margin)
    data = np.asarray(differences, dtype=np.float64)
    return max(p_above(data, -margin), p_above(-data, -margin))


def detectable(values: ArrayLike, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the smallest difference that these seeds could have shown.

    If the true mean is this far from the limit, and values spread as much as these, a two-sided t
    test of so many values is significant with a probability of `power`.

    Parameters
    ----------
    values : array_like, shape (n,), float
    alpha : float
        Level of the test.
    power : float

    Returns
    -------
    float
        In the unit of the values; NaN for fewer than two values.
    """
    from scipy.optimize import brentq
    from scipy.special import gammaincinv, ndtr, stdtrit

    _, error, df = _moments(values)
    if not df or error == 0.0:
        return error
    # SciPy's noncentral t is NaN for few values. So: the mean is normal, given the sample's sd, and
    # the sd is at the middles of 1,000 equal shares of its distribution.
    shares = (np.arange(1000) + 0.5) / 1000
    limits = stdtrit(df, 1 - alpha / 2) * np.sqrt(2 * gammaincinv(df / 2, shares) / df)

    def excess(shift: float) -> float:
        """The power at a mean of `shift` standard errors, less the power that is asked for."""
        return float((ndtr(shift - limits) + ndtr(-shift - limits)).mean() - power)

    return float(brentq(excess, 0.0, limits[-1] + 10.0)) * error


def first_reached(curve: Sequence[float | None], threshold: float) -> float:
    """Return the first generation, from 1, in which a curve reaches a threshold; inf if none does.

    None stands for a generation without a finite fitness.
    """
    for generation, value in enumerate(curve, start=1):
        if value is not None and value >= threshold:
            return generation
    return math.inf


def logrank_test(times: ArrayLike, others: ArrayLike, end: int) -> tuple[float, float]:
    """Compare the times until an event in two groups, some of them censored (Mantel 1966).

    Parameters
    ----------
    times, others : array_like, shape (n,), float
        The time of each run; inf if the event had not come by `end`.
    end : int
        The time at which runs end.

    Returns
    -------
    statistic, p : float
        The statistic is positive if the events of `times` come earlier. p is two-sided. If there
        is no event, they are 0 and 1.
    """
    from scipy.stats import CensoredData, logrank

    groups = [np.asarray(group, dtype=np.float64) for group in (times, others)]
    if not all(group.size for group in groups) or not np.isfinite(np.concatenate(groups)).any():
        return 0.0, 1.0
    samples = [
        CensoredData(
            uncensored=group[np.isfinite(group)],
            right=np.full(int(np.isinf(group).sum()), float(end)),
        )
        for group in groups
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = logrank(*samples)
    if not math.isfinite(found.statistic):  # all events at one time, in all runs
        return 0.0, 1.0
    return float(found.statistic), float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values with Holm's stepwise correction for their number (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    n, largest = len(p_values), 0.0
    adjusted = [math.nan] * n
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (n - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def effect_size(differences: ArrayLike) -> float:
    """Return Cohen's d of paired differences: their mean divided by their standard deviation.

    It is NaN for fewer than two differences, or if all are equal.
    """
    data: NDArray[np.float64] = np.asarray(differences, dtype=np.float64)
    if data.size < 2:
        return math.nan
    spread = float(data.std(ddof=1))
    return float(data.mean()) / spread if spread > 0.0 else math.nan


def _moments(values: ArrayLike) -> tuple[float, float, int]:
    """Return mean, standard error and degrees of freedom; (nan, nan, 0) for fewer than two."""
    data: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    if data.size < 2:
        return math.nan, math.nan, 0
    error = 0.0 if np.ptp(data) == 0.0 else float(data.std(ddof=1)) / math.sqrt(data.size)
    return float(data.mean()), error, data.size - 1
