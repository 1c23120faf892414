"""The loop: starts, history, and the choice of the solution."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import ConncoreError, UsageError
from conncore.evolution.evolve import evolve
from conncore.evolution.restore import load_run
from conncore.evolution.run_directory import RunDirectory
from conncore.noise import start_seeds
from conncore.optimizers import GA
from fake_runs import FakeNetwork, SphereTask
from small_runs import N_GENERATIONS, crash_at, go, go_on, reproducible


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


def test_a_run_stops_if_the_whole_first_generation_fails(tmp_path):
    class Failing(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            return np.full(len(genomes), np.nan)

    with pytest.raises(ConncoreError, match=r"first generation .* not finite: network or simul"):
        go("ga", Failing(), out=tmp_path / "run", generations=2)
    assert list(tmp_path.iterdir()) == []  # nothing to resume


def test_a_run_in_which_everything_fails_later_ends_and_says_so(tmp_path):
    class Failing(SphereTask):
        n_scored = 0

        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            self.n_scored += 1
            return np.full(len(genomes), 1.0 if self.n_scored == 1 else np.nan)

    run = go("ga", Failing(), out=tmp_path / "run", generations=2)
    assert run.best.chosen == "center"
    assert run.best.mean == -np.inf
    assert run.best.n_failed == 32
    assert '"best": null' in (tmp_path / "run" / "metrics.jsonl").read_text()


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


@pytest.mark.parametrize("common", [True, False])
def test_the_fitness_is_the_mean_of_the_episodes(common):
    class Remembering(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            fitness = super().evaluate(network, genomes, seed, split=split)
            if split == "train":
                scores.append((genomes.copy(), seed, fitness))
            return fitness

    scores = []
    run = go(task=Remembering(), generations=3, episodes=4, common_starts=common)
    assert len(scores) == 4 * (3 + 3), "three times scouts, three generations"
    for generation in range(3):
        members = scores[12 + 4 * generation :][:4]
        assert all(np.array_equal(genomes, members[0][0]) for genomes, _, _ in members)
        drawn = start_seeds(3, "train", 40, generation=generation)
        expected = drawn[:4] if common else [drawn[k : k + 10] for k in range(0, 40, 10)]
        assert [seed for _, seed, _ in members] == expected
        fitness = np.mean([each for _, _, each in members], axis=0)
        assert run.history["best"][generation] == fitness.max()
        assert run.history["mean"][generation] == fitness.mean()
    assert run.history["n_evaluations"].tolist() == [4 * (24 + 10 * n) for n in (1, 2, 3)]


def test_a_member_that_fails_once_has_failed():
    class Sometimes(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            fitness = super().evaluate(network, genomes, seed, split=split)
            if split == "train" and len(self.calls) % 2:
                fitness[0] = np.nan
            return fitness

    run = go("ga", Sometimes(), generations=2, episodes=2)
    assert run.history["n_failed"].tolist() == [1, 1]


def test_episodes_and_starts_belong_to_a_run(tmp_path):
    plain = go("ga", out=tmp_path / "plain")
    assert plain.config["run"].keys() == {"seed", "generations", "threads", "date"}
    go("ga", out=tmp_path / "whole", episodes=2, common_starts=False)
    with pytest.raises(RuntimeError):
        go("ga", SphereTask(crash_at(9)), out=tmp_path / "run", episodes=2, common_starts=False)
    go_on(tmp_path / "run")
    assert reproducible(tmp_path / "run") == reproducible(tmp_path / "whole")
    loaded = load_run(tmp_path / "run", network=FakeNetwork(), task=SphereTask())
    assert loaded.config["run"]["episodes"] == 2
    assert loaded.config["run"]["common_starts"] is False
    prints = [
        RunDirectory.open(tmp_path / name, write=False).fingerprint for name in ("plain", "whole")
    ]
    assert prints[0] != prints[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"episodes": 0}, "episodes is 0; give a whole number from 1 to 10000"),
        ({"common_starts": "no"}, "common_starts is 'no'; give True or False"),
    ],
)
def test_episodes_and_starts_out_of_range(options, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        go(out=tmp_path / "run", **options)
    assert list(tmp_path.iterdir()) == []
