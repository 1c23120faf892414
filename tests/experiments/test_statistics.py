"""Statistics of paired seeds, against counting by hand and published tables."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conncore.errors import UsageError
from conncore.experiments.statistics import (
    bootstrap_interval,
    effect_size,
    holm,
    permutation_test,
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
    with pytest.raises(UsageError, match="at most 20 pairs, not 21"):
        permutation_test(np.ones(21))


def test_holm_steps_down():
    """Worked by hand: 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.04 x 1, never falling."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_bootstrap_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        low, high = bootstrap_interval(rng.normal(5.0, 2.0, 40))
        covered += low < 5.0 < high
    assert 175 <= covered <= 199  # 95% of 200, a little less for few values


@pytest.mark.parametrize(("n", "least", "most"), [(5, 0.80, 0.88), (10, 0.88, 0.93)])
def test_of_few_seeds_a_bootstrap_interval_is_too_narrow(n, least, most):
    """What its docstring and docs/reproduction.md say, of normal values."""
    rng = np.random.default_rng(1)
    intervals = [bootstrap_interval(rng.normal(size=n)) for _ in range(600)]
    assert least < np.mean([low < 0.0 < high for low, high in intervals]) < most


def test_bootstrap_interval_at_its_ends():
    assert bootstrap_interval([2.0, 2.0, 2.0]) == (2.0, 2.0)
    assert bootstrap_interval([1.0, 2.0]) == bootstrap_interval([1.0, 2.0])
    assert all(math.isnan(end) for end in bootstrap_interval([1.0]))


@pytest.mark.parametrize("values", [[3, 5], [1.5, -2.0, 0.25, 8.0]])
def test_a_bootstrap_interval_stays_the_same_from_version_to_version(values):
    """10,000 draws of seed 0, and the quantiles of their means, so that reports can be remade."""
    drawn = np.random.default_rng(0).integers(0, len(values), (10_000, len(values)))
    means = np.array(values, float)[drawn].mean(axis=1)
    assert bootstrap_interval(values) == tuple(np.quantile(means, [0.025, 0.975]))
    assert bootstrap_interval(values, 0.5) == tuple(np.quantile(means, [0.25, 0.75]))


def test_effect_size():
    assert effect_size([1.0, 2.0, 3.0]) == pytest.approx(2.0)
    assert effect_size([-1.0, -2.0, -3.0]) == pytest.approx(-2.0)
    assert effect_size([0.02, 0.04, 0.06]) == pytest.approx(2.0)  # no unit
    assert effect_size([1.0, 3.0]) == pytest.approx(2.0 / math.sqrt(2.0))
    assert effect_size(DARWIN) == pytest.approx(0.5546, abs=5e-5)  # 20.933 / 37.744
    assert math.isnan(effect_size([1.0]))
    assert math.isnan(effect_size([1.0, 1.0]))
