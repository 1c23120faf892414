"""The rules by which a claim of the paper holds, is refuted or stays undecided."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conncore.experiments.claims import Claim, above, judge, near, plateaus, reaches, similar
from conncore.experiments.statistics import detectable, t_interval
from conncore.experiments.study import Outcome
from outcomes import outcome, outcomes_of


def verdict(claim, outcomes):
    (found,) = judge([claim], outcomes)
    return found


def test_claims_follow_their_rules():
    found = outcomes_of(a=[10, 11, 12, 13, 14], b=[8, 9.5, 10, 11, 12.5], c=[1, 30, 2, 28, 9])
    for claim, expected in (
        (above("", "a", "b", Outcome.end), "holds"),
        (above("", "b", "a", Outcome.end), "refuted"),
        (above("", "a", "c", Outcome.end), "undecided"),
        (similar("", "a", "b", Outcome.end), "holds"),
        (similar("", "a", "b", Outcome.end, within=0.1), "refuted"),
        (similar("", "a", "c", Outcome.end), "undecided"),
        (near("", "a", Outcome.end, 12.0, 1.2), "holds"),
        (near("", "a", Outcome.end, 14.0, 0.5), "undecided"),
        (near("", "a", Outcome.end, 16.0, 0.5), "refuted"),
        (reaches("a", 10.0), "holds"),
        (reaches("a", 12.1), "undecided"),
        (reaches("a", 14.0), "refuted"),
    ):
        assert verdict(claim, found).verdict == expected, claim.rule
    few = {arm: runs[:4] for arm, runs in found.items()}
    assert verdict(above("", "a", "b", Outcome.end), few).verdict == "not tested"
    nothing = verdict(above("", "a", "b", Outcome.end), {})
    assert (nothing.verdict, nothing.n) == ("not tested", 0)
    assert math.isnan(nothing.p)
    assert math.isnan(nothing.detectable)


def numbers(*values, least=0.0, most=np.inf):
    """A claim about numbers that are given."""
    return Claim("", "", lambda outcomes: np.array(values), least, most)


@pytest.mark.parametrize("most", [np.inf, 10.0])
@pytest.mark.parametrize("level", [0.9, 0.99])
def test_a_verdict_is_that_of_the_interval(level, most):
    """Of the corrected level: with p as its level, the interval ends at the limit."""
    values = np.random.default_rng(3).normal(2.0, 1.0, 9)
    ends = t_interval(values, level)
    for least, expected in ((ends[0], "holds"), (ends[1], "refuted")):
        found = verdict(numbers(*values, least=least, most=most), {"any": []})
        assert found.p == pytest.approx(1 - level)
        assert found.verdict == (expected if level > 0.95 else "undecided")
    found = verdict(numbers(*values), {"any": []})
    assert (found.low, found.high) == t_interval(values)
    assert found.detectable == detectable(values)
    assert found.estimate == values.mean()


def test_the_number_of_claims_is_corrected_for():
    """Holm by hand: of p = 0.02, 0.03 and 0.9, the first becomes 0.06."""
    values = np.random.default_rng(3).normal(2.0, 1.0, 9)
    limits = [t_interval(values, level)[0] for level in (0.98, 0.97)]
    claims = [numbers(*values, least=least) for least in (*limits, values.mean())]
    claims.append(numbers(1.0, np.nan, 2.0))  # not tested, so it costs nothing
    found = judge(claims, {"any": []})
    assert [one.p for one in found[:3]] == pytest.approx([0.06, 0.06, 1.0])
    assert [one.verdict for one in found] == ["undecided"] * 3 + ["not tested"]
    assert found[0].detectable == detectable(values, 0.05 / 3)
    assert verdict(claims[0], {"any": []}).verdict == "holds"


def test_numbers_that_are_all_equal_are_decided():
    same = [2.0] * 5
    for least, expected in ((1.0, "holds"), (2.0, "refuted"), (3.0, "refuted")):
        assert verdict(numbers(*same, least=least), {"any": []}).verdict == expected


def rates(difference, n_claims, n_seeds=10, n_figures=500):
    """The shares of figures with any claim that holds and any refuted, and of claims that hold."""
    rng = np.random.default_rng(0)
    figures = []
    for _ in range(n_figures):
        drawn = rng.normal(difference, 1.0, (n_claims, n_seeds))
        figures.append([v.verdict for v in judge([numbers(*x) for x in drawn], {"any": []})])
    found = np.array(figures)
    holds, refuted = found == "holds", found == "refuted"
    return holds.any(axis=1).mean(), refuted.any(axis=1).mean(), holds.mean()


def test_false_verdicts_are_rare_over_a_figure():
    """At a true difference of 0, either verdict says too much: 2.5% each over a figure."""
    for n_claims in (1, 6):
        holds, refuted, _ = rates(0.0, n_claims)
        assert 0.004 < holds < 0.05
        assert 0.004 < refuted < 0.05


def test_a_true_difference_is_found_as_often_as_the_power_says():
    """Of the size that is detectable with the true standard deviation."""
    n = 10
    unit = np.repeat([-1.0, 1.0], n // 2) * math.sqrt((n - 1) / n)
    assert unit.std(ddof=1) == pytest.approx(1.0)
    _, refuted, share = rates(detectable(unit), 1)
    assert 0.75 < share < 0.85
    assert refuted == 0.0
    _, _, share = rates(detectable(unit, 0.05 / 6), 6)
    assert share > 0.8  # Holm's later steps are easier than the first


def test_a_plateau_is_a_gain_that_came_early():
    early = [*np.linspace(0, 10, 10), *[10.0] * 30]
    curves = {"a": [outcome("a", s, np.array(early) + s) for s in range(5)]}
    assert verdict(plateaus("", "a"), curves).verdict == "holds"
    steady = outcomes_of(a=[10, 11, 12, 13, 14])
    assert verdict(plateaus("", "a"), steady).verdict == "refuted"
