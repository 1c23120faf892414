"""The MNIST task on a made-up MNIST: which images, which score, a run from end to end."""

from __future__ import annotations

import math
import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest

from conncore.errors import CheckpointError, UsageError
from conncore.evolution.evolve import evolve, resume, score
from conncore.network.network import Network
from conncore.noise import start_seeds
from conncore.optimizers import ES, GA
from conncore.tasks import make_task
from conncore.tasks.mnist import accuracy, likelihood
from digits import write_mnist

N_TRAIN, N_VALIDATION, N_TEST = 110, 10, 30


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A directory with 120 and 30 images."""
    path = tmp_path_factory.mktemp("mnist")
    write_mnist(path)
    return path


class Watcher:
    """A network that knows every image and answers some of them right, by its genome's number."""

    def __init__(self, task):
        self.task = task
        self.calls = []

    def respond(self, genomes, observations, n_steps, n_threads=None):
        pixels = np.rint(255 * observations + self.task._mean).astype(np.uint8)
        self.calls.append((genomes[:, 0].tolist(), pixels, n_steps))
        digit = pixels.reshape(-1, 28, 28)[:, 4:23:2].mean(axis=2).argmax(axis=1)
        answers = np.zeros((len(genomes), len(pixels), 10), dtype=np.float32)
        for answer, genome in zip(answers, genomes[:, 0], strict=True):
            answer[np.arange(len(pixels)), (digit + int(genome)) % 10] = 1.0
        return answers


def rows(images):
    return [bytes(image) for image in images.reshape(-1, 784).astype(np.uint8)]


def test_seed_and_split_say_which_images_are_seen(data, tmp_path):
    (train, _), (test, _) = write_mnist(tmp_path)
    task = make_task("mnist", data=data, batch=20, hold=3)
    assert (task.n_obs, task.n_actions, task.n_steps) == (784, 10, 3)
    network = Watcher(task)
    genomes = np.zeros((4, 1))

    def seen(seed, split="train"):
        network.calls.clear()
        fitness = task.evaluate(network, genomes, seed, split=split)
        assert fitness.tolist() == [100.0] * 4  # so images and labels belong together
        ((_, pixels, n_steps),) = network.calls  # all members at once
        assert n_steps == 3
        return rows(pixels)

    starts = [start_seeds(0, "train", 1, generation=generation)[0] for generation in range(60)]
    batches = [seen(start) for start in starts]
    assert all(len(set(batch)) == 20 for batch in batches)
    assert batches[0] != batches[1]
    assert seen(starts[1]) == batches[1]
    assert set().union(*batches) == set(rows(train[:N_TRAIN]))
    for seed in (0, 1):
        assert seen(seed, "validation") == rows(train[N_TRAIN:])
        assert seen(seed, "held-out") == rows(test)


def test_members_may_see_different_images(data):
    task = make_task("mnist", data=data, batch=15)
    network = Watcher(task)
    genomes = np.arange(6.0)[:, None] % 2  # even members are right, odd ones wrong
    fitness = task.evaluate(network, genomes, [7, 7, 8, 9, 9, 8])
    assert fitness.tolist() == [100, 0, 100, 0, 100, 0]
    assert [members for members, _, _ in network.calls] == [[0, 1], [0, 1], [1, 0]]
    assert [len(pixels) for _, pixels, _ in network.calls] == [15, 15, 15]


def test_members_of_a_held_out_score_see_the_same_images(data):
    task = make_task("mnist", data=data, batch=15)
    network = Watcher(task)
    genomes = np.arange(6.0)[:, None] % 2
    fitness = task.evaluate(network, genomes, [7, 7, 8, 9, 9, 8], split="held-out")
    assert fitness.tolist() == [100, 0] * 3
    ((members, pixels, _),) = network.calls
    assert (members, len(pixels)) == ([0, 1] * 3, N_TEST)


def test_observations_are_centred(data):
    task = make_task("mnist", data=data, batch=N_TRAIN)
    seen = []

    class Network(Watcher):
        def respond(self, genomes, observations, n_steps, n_threads=None):
            seen.append(observations)
            return super().respond(genomes, observations, n_steps)

    task.evaluate(Network(task), np.zeros((1, 1)), 0)
    assert seen[0].dtype == np.float32
    assert abs(seen[0].mean(axis=0)).max() < 1e-6
    assert 0.5 < np.ptp(seen[0], axis=0).max() <= 1.0


def test_pooled_observations_are_means_of_squares(data):
    seen = {}

    class Network(Watcher):
        def respond(self, genomes, observations, n_steps, n_threads=None):
            seen[self.task.pool] = observations
            return np.zeros((len(genomes), len(observations), 10), dtype=np.float32)

    for pool in (1, 7):
        task = make_task("mnist", data=data, batch=20, pool=pool)
        task.evaluate(Network(task), np.zeros((1, 1)), 0)
        assert seen[pool].shape == (20, task.n_obs)
    image, squares = seen[1][3].reshape(28, 28), seen[7][3].reshape(4, 4)
    for row, column in np.ndindex(4, 4):
        part = image[7 * row : 7 * row + 7, 7 * column : 7 * column + 7]
        assert squares[row, column] == pytest.approx(part.mean(), abs=1e-6)


ANSWERS = np.array([[[1, 3, 0], [0, 0, 2]], [[5, 0, 0], [0, 1, 1]]], dtype=np.float32)
TOLD = np.array([1, 1], dtype=np.uint8)


def test_accuracy_is_the_percentage_of_right_answers():
    # A tie goes to the first of them.
    assert accuracy(ANSWERS, TOLD).tolist() == [50.0, 50.0]


def test_likelihood_is_the_geometric_mean_of_the_right_probability():
    e = math.exp
    p = [e(3) / (e(1) + e(3) + 1), 1 / (2 + e(2)), 1 / (e(5) + 2), e(1) / (1 + 2 * e(1))]
    expected = [100 * math.sqrt(p[0] * p[1]), 100 * math.sqrt(p[2] * p[3])]
    np.testing.assert_allclose(likelihood(ANSWERS, TOLD), expected, rtol=1e-12)
    assert likelihood(np.zeros((1, 4, 10)), np.arange(4)).tolist() == pytest.approx([10.0])
    huge = likelihood(1e30 * ANSWERS, np.array([1, 2]))
    np.testing.assert_allclose(huge, [100.0, 0.0])


@pytest.mark.parametrize("measure", [accuracy, likelihood])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_member_that_diverges_is_last(measure, bad):
    answers = ANSWERS.copy()
    answers[0, 1, 2] = bad
    scores = measure(answers, TOLD)
    assert scores[0] == -np.inf
    assert scores[1] == measure(ANSWERS, TOLD)[1]


@pytest.mark.parametrize("score", ["accuracy", "likelihood"])
def test_only_training_is_scored_by_likelihood(data, segment, score):
    task = make_task("mnist", data=data, score=score, batch=N_TRAIN)
    network = Network(segment, task, neuron="relu", io="dense")
    genomes = network.random_genomes(5)
    sizes = {"train": N_TRAIN, "validation": N_VALIDATION, "held-out": N_TEST}
    for split, n_images in sizes.items():
        counts = task.evaluate(network, genomes, 0, split=split) * n_images / 100
        whole = bool(np.allclose(counts, np.rint(counts)))
        assert whole == (split != "train" or score == "accuracy")


def test_a_task_is_rebuilt_from_its_description_and_from_a_pickle(data, segment, monkeypatch):
    monkeypatch.chdir(data)
    task = make_task("mnist", batch=20, hold=2, score="likelihood", pool=2, data=".")
    described = task.describe()
    assert described == {
        "name": "mnist", "batch": 20, "hold": 2, "score": "likelihood", "pool": 2,
        "data": str(data.resolve()),
    }  # fmt: skip
    monkeypatch.chdir("/")
    network = Network(segment, task, neuron="relu", io="dense")
    genomes = network.random_genomes(3)
    fitness = task.evaluate(network, genomes, 5)
    for twin in (make_task(**described), pickle.loads(pickle.dumps(task))):
        np.testing.assert_array_equal(twin.evaluate(network, genomes, 5), fitness)
    monkeypatch.setenv("CONNCORE_DATA", str(data))
    assert "data" not in make_task("mnist", batch=20).describe()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch": 0}, "batch is 0; give a whole number from 1 to 110"),
        ({"batch": 111}, "batch is 111; give a whole number from 1 to 110"),
        ({"hold": 0}, "hold is 0"),
        ({"score": "loss"}, "unknown score 'loss'; choose one of: accuracy, likelihood"),
        ({"engine": "mujoco"}, "has no option 'engine'; it has: batch, hold, score, pool, data"),
        ({"pool": 3}, "pool is 3; give one of 1, 2, 4, 7, 14"),
    ],
)
def test_wrong_options_say_what_to_do(data, options, said):
    with pytest.raises(UsageError, match=said):
        make_task("mnist", **{"batch": 20, "data": data} | options)


def test_evolution_learns_and_a_run_goes_on_to_the_bit(data, segment, tmp_path):
    task = make_task("mnist", data=data, batch=N_TRAIN, score="likelihood")
    network = Network(segment, task, neuron="relu", io="dense")
    optimizer = ES(population_size=20, n_scout=1, learning_rate=0.05)

    def start(name, generations):
        return evolve(network, task, optimizer, generations, 0, tmp_path / name, progress=False)

    whole = start("whole", 60)
    assert len(whole.best.scores) == 1
    assert whole.best.mean > 30  # by chance 10
    start("part", 5)
    resumed = resume(tmp_path / "part", generations=60, progress=False)
    np.testing.assert_array_equal(resumed.best.genome, whole.best.genome)
    np.testing.assert_array_equal(resumed.best.scores, whole.best.scores)
    np.testing.assert_array_equal(score(tmp_path / "whole").scores, whole.best.scores)


def test_a_run_goes_on_where_its_images_moved(data, segment, tmp_path):
    task = make_task("mnist", data=data, batch=50)
    network = Network(segment, task, neuron="relu", io="dense")
    run = evolve(network, task, ES(population_size=4, n_scout=1), 1, 0, tmp_path / "run", 1, False)
    moved = make_task("mnist", data=shutil.copytree(data, tmp_path / "moved"), batch=50)
    assert np.array_equal(score(tmp_path / "run", task=moved).scores, run.best.scores)
    other = make_task("mnist", data=data, batch=60)
    with pytest.raises(CheckpointError, match=r"task\.batch is 50 there and 60 in the task given"):
        score(tmp_path / "run", task=other)


def test_the_genetic_algorithm_runs_on_individual_weights(data, segment):
    task = make_task("mnist", data=data, batch=N_TRAIN)
    network = Network(segment, task, neuron="alif", io="dense", weights="individual")
    run = evolve(network, task, GA(population_size=20), 3, progress=False)
    assert 0 <= run.best.mean <= 100


def test_anatomical_input_and_output_are_refused(data, segment):
    with pytest.raises(UsageError, match="has no chain of joints"):
        Network(segment, make_task("mnist", data=data, batch=20))


def test_the_command_evolves_and_scores(tmp_path):
    def conncore(*arguments, **environment):
        command = [sys.executable, "-m", "conncore", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True
        )

    write_mnist(tmp_path / "data" / "mnist", n_train=300)
    network = ["--connectome", "celegans-haspel2011-segment", "--neuron", "relu", "--io", "dense"]
    few = ["--population", "10", "--generations", "1", "--out", "run"]
    done = conncore("evolve", *network, "--task", "mnist", "--data", "data/mnist", *few)
    assert done.returncode == 0, done.stderr
    assert " (1 start, generation 1, " in done.stdout
    assert "+-" not in done.stdout  # of one score
    done = conncore("score", "run", "--starts", "2")
    assert "+- 0.0 (2 starts, generation 1, " in done.stdout, done.stderr
    nowhere = {"CONNCORE_DATA": "nowhere", "HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null"}
    done = conncore("evolve", *network, "--task", "mnist", "--out", "other", **nowhere)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: MNIST cannot be downloaded from ")
    assert not (tmp_path / "other").exists()
