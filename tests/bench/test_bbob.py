"""How `conncore bench bbob` counts evaluations, without COCO."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conncore.bench.harness import Harness
from conncore.bench.subjects import bbob
from conncore.optimizers import CMA, SuccessiveHalving


class Sphere:
    """A problem as COCO's: minimised, with a flag that the target is hit."""

    id_function = 1
    dimension = 3
    final_target_hit = False

    def __init__(self, within=1e-8):
        self.within = within
        self.n_calls = 0

    def __call__(self, x):
        self.n_calls += 1
        value = float(x @ x)
        self.final_target_hit |= value < self.within
        return value


def test_evaluations_end_at_the_member_that_hits():
    problem = Sphere()
    solver = bbob.ours(CMA(population_size=7, sigma=2.0, n_scout=1))
    count = bbob.evaluations(problem, solver, 3000, 0)
    assert count == problem.n_calls
    assert 100 < count < 1500


def test_the_first_scout_is_the_common_start():
    halving = SuccessiveHalving(population_size=8, n_starts=2, n_scout=5, n_episodes=500)
    first = np.array([1.0, 2.0, 3.0])
    scouts = next(bbob.ours(halving)(first, 0))
    assert scouts.shape == (5, 3)
    assert np.array_equal(scouts[0], first)
    assert np.ptp(scouts[1:]) > 3


def test_a_budget_that_ends_first_is_no_hit():
    solver = bbob.ours(CMA(population_size=7, sigma=2.0, n_scout=1))
    assert bbob.evaluations(Sphere(), solver, 21, 0) == math.inf
    assert bbob.evaluations(Sphere(within=1e9), solver, 21, 0) == 1


def test_both_optimizers_start_from_the_same_point():
    cma = pytest.importorskip("cma")
    starts = []

    def spy(solver):
        def solve(first, seed):
            starts.append(first.copy())
            return solver(first, seed)

        return solve

    for solver in (bbob.ours(CMA(population_size=7, n_scout=1)), bbob.pycma(cma, 7)):
        assert np.isfinite(bbob.evaluations(Sphere(), spy(solver), 3000, 4))
    assert np.array_equal(*starts)


def test_missed_runs_count_as_the_budget(capsys):
    harness = Harness()
    bbob.add_table(harness, 2, 5, {"ours": [10, 30, math.inf], "theirs": [math.inf] * 3})
    ours, theirs = harness.tables[0].rows
    assert (ours.name, ours.median, ours.high) == ("ours (2 of 3 solved)", 30, bbob.BUDGET * 5)
    assert (theirs.name, theirs.median) == ("theirs (0 of 3 solved)", bbob.BUDGET * 5)


def test_without_coco_a_line_says_what_to_install(monkeypatch, capsys):
    harness = Harness(quick=True)
    monkeypatch.setattr(harness, "peer", lambda module: None)
    bbob.run(harness)
    assert "install coco-experiment" in capsys.readouterr().out
    assert not harness.claims
