"""evolve and score: starts, history, the choice of the solution, and wrong arguments."""

from __future__ import annotations

import os

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.evolution.evolve import evolve, score
from conncore.noise import start_seeds
from conncore.optimizers import GA
from fake_runs import FakeNetwork, SphereTask
from small_runs import (
    N_GENERATIONS,
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
def test_a_run_may_start_from_a_genome(name, tmp_path):
    start = np.linspace(-2, 2, 6)
    task = SphereTask()
    run = go(name, task, start=start, out=tmp_path / "run")
    first = task.calls[0]
    assert first[2] == 10  # no scouts
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


def test_starts_are_shared_in_a_generation_and_never_held_out():
    task = SphereTask()
    go("es", task, seed=3)
    scouts, training, final = task.calls[:3], task.calls[3:-2], task.calls[-2:]
    starts = [start_seeds(3, "train", 1, generation=g)[0] for g in range(N_GENERATIONS)]
    assert scouts == [(starts[0], "train", n) for n in (10, 10, 4)]
    assert training == [(start, "train", 10) for start in starts]
    validation, held_out = start_seeds(3, "validation", 16), start_seeds(3, "held-out", 32)
    assert final == [(validation * 2, "validation", 32), (held_out, "held-out", 32)]


def test_history_is_what_was_measured():
    class Keeping(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            fitness = super().evaluate(network, genomes, seed, split=split)
            fitness[:2] = [np.nan, -np.inf]
            self.kept = [*getattr(self, "kept", []), fitness.copy()]
            return fitness

    task = Keeping()
    history = go("ga", task, generations=3).history
    for record, fitness in zip(history, task.kept[:3], strict=True):
        finite = fitness[2:]
        assert record["best"] == finite.max()
        assert record["mean"] == pytest.approx(finite.mean())
        assert record["std"] == pytest.approx(finite.std())
        assert record["n_failed"] == 2
    assert history["n_evaluations"].tolist() == [10, 20, 30]
    assert history["sigma"] == pytest.approx(0.3 * 0.997 ** np.arange(3))


def test_the_better_candidate_on_validation_starts_is_the_solution():
    class Lucky(SphereTask):
        """One scout is lucky in training; from other starts it is the worst there is."""

        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            fitness = super().evaluate(network, genomes, seed, split=split)
            if len(self.calls) == 1:
                fitness[5] = 1e6
                self.lucky = genomes[5].copy()
            fitness[(genomes == self.lucky).all(axis=1) & (len(self.calls) > 1)] = -1e6
            return fitness

    task = Lucky()
    run = go("es", task, generations=30)
    assert run.best.chosen == "center"
    assert run.best.mean > -30

    class Misleading(SphereTask):
        """After the first population, training rewards what the true score punishes."""

        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            fitness = super().evaluate(network, genomes, seed, split=split)
            if len(self.calls) == 1:
                self.best = genomes[np.argmax(fitness)].copy()
            return -1e6 - fitness if split == "train" and len(self.calls) > 1 else fitness

    task = Misleading()
    run = go("es", task, generations=30)
    assert run.best.chosen == "archive"
    assert np.array_equal(run.best.genome, task.best)


def test_a_run_in_which_everything_fails_ends_and_says_so(tmp_path):
    class Failing(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            return np.full(len(genomes), np.nan)

    run = go("ga", Failing(), out=tmp_path / "run", generations=2)
    assert run.best.chosen == "center"
    assert run.best.mean == -np.inf
    assert run.best.n_failed == 32
    assert '"best": null' in (tmp_path / "run" / "metrics.jsonl").read_text()


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


def test_fitness_of_the_wrong_shape_is_refused():
    class Wrong(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            return np.zeros((len(genomes), 1))

    with pytest.raises(UsageError, match=r"task sphere returned fitness of shape \(10, 1\)"):
        go(task=Wrong())


def test_a_checkpoint_holds_the_elites_and_not_the_population(tmp_path):
    optimizer = GA(population_size=750)
    evolve(FakeNetwork(), SphereTask(), optimizer, 2, out=tmp_path / "run", progress=False)
    genomes = 8 * 6 * 750
    assert (tmp_path / "run" / "checkpoint-2.npz").stat().st_size < genomes / 4
