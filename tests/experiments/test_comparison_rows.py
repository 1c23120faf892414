"""Rows of a comparison: differences, intervals and verdicts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conncore.experiments.comparison_rows import compare_rows
from conncore.experiments.statistics import detectable, equivalence_test, logrank_test, t_interval
from outcomes import outcome, outcomes_of


def test_rows_compare_with_the_circuit():
    found = outcomes_of(
        circuit=[10, 11, 12, 13, 14, 15, 16, 17], worse=[5, 6, 5, 6, 5, 6, 5, 6],
        alike=[11, 10, 13, 12, 15, 14, 17, 16],
    )  # fmt: skip
    circuit, worse, alike = compare_rows(found)
    assert (circuit.arm, circuit.verdict) == ("circuit", "")
    assert math.isnan(circuit.p)
    assert circuit.mean == pytest.approx(13.5)
    assert worse.difference == pytest.approx(8.0)
    assert worse.p == 2 / 256
    assert worse.p_holm == 4 / 256
    assert worse.verdict == "circuit better"
    assert (alike.p, alike.verdict) == (1.0, "undecided")
    assert math.isnan(alike.p_equivalent)
    assert (alike.difference_low, alike.difference_high) == t_interval([-1, 1] * 4)
    assert alike.detectable == detectable([-1, 1] * 4, 0.05 / 2)
    failed = {arm: list(runs) for arm, runs in found.items()}
    failed["worse"][0] = outcome("worse", 0, [0.0, 1.0], score=-math.inf)
    row = compare_rows(failed)[1]
    assert row.n_failed == 1
    assert row.p == 2 / 128
    assert math.isfinite(row.mean)


def test_a_margin_tells_equivalent_from_undecided():
    circuit = np.arange(10.0, 20.0)
    noise = np.array([-1.0, 1.0] * 5)
    found = outcomes_of(
        circuit=circuit, near=circuit + noise, noisy=circuit + 9 * noise, below=circuit - 5 + noise
    )
    _, near, noisy, below = compare_rows(found, margin=2.0)
    assert near.verdict == "equivalent within 2"
    single = equivalence_test(-noise, 2.0)
    assert near.p_equivalent == pytest.approx(3 * single)  # the smallest of three
    assert noisy.verdict == "undecided"
    assert noisy.detectable > 2.0
    assert below.verdict == "circuit better"
    assert below.p_equivalent > 0.999
    assert compare_rows(found, margin=20.0)[2].verdict == "equivalent within 20"


def test_a_threshold_tells_who_learns_faster():
    """Curves go straight from 0 to their ends in 40 generations."""
    ends = np.arange(20.0, 30.0)
    found = outcomes_of(circuit=ends, slow=ends / 2, never=ends / 9, alike=ends[::-1])
    circuit, slow, never, alike = compare_rows(found, threshold=8.0)
    assert [row.n_reached for row in (circuit, slow, never, alike)] == [10, 10, 0, 10]
    assert (circuit.speed, math.isnan(circuit.p_time)) == ("", True)
    assert slow.speed == never.speed == "circuit faster"
    assert (alike.speed, alike.p_time) == ("undecided", 1.0)
    times = [[next(g for g in range(1, 41) if (g - 1) / 39 * e >= 8) for e in x]
             for x in (ends, ends / 2)]  # fmt: skip
    assert slow.p_time == pytest.approx(3 * logrank_test(*times, 40)[1])  # the smallest of three
    swapped = {"circuit": found["never"], "fast": found["circuit"]}
    assert compare_rows(swapped, threshold=8.0)[1].speed == "circuit slower"
    assert compare_rows(found)[1].speed == ""


def test_more_than_twenty_seeds_are_tested():
    circuit = np.arange(30.0)
    row = compare_rows(outcomes_of(circuit=circuit, worse=circuit - 3))[1]
    assert (row.n, row.verdict) == (30, "circuit better")


def test_false_verdicts_are_rare():
    """Scores of equal arms, and of arms that differ by the margin: at most 5% over a table."""
    rng = np.random.default_rng(0)
    false_differences = false_equivalences = 0
    for _ in range(400):
        circuit = rng.normal(0, 1, 8)
        arms = {f"null{i}": rng.normal(0, 1, 8) for i in range(3)}
        rows = compare_rows(outcomes_of(circuit=circuit, **arms))
        false_differences += any(row.verdict.startswith("circuit") for row in rows)
        shifted = {name: scores + 1.5 for name, scores in arms.items()}
        rows = compare_rows(outcomes_of(circuit=circuit, **shifted), margin=1.5)
        false_equivalences += any(row.p_equivalent < 0.05 for row in rows)
    assert 2 <= false_differences <= 31  # 5% of 400, and 2.5 standard deviations
    assert 2 <= false_equivalences <= 31
