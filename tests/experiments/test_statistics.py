"""Statistics of paired seeds, against SciPy, statsmodels, counting and published tables."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from conncore.errors import UsageError
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

# Darwin's maize, crossed less self-fertilised, in eighths of an inch: Fisher 1935, section 17.
DARWIN = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)


def test_permutation_test_gives_fishers_own_count():
    """Fisher counted 1,726 of the 2**15 patterns as far from 0 as Darwin's differences."""
    assert permutation_test(DARWIN) == 1726 / 2**15


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=8))
def test_permutation_test_is_the_share_of_patterns(differences):
    found = abs(sum(differences))
    patterns = list(itertools.product((-1, 1), repeat=len(differences)))
    as_far = sum(abs(np.dot(signs, differences)) >= found for signs in patterns)
    assert permutation_test(differences) == as_far / len(patterns)


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=8), st.sampled_from([0.1, 0.7, 1e-12, 1e9])
)
def test_permutation_test_does_not_depend_on_the_unit(differences, unit):
    """Sums that are equal in whole numbers differ by rounding in tenths; they still count."""
    assert permutation_test(np.array(differences) * unit) == permutation_test(differences)


def test_permutation_test_counts_sums_that_differ_by_rounding_alone():
    assert 0.1 + 0.2 != 0.3
    assert permutation_test([0.1, 0.2, -0.3]) == permutation_test([1, 2, -3]) == 1.0
    assert permutation_test([0.3, 0.3, -0.1, -0.2]) == permutation_test([3, 3, -1, -2])


def test_permutation_test_at_its_ends():
    assert permutation_test([0.1] * 10) == 2 / 1024
    assert permutation_test([0.0, 0.0]) == 1.0
    assert permutation_test(np.full(20, 0.3)) == 2 / 2**20
    assert math.isnan(permutation_test([]))


def test_holm_steps_down():
    """Worked by hand: 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.04 x 1, never falling."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


SAMPLES = [
    np.array(DARWIN, dtype=float),
    np.array([1.0, 2.0]),
    np.random.default_rng(1).normal(3.0, 20.0, 40),
    np.random.default_rng(2).exponential(5.0, 7),
]


@pytest.mark.parametrize("values", SAMPLES)
def test_t_tests_and_intervals_are_scipys(values):
    for limit in (-3.0, 0.0, 1.5, 21.0):
        above = scipy.stats.ttest_1samp(values, limit, alternative="greater")
        assert p_above(values, limit) == pytest.approx(above.pvalue, rel=1e-9)
        below = scipy.stats.ttest_1samp(values, limit, alternative="less")
        assert p_above(-values, -limit) == pytest.approx(below.pvalue, rel=1e-9)
    for level in (0.5, 0.95, 0.999):
        low, high = scipy.stats.ttest_1samp(values, 0).confidence_interval(level)
        assert t_interval(values, level) == pytest.approx((low, high), rel=1e-9)


def test_t_tests_and_intervals_at_their_ends():
    assert t_interval([2.0, 2.0, 2.0]) == (2.0, 2.0)
    assert t_interval([0.1] * 3) == pytest.approx((0.1, 0.1), abs=1e-15)
    assert all(math.isnan(end) for end in t_interval([1.0]))
    assert math.isnan(p_above([1.0], 0.0))
    assert [p_above([2.0, 2.0], limit) for limit in (1.0, 2.0, 3.0)] == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("n", [3, 5, 10, 40])
def test_t_interval_covers_as_often_as_it_says(n):
    rng = np.random.default_rng(n)
    intervals = [t_interval(rng.normal(5.0, 2.0, n)) for _ in range(2000)]
    assert 0.935 < np.mean([low < 5.0 < high for low, high in intervals]) < 0.965


@pytest.mark.parametrize("values", SAMPLES)
def test_equivalence_is_that_of_statsmodels(values):
    weightstats = pytest.importorskip("statsmodels.stats.weightstats")
    for margin in (0.5, 4.0, 30.0):
        theirs = weightstats.ttost_paired(values, np.zeros(len(values)), -margin, margin)[0]
        assert equivalence_test(values, margin) == pytest.approx(theirs, rel=1e-9)
    with pytest.raises(UsageError, match="margin"):
        equivalence_test(values, 0.0)


@pytest.mark.parametrize("margin", [0.8, 1.6])
def test_equivalence_of_a_difference_at_the_margin_is_rarely_shown(margin):
    rng = np.random.default_rng(0)
    at_margin = [equivalence_test(rng.normal(margin, 1.0, 10), margin) for _ in range(2000)]
    assert np.mean(np.array(at_margin) < 0.05) < 0.062
    at_zero = [equivalence_test(rng.normal(0.0, 1.0, 10), 1.6) for _ in range(200)]
    assert np.mean(np.array(at_zero) < 0.05) > 0.9


@pytest.mark.parametrize("n", [5, 10, 60])
@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.05 / 6, 0.8), (0.05, 0.95)])
def test_detectable_difference_is_that_of_statsmodels(n, alpha, power):
    module = pytest.importorskip("statsmodels.stats.power")
    values = np.random.default_rng(n).normal(size=n)
    effect = module.TTestPower().solve_power(nobs=n, alpha=alpha, power=power)
    found = detectable(values, alpha, power) / values.std(ddof=1)
    assert found == pytest.approx(effect, rel=1e-4)


def test_detectable_difference_is_detected_as_often_as_it_says():
    rng = np.random.default_rng(0)
    difference = detectable(rng.permutation(np.repeat([-1.0, 1.0], 5)))  # their sd: 1.054
    drawn = rng.normal(difference, math.sqrt(10 / 9), (2000, 10))
    found = [2 * min(p_above(x, 0.0), p_above(-x, 0.0)) < 0.05 for x in drawn]
    assert 0.77 < np.mean(found) < 0.83
    assert math.isnan(detectable([1.0]))
    assert detectable([1.0, 1.0]) == 0.0
    assert detectable([1.0, 2.0], 1e-4, 0.99) > detectable([1.0, 2.0]) > 5


def test_permutations_beyond_twenty_pairs_are_sampled():
    """Against SciPy's, which draws other patterns, and against the exact test of 20 pairs."""
    differences = np.random.default_rng(5).normal(0.3, 1.0, 30)
    theirs = scipy.stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=50_000, rng=1
    ).pvalue
    assert permutation_test(differences) == pytest.approx(theirs, abs=0.01)
    assert permutation_test(differences) == permutation_test(differences)
    assert permutation_test(np.full(21, 0.3)) == pytest.approx(1 / 100_001, abs=4e-5)
    some = np.random.default_rng(6).normal(0.4, 1.0, 20)
    with_a_zero = permutation_test([*some, 0.0])  # a zero changes no sum
    assert with_a_zero == pytest.approx(permutation_test(some), abs=0.004)


@pytest.mark.parametrize("seed", range(4))
def test_logrank_is_that_of_statsmodels(seed):
    survfunc = pytest.importorskip("statsmodels.duration.survfunc")
    rng = np.random.default_rng(seed)
    a, b = rng.integers(1, 60, 12).astype(float), rng.integers(20, 90, 10).astype(float)
    a[a > 50], b[b > 50] = np.inf, np.inf
    times = np.minimum(np.concatenate([a, b]), 50)
    status = np.isfinite(np.concatenate([a, b]))
    chi2, p = survfunc.survdiff(times, status, np.repeat([0, 1], [12, 10]))
    statistic, found = logrank_test(a, b, 50)
    assert found == pytest.approx(p)
    assert statistic**2 == pytest.approx(chi2)
    assert statistic > 0  # the events of `a` come earlier
    assert logrank_test(b, a, 50) == pytest.approx((-statistic, found))


def test_logrank_at_its_ends():
    never = [np.inf] * 4
    assert logrank_test(never, never, 50) == (0.0, 1.0)
    assert logrank_test([3.0, 4.0], [], 50) == (0.0, 1.0)
    assert logrank_test([3.0] * 4, [3.0] * 4, 50)[1] == 1.0
    assert logrank_test([3.0, 4.0, 5.0, 6.0], never, 50)[1] < 0.05


def test_first_reached():
    assert first_reached([None, 1.0, 3.0, 2.0, 5.0], 2.0) == 3
    assert first_reached([2.0], 2.0) == 1
    assert first_reached([None, 1.0], 2.0) == math.inf


def test_holm_is_that_of_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p_values = np.random.default_rng(0).uniform(size=12) ** 3
    theirs = multitest.multipletests(p_values, method="holm")[1]
    assert holm(list(p_values)) == pytest.approx(list(theirs))


def test_effect_size():
    assert effect_size([1.0, 2.0, 3.0]) == pytest.approx(2.0)
    assert effect_size([-1.0, -2.0, -3.0]) == pytest.approx(-2.0)
    assert effect_size([0.02, 0.04, 0.06]) == pytest.approx(2.0)  # no unit
    assert effect_size([1.0, 3.0]) == pytest.approx(2.0 / math.sqrt(2.0))
    assert effect_size(DARWIN) == pytest.approx(0.5546, abs=5e-5)  # 20.933 / 37.744
    assert math.isnan(effect_size([1.0]))
    assert math.isnan(effect_size([1.0, 1.0]))
