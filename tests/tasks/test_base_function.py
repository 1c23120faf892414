"""A plain function is evolved, resumed and loaded like a task."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import conncore as cc
from conncore.errors import CheckpointError, UsageError

SIZES = SimpleNamespace(name="sizes", n_obs=2, n_actions=1, joints=None)
calls = []


def answer(network, genomes, seed):
    """How strongly a network answers to what the seed draws."""
    calls.append((len(genomes), seed))
    rows = np.random.default_rng(seed).uniform(-1, 1, (1, 2))
    return network.respond(genomes, rows, 1)[:, 0, 0]


def network():
    return cc.Network(cc.load("celegans-haspel2011"), SIZES, io="dense", neuron="relu")


def evolve(generations, out):
    optimizer = cc.GA(population_size=6, n_elites=2)
    return cc.evolve(network(), answer, optimizer, generations, out=out, progress=False)


def test_a_function_is_evolved_and_gets_one_seed_a_call(tmp_path):
    calls.clear()
    run = evolve(3, tmp_path / "run")
    assert [n for n, _ in calls[:3]] == [6, 6, 6]
    assert {n for n, _ in calls[3:]} == {1, 2}  # validation of two candidates, then held-out
    assert all(isinstance(seed, int) for _, seed in calls)
    assert len({seed for _, seed in calls}) == 3 + 16 + 32
    loaded = cc.load_run(tmp_path / "run", network=network(), task=answer)
    np.testing.assert_array_equal(loaded.best.scores, run.best.scores)
    seed = calls[-1][1]
    assert answer(network(), run.best.genome[None], seed)[0] in run.best.scores


def test_a_resumed_run_equals_a_whole_one(tmp_path):
    whole = evolve(4, tmp_path / "whole")
    evolve(2, tmp_path / "run")
    resumed = cc.resume(tmp_path / "run", 4, network=network(), task=answer, progress=False)
    np.testing.assert_array_equal(resumed.best.genome, whole.best.genome)
    assert cc.score(tmp_path / "run", 2, network=network(), task=answer).scores.shape == (2,)


def test_what_is_missing_is_said(tmp_path):
    evolve(1, tmp_path / "run")
    with pytest.raises(CheckpointError, match="task 'answer' was made from a Python"):
        cc.load_run(tmp_path / "run")
    with pytest.raises(UsageError, match="pass network="):
        cc.load_run(tmp_path / "run", task=answer)
    with pytest.raises(UsageError, match="task is a int; give a task, or a function"):
        cc.evolve(network(), 3)

    def wrong(network, genomes, seed):
        return np.ones((1, len(genomes)))

    optimizer = cc.GA(population_size=6, n_elites=2)
    with pytest.raises(UsageError, match=r"wrong returned fitness of shape \(1, 6\)"):
        cc.evolve(network(), wrong, optimizer, 1, progress=False)
