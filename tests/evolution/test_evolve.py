"""evolve and score: the same seed gives the same run; wrong arguments write nothing."""

from __future__ import annotations

import copy
import os
import pickle

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.evolution.evolve import evolve, score
from conncore.network.network import Network
from conncore.noise import start_seeds
from conncore.optimizers import ES
from conncore.tasks import make_task
from fake_runs import FakeNetwork, SphereTask
from small_runs import (
    OPTIMIZERS,
    crash_at,
    go,
    over_both,
)


@over_both
def test_a_directory_changes_no_number(name, tmp_path):
    memory, disk = go(name), go(name, out=tmp_path / "run")
    assert np.array_equal(memory.best.genome, disk.best.genome)
    assert np.array_equal(memory.history, disk.history)
    assert (memory.path, disk.path) == (None, tmp_path / "run")
    assert memory.best.mean > -3  # of -30 for a random genome


def test_another_seed_is_another_run():
    assert not np.array_equal(go().best.genome, go(seed=4).best.genome)


@over_both
def test_without_a_number_of_generations_the_optimizer_has_one(name, capsys):
    run = go(name, generations=None, progress=True)
    errors = capsys.readouterr().err
    if name != "halving":
        assert len(run.history) == 100
        assert "rung" not in errors
        return
    optimizer = OPTIMIZERS[name]
    assert len(run.history) == optimizer.n_generations
    assert run.history["n_evaluations"][-1] == optimizer.n_episodes
    assert "generation 17/17  rung 3/3, 1 start  best" in errors


@over_both
def test_a_run_may_start_from_a_genome(name, tmp_path):
    start = np.linspace(-2, 2, 6)
    task = SphereTask()
    run = go(name, task, start=start, out=tmp_path / "run")
    first = task.calls[0]
    assert first[2] == OPTIMIZERS[name].n_members(0)  # no scouts
    at_start = SphereTask().evaluate(None, start[None], first[0])[0]
    if name == "ga":
        assert run.history["best"][0] == run.history["mean"][0] == pytest.approx(at_start)
    else:
        assert abs(run.history["mean"][0] - at_start) < 2.0
    assert run.config["run"]["start"].startswith("sha256:")
    assert run.history["mean"][-1] > at_start
    for wrong in (start[:5], start[None], np.full(6, np.nan)):
        with pytest.raises(UsageError, match=r"start has shape|not finite"):
            go(name, start=wrong, out=tmp_path / "wrong")
    assert not (tmp_path / "wrong").exists()


def test_score_repeats_the_runs_own_scores(tmp_path):
    run = go(out=tmp_path / "run")
    fakes = {"network": FakeNetwork(), "task": SphereTask()}
    again = score(tmp_path / "run", **fakes)
    assert np.array_equal(again.scores, run.best.scores)
    assert again.slices == {"encoder": slice(0, 4), "log_weights": slice(4, 6)}
    other = score(tmp_path / "run", n_starts=5, seed=99, **fakes)
    assert other.seeds.tolist() == start_seeds(99, "held-out", 5)
    assert np.array_equal(other.genome, run.best.genome)
    with pytest.raises(UsageError, match="n_starts"):
        score(tmp_path / "run", n_starts=0, **fakes)


def test_score_of_an_unfinished_run_takes_the_solution_so_far(tmp_path):
    with pytest.raises(RuntimeError, match="crash"):
        go("ga", SphereTask(crash_at(4)), out=tmp_path / "run")
    best = score(tmp_path / "run", network=FakeNetwork(), task=SphereTask())
    assert best.generation == 4
    assert np.array_equal(best.genome, go("ga", generations=4).best.genome)
    assert not (tmp_path / "run" / "best.npz").exists()


def test_a_task_that_fails_at_once_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="crash"):
        go(task=SphereTask(crash_at(0)), out=tmp_path / "run")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "options",
    [{"generations": 0}, {"generations": 1.5}, {"n_threads": 0}, {"seed": -1}, {"seed": 2**63}],
)
def test_wrong_arguments_write_nothing(tmp_path, options):
    with pytest.raises(UsageError):
        go(out=tmp_path / "run", **options)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_a_run_can_be_pickled_and_copied(worm, tmp_path, copied):
    network = Network(worm, make_task("swimmer6"))
    run = evolve(network, network.task, ES(4, n_scout=1), 1, out=tmp_path / "run", progress=False)
    other = copied(run)
    assert (other.config, other.path, other.best.slices) == (run.config, run.path, run.best.slices)
    np.testing.assert_array_equal(other.history, run.history)
    seeds = run.best.seeds.tolist()
    genomes = np.tile(other.best.genome, (len(seeds), 1))
    scores = other.task.evaluate(other.network, genomes, seeds, split="held-out")
    np.testing.assert_array_equal(scores, run.best.scores)
