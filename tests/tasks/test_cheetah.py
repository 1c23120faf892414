"""HalfCheetah-v5 on our simulations, step by step against Gymnasium's."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from conncore.catalog.shipped import load
from conncore.network.network import Network
from conncore.tasks import make_task
from fake_networks import ScriptedNetwork, short
from rollouts import gymnasium_rollout, sampled_actions

SEEDS = [5, 6, 7]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """MuJoCo logs a warning about Gymnasium's file to the working directory."""
    monkeypatch.chdir(tmp_path)


def test_the_model_is_gymnasiums_to_the_bit():
    ours, theirs = (
        make_task("HalfCheetah-v5").model,
        gymnasium.make("HalfCheetah-v5").unwrapped.model,
    )
    fields = [f for f in dir(ours) if isinstance(getattr(ours, f), np.ndarray)]
    assert len(fields) > 100
    for name in fields:
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)


@pytest.mark.parametrize("hold", [1, 20])
def test_it_equals_gymnasium_step_by_step(hold):
    task = short("HalfCheetah-v5", 200)
    actions = sampled_actions("HalfCheetah-v5", len(SEEDS), task.n_steps, hold)
    network = ScriptedNetwork(actions.astype(np.float64))
    fitness = task.evaluate(network, np.zeros((len(SEEDS), 1)), SEEDS, n_threads=2)

    bodies = task.bodies(len(SEEDS), n_threads=1)
    bodies.reset(*task.initial_states(SEEDS))
    rewards = np.array([task.step(bodies, a) for a in network.actions.swapaxes(0, 1)])

    for m, (qpos, qvel) in enumerate(zip(*task.initial_states(SEEDS), strict=True)):
        expected, expected_rewards = gymnasium_rollout("HalfCheetah-v5", qpos, qvel, actions[m])
        observed = np.array([o[m] for o in network.observations])
        np.testing.assert_array_equal(observed, expected[:-1])
        np.testing.assert_array_equal(task.observe(bodies)[m], expected[-1])
        np.testing.assert_array_equal(rewards[:, m], expected_rewards)
        assert fitness[m] == sum(expected_rewards)


def test_a_second_episode_does_not_remember_the_first():
    """Contacts are solved from where the last step's solution was, which a reset must forget."""
    task = short("HalfCheetah-v5", 60)
    actions = sampled_actions("HalfCheetah-v5", 2, 60, 5).astype(np.float64)
    bodies = task.bodies(2, n_threads=1)
    episodes = []
    for _ in range(2):
        bodies.reset(*task.initial_states([1, 2]))
        episodes.append([task.step(bodies, a) for a in actions.swapaxes(0, 1)])
    np.testing.assert_array_equal(*episodes)


def test_actions_are_rounded_to_float32():
    task = short("HalfCheetah-v5", 20)
    actions = np.random.default_rng(0).uniform(-1, 1, (1, 20, 6))
    assert (actions != actions.astype(np.float32)).all()
    fitness = task.evaluate(ScriptedNetwork(actions), np.zeros((1, 1)), seed=3)
    qpos, qvel = task.initial_states([3])
    _, rewards = gymnasium_rollout(
        "HalfCheetah-v5", qpos[0], qvel[0], actions[0].astype(np.float32)
    )
    assert fitness[0] == sum(rewards)


def test_starts_have_gymnasiums_distribution():
    env = gymnasium.make("HalfCheetah-v5").unwrapped
    qpos, qvel = make_task("HalfCheetah-v5").initial_states(range(1000))
    noise = qpos - env.init_qpos
    assert noise.shape == qvel.shape == (1000, 9)
    assert -0.1 <= noise.min() < -0.099
    assert 0.099 < noise.max() <= 0.1
    assert abs(noise.mean()) < 0.002
    assert noise.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.02)
    assert abs(qvel.mean()) < 0.004
    assert qvel.std() == pytest.approx(0.1, rel=0.03)
    assert np.mean(np.abs(qvel) > 0.1) == pytest.approx(0.317, abs=0.02)  # normal, not uniform


def test_it_is_described_as_gymnasium_does():
    task, env = make_task("HalfCheetah-v5"), gymnasium.make("HalfCheetah-v5")
    assert (task.n_obs,) == env.observation_space.shape
    assert (task.n_actions,) == env.action_space.shape
    assert task.n_steps == env.spec.max_episode_steps
    assert task.dt == env.unwrapped.dt
    assert task.joints is None


def test_a_connectome_runs_on_it():
    task = short("HalfCheetah-v5", 20)
    net = Network(load("celegans-haspel2011"), task, io="dense")
    genomes = net.random_genomes(20, seed=0)
    fitness = task.evaluate(net, genomes, seed=0, n_threads=2)
    assert np.isfinite(fitness).all()
    assert len(set(fitness)) == 20
