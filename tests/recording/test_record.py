"""A recorded episode is the episode that the task scores."""

from __future__ import annotations

import numpy as np
import pytest

import conncore as cc
from conncore.errors import UsageError
from conncore.recording.record import record
from conncore.tasks.base import Task


def small_network(task, neuron, **options):
    worm = cc.load("celegans-haspel2011-segment")
    return cc.Network(worm, task, neuron=neuron, io="dense", **options)


CASES = {
    "swimmer6": ("alif", 1, {}),
    "Swimmer-v5": ("lif", 3, {}),
    "dm-swimmer6": ("relu", 1, {"engine": "mujoco"}),
    "HalfCheetah-v5": ("relu", 1, {}),
    "Walker2d-v5": ("lif", 1, {}),
    "CartPole-v1": ("lif", 2, {}),
    "Ant-v5": ("relu", 1, {"max_steps": 30}),
}


@pytest.fixture(scope="module", params=CASES)
def recorded(request):
    neuron, steps, options = CASES[request.param]
    task = cc.make_task(request.param, **options)
    network = small_network(task, neuron, steps_per_action=steps)
    genome = network.random_genomes(1, seed=4)[0]
    return task, network, genome, record(network, genome, seed=7)


def test_fitness_is_that_of_evaluate(recorded):
    task, network, genome, episode = recorded
    assert episode.fitness == task.evaluate(network, genome[None], seed=7, split="held-out")[0]
    other = record(network, genome, seed=7, split="train")
    assert other.fitness == task.evaluate(network, genome[None], seed=7)[0]
    assert (other.observations[0] != episode.observations[0]).any()


def test_rewards_add_up_to_the_fitness(recorded):
    total = 0.0
    for reward in recorded[3].reward.tolist():
        total += reward
    assert total == recorded[3].fitness


def test_actions_are_what_a_new_policy_answers(recorded):
    _, network, genome, episode = recorded
    policy = network.policy(genome[None])
    policy.reset()
    actions = [policy.act(row[None])[0].copy() for row in episode.observations]
    np.testing.assert_array_equal(actions, episode.actions)


def test_activity_is_that_of_simulate(recorded):
    _, network, genome, episode = recorded
    np.testing.assert_array_equal(episode.activity, network.simulate(genome, episode.observations))
    assert (episode.spikes is None) == (network.neuron == "relu")
    assert episode.rates.shape == (episode.n_steps, network.connectome.n_cells)
    last = episode.activity[-network.steps_per_action :].mean(axis=0)
    np.testing.assert_allclose(episode.rates[-1], last)


def test_times_are_in_seconds(recorded):
    task, _, _, episode = recorded
    dt = {"CartPole-v1": 0.02, "Ant-v5": 0.05, "dm-swimmer6": 0.03, "HalfCheetah-v5": 0.05}
    dt["Walker2d-v5"] = 0.008
    assert episode.dt == pytest.approx(dt.get(task.name, 0.04))
    assert episode.time[1] == episode.dt
    assert episode.time_label == "time (s)"
    assert "fitness" in repr(episode)
    assert "\n" not in repr(episode)


@pytest.mark.parametrize("engine", ["native", "mujoco"])
def test_angles_are_those_that_the_network_observes(engine):
    task = cc.make_task("swimmer6", engine=engine)
    network = small_network(task, "lif")
    episode = record(network, network.random_genomes(1, seed=4)[0])
    observed = episode.observations[:, task.joints.angle] * task.joint_limits
    np.testing.assert_allclose(episode.body.angles, observed, rtol=0, atol=1e-15)


def test_links_are_those_of_the_model():
    """Capsules of 1 m that meet in the joints; the root, 0.5 m behind joint 1, earns the reward."""
    task = cc.make_task("swimmer6")
    network = small_network(task, "lif")
    episode = record(network, network.random_genomes(1, seed=4)[0])
    body = episode.body
    assert body.links.shape == (1000, 6, 2, 3)
    assert body.plane == (0, 1)
    np.testing.assert_array_equal(body.radius, 0.1)
    lengths = np.linalg.norm(body.links[:, :, 1] - body.links[:, :, 0], axis=-1)
    np.testing.assert_allclose(lengths, 1.0)
    gaps = body.links[:, :-1, :, None] - body.links[:, 1:, None]
    np.testing.assert_allclose(np.linalg.norm(gaps, axis=-1).min(axis=(2, 3)), 0.0, atol=1e-9)
    axis = body.links[:, :2] - body.links[:, :2].mean(axis=2, keepdims=True)
    bend = np.abs(np.sum(axis[:, 0, 1] * axis[:, 1, 1], axis=-1)) * 4
    np.testing.assert_allclose(bend, np.abs(np.cos(body.angles[:, 0])), atol=1e-9)


def test_a_cheetah_is_drawn_from_the_side():
    task = cc.make_task("HalfCheetah-v5")
    network = small_network(task, "relu")
    body = record(network, network.random_genomes(1, seed=4)[0]).body
    assert body.plane == (0, 2)
    assert body.angles.shape == (1000, 6)
    assert body.joint_names[0] == "bthigh"
    assert not np.ptp(body.track[:, 1])


def test_a_run_is_recorded_from_its_first_held_out_start(tmp_path):
    task = cc.make_task("swimmer6")
    options = {"generations": 1, "out": tmp_path / "run", "progress": False}
    run = cc.evolve(small_network(task, "lif"), task, cc.ES(population_size=4), **options)
    episode = record(run)
    assert (episode.seed, episode.split) == (run.best.seeds[0], "held-out")
    assert episode.fitness == run.best.scores[0]
    assert record(run, seed=int(run.best.seeds[1])).fitness == run.best.scores[1]


def test_what_cannot_be_recorded_is_said():
    task = cc.make_task("CartPole-v1")
    network = small_network(task, "lif")
    with pytest.raises(UsageError, match="needs a genome"):
        record(network)
    with pytest.raises(UsageError, match="one genome, not 2"):
        record(network, network.random_genomes(2))

    class Sums(Task):
        name, n_obs, n_actions, n_steps = "sums", 4, 2, 2

        def describe(self):
            return {"name": self.name}

        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            policy = network.policy(genomes)
            for _ in range(self.n_episodes):
                policy.reset()
                policy.act(np.ones((len(genomes), 4)))
            return np.full(len(genomes), self.result)

    sums = Sums()
    sums.n_episodes, sums.result = 1, 5.0
    episode = record(network, network.random_genomes(1)[0], sums)
    assert (episode.fitness, episode.reward, episode.body, episode.dt) == (5.0, None, None, None)
    assert episode.time_label == "step"
    sums.result = -np.inf
    with pytest.raises(UsageError, match="became non-finite from held-out start 0 of sums"):
        record(network, network.random_genomes(1)[0], sums)
    sums.n_episodes = 2
    with pytest.raises(UsageError, match="several episodes"):
        record(network, network.random_genomes(1)[0], sums)
    sums.n_episodes, sums.result = 0, 0.0
    with pytest.raises(UsageError, match="asked the network for no action"):
        record(network, network.random_genomes(1)[0], sums)


def test_images_of_an_unknown_task_are_no_episode():
    class AllAtOnce(Task):
        name, n_obs, n_actions, n_steps = "images", 4, 2, 2

        def describe(self):
            return {"name": self.name}

        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            return network.respond(genomes, np.ones((3, 4)), 2)[:, 0, 0]

    task = AllAtOnce()
    network = small_network(task, "lif")
    with pytest.raises(UsageError, match="task images shows its observations all at once"):
        record(network, network.random_genomes(1)[0])
