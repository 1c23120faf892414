"""How readily arms learn: shares and times of single starts, counted by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.stats import binomtest

from conncore.experiments.comparison import Comparison
from conncore.experiments.comparison_rows import compare_rows
from conncore.experiments.readiness import readiness
from conncore.experiments.study_records import Curve
from outcomes import outcome


def raced(arm, seed, *starts):
    return dataclasses.replace(outcome(arm, seed, [0.0, 40.0]), starts=[list(s) for s in starts])


def test_shares_and_times_are_those_of_the_single_starts():
    outcomes = {
        "circuit": [
            raced("circuit", 0, [0, 10, 20], [0, 20, 5], [None, 0, 0]),
            raced("circuit", 1, [30, 40, 40], [0, 0, 21], [0, 20, 30]),
        ],
        "random": [raced("random", s, [0, 1, 2], [0, 20, 20], [0, 1, 19]) for s in (0, 1)],
    }
    circuit, random = readiness(outcomes)
    assert circuit.threshold == random.threshold == 20.0  # half of the best mean score, 40
    assert (circuit.n_starts, circuit.n_reached, circuit.n_generations) == (6, 5, 3)
    assert circuit.share == pytest.approx((2 / 3 + 1) / 2)
    assert circuit.median == 2  # times 3, 2, inf, 1, 3, 2
    assert (random.n_reached, random.median) == (2, math.inf)
    assert [row.n_reached for row in readiness(outcomes, 25.0)] == [2, 0]
    found = Comparison("t", compare_rows(outcomes), outcomes, "out", threshold=25.0)
    lines = str(found).splitlines()
    at = lines.index("How readily does it learn? Single starts whose fitness reaches 25")
    assert lines[at + 2].split()[:4] == ["circuit", "6", "2", "33%"]
    assert lines[at + 3].split()[-3:] == ["not", "reached", "3"]


def test_without_halving_a_seed_is_one_start_and_all_stages_count():
    curves = [Curve("pretrain", [0.0, 4.0], [0.0, 4.0]), Curve("evolve", [6.0], [6.0])]
    run = dataclasses.replace(outcome("a", 0, [0.0], score=10.0), curves=curves)
    (row,) = readiness({"a": [run]})
    assert (row.n_starts, row.median, row.n_generations) == (1, 3, 3)


@pytest.mark.parametrize("n_reached", range(8))
def test_the_interval_is_scipys_and_counts_seeds(n_reached):
    expected = binomtest(n_reached, 7).proportion_ci(method="exact")
    for n_starts in (1, 12):
        runs = [raced("a", s, *[[40.0 * (s < n_reached)]] * n_starts) for s in range(7)]
        (row,) = readiness({"a": runs}, 20.0)
        assert (row.low, row.high) == pytest.approx(tuple(expected))


def test_without_a_score_above_0_nothing_is_said():
    assert readiness({"a": [outcome("a", 0, [0.0, -1.0])]}) == []
    assert readiness({"a": [outcome("a", 0, [0.0, -np.inf])]}) == []
    outcomes = {arm: [outcome(arm, 0, [0.0, -1.0])] for arm in ("circuit", "random")}
    assert "readily" not in str(Comparison("t", compare_rows(outcomes), outcomes, "out"))
