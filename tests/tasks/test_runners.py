"""The bodies with legs, step by step against Gymnasium's, and with both engines."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from conncore.catalog.shipped import load
from conncore.network.network import Network
from conncore.tasks import make_task
from fake_networks import ScriptedNetwork, short
from rollouts import gymnasium_rollout, sampled_actions

NAMES = ["HalfCheetah-v5", "Walker2d-v5", "Hopper-v5"]
SEEDS = [5, 6, 7]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """MuJoCo logs a warning about Gymnasium's file to the working directory."""
    monkeypatch.chdir(tmp_path)


def mujoco_task(name, n_steps):
    return short(name, n_steps, engine="mujoco")


@pytest.mark.parametrize("name", NAMES)
def test_the_model_is_gymnasiums_to_the_bit(name):
    ours, theirs = make_task(name).model, gymnasium.make(name).unwrapped.model
    fields = [f for f in dir(ours) if isinstance(getattr(ours, f), np.ndarray)]
    assert len(fields) > 100
    for field in fields:
        np.testing.assert_array_equal(getattr(ours, field), getattr(theirs, field), err_msg=field)


@pytest.mark.parametrize("hold", [1, 20])
@pytest.mark.parametrize("name", NAMES)
def test_it_equals_gymnasium_step_by_step(name, hold):
    task = mujoco_task(name, 200)
    actions = sampled_actions(name, len(SEEDS), task.n_steps, hold)
    network = ScriptedNetwork(actions.astype(np.float64))
    fitness = task.evaluate(network, np.zeros((len(SEEDS), 1)), SEEDS, n_threads=2)
    # a walker that has ended gets no more actions
    bodies = task.bodies(len(SEEDS), n_threads=1)
    bodies.reset(*task.initial_states(SEEDS))
    rewards = np.array([task.step(bodies, a) for a in network.actions.swapaxes(0, 1)])
    lengths = []
    for m, (qpos, qvel) in enumerate(zip(*task.initial_states(SEEDS), strict=True)):
        expected, expected_rewards = gymnasium_rollout(
            name, qpos, qvel, actions[m], may_end=name != "HalfCheetah-v5"
        )
        lengths.append(n := len(expected_rewards))
        observed = np.array([o[m] for o in network.observations])
        np.testing.assert_array_equal(observed[:n], expected[:-1][: len(observed)])
        np.testing.assert_array_equal(rewards[:n, m], expected_rewards)
        assert fitness[m] == sum(expected_rewards)
    if name == "HalfCheetah-v5":
        assert lengths == [200] * 3
    else:
        assert len(set(lengths)) > 1, "walkers must fall at different steps"
        assert len(network.observations) == max(lengths), "nobody simulates the fallen"


@pytest.mark.parametrize("name", NAMES)
def test_a_second_episode_does_not_remember_the_first(name):
    """Contacts are solved from where the last step's solution was, which a reset must forget."""
    task = mujoco_task(name, 60)
    actions = sampled_actions(name, 2, 60, 5).astype(np.float64)
    bodies = task.bodies(2, n_threads=1)
    episodes = []
    for _ in range(2):
        bodies.reset(*task.initial_states([1, 2]))
        episodes.append([task.step(bodies, a) for a in actions.swapaxes(0, 1)])
    np.testing.assert_array_equal(*episodes)


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_rounded_to_float32(name):
    task = mujoco_task(name, 20)
    actions = np.random.default_rng(0).uniform(-1, 1, (1, 20, task.n_actions))
    assert (actions != actions.astype(np.float32)).all()
    fitness = task.evaluate(ScriptedNetwork(actions), np.zeros((1, 1)), seed=3)
    qpos, qvel = task.initial_states([3])
    _, rewards = gymnasium_rollout(name, qpos[0], qvel[0], actions[0].astype(np.float32), True)
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


def test_walkers_start_with_gymnasiums_distribution():
    env = gymnasium.make("Walker2d-v5").unwrapped
    qpos, qvel = make_task("Walker2d-v5").initial_states(range(1000))
    for noise in (qpos - env.init_qpos, qvel):
        assert noise.shape == (1000, 9)
        assert -0.005 <= noise.min() < -0.00495
        assert 0.00495 < noise.max() <= 0.005
        assert abs(noise.mean()) < 1e-4
        assert noise.std() == pytest.approx(0.005 / np.sqrt(3), rel=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_described_as_gymnasium_does(name):
    task, env = make_task(name), gymnasium.make(name)
    assert (task.n_obs,) == env.observation_space.shape
    assert (task.n_actions,) == env.action_space.shape
    assert task.n_steps == env.spec.max_episode_steps
    assert task.dt == env.unwrapped.dt
    assert task.joints is None


# --- the native engine


@pytest.fixture(scope="module")
def worm():
    return load("celegans-haspel2011")


def network_and_genomes(worm, task, n_members, neuron="alif"):
    net = Network(worm, task, neuron=neuron, io="dense", weights="individual")
    return net, net.random_genomes(n_members, seed=1)


@pytest.mark.parametrize("neuron", ["relu", "alif"])
@pytest.mark.parametrize("name", NAMES)
def test_returns_equal_mujocos(worm, name, neuron):
    """64 genomes; most do to rounding where MuJoCo's solver goes on to the end.

    Bodies that fall amplify rounding, and so does a spike that flips, so a few may differ.
    """
    native, reference = short(name, 100), mujoco_task(name, 100)
    net, genomes = network_and_genomes(worm, native, 64, neuron)
    seeds = list(range(64))
    ours = native.evaluate(net, genomes, seeds, n_threads=1)
    usual = reference.evaluate(net, genomes, seeds, n_threads=1)
    reference.model.opt.tolerance = 0.0
    exact = reference.evaluate(net, genomes, seeds, n_threads=1)
    assert np.ptp(ours) > 1.0
    assert np.sum(np.abs(ours - exact) < 1e-6) >= 60
    assert np.sum(np.abs(ours - usual) < 0.1) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_compiled_episodes_equal_the_steps_they_are_made_of(worm, name):
    task = short(name, 60)
    net, genomes = network_and_genomes(worm, task, 20, "relu")
    networks = net.policy(genomes, n_threads=1)

    class Stepwise:
        status, reset, act = networks.status, networks.reset, networks.act

        def policy(self, genomes, n_threads=None):
            return self

    whole = task.evaluate(net, genomes, list(range(20)), n_threads=1)
    steps = task.evaluate(Stepwise(), genomes, list(range(20)), n_threads=1)
    np.testing.assert_array_equal(whole, steps)


@pytest.mark.parametrize("name", NAMES)
def test_a_score_does_not_depend_on_the_company(worm, name):
    task = short(name, 50)
    net, genomes = network_and_genomes(worm, task, 50)
    seeds = list(range(50))
    together = task.evaluate(net, genomes, seeds, n_threads=1)
    assert len(set(together)) >= 40
    np.testing.assert_array_equal(task.evaluate(net, genomes, seeds, n_threads=3), together)
    order = np.random.default_rng(0).permutation(50)[:19]
    some = task.evaluate(net, genomes[order], [seeds[m] for m in order], n_threads=2)
    np.testing.assert_array_equal(some, together[order])


def test_a_walker_that_has_ended_waits():
    """It stays where it fell, earns no more and cannot fail; the others go on."""
    task = short("Walker2d-v5", 150)
    actions = np.random.default_rng(0).uniform(-1, 1, (20, 150, 6)).astype(np.float32)
    starts = task.initial_states(range(20))
    bodies, alone = task.bodies(20, 1), task.bodies(20, 1)
    bodies.reset(*starts)
    returns = bodies.run(actions.astype(np.float64), task.scoring, 150)
    alone.reset(*starts)
    going, expected, ended_at = np.ones(20, dtype=bool), np.zeros(20), np.zeros((20, 9))
    for t in range(150):
        rewards = task.step(alone, actions[:, t].astype(np.float64))
        expected[going] += rewards[going]
        ended_at[going] = alone.qpos[going]
        going &= ~task.ends(alone)
    assert 0 < going.sum() < 20 or not going.any()
    np.testing.assert_array_equal(returns, expected)
    np.testing.assert_array_equal(bodies.qpos, ended_at)
    np.testing.assert_array_equal(bodies.ended, ~going)
    broken = actions.astype(np.float64)
    broken[~going, -1] = np.nan
    bodies.reset(*starts)
    np.testing.assert_array_equal(bodies.run(broken, task.scoring, 150), expected)


@pytest.mark.parametrize("engine", ["native", "mujoco"])
def test_a_walker_whose_network_fails_before_its_end_scores_minus_infinity(engine):
    task = short("Walker2d-v5", 100, engine=engine)
    actions = np.zeros((3, 100, 6))
    actions[1, 5, 2] = np.nan
    scores = task.evaluate(ScriptedNetwork(actions), np.zeros((3, 1)), 0, n_threads=1)
    assert scores[1] == -np.inf
    assert np.isfinite(scores[[0, 2]]).all()
