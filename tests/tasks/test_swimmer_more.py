"""Options of the bodies: length of episodes and control steps, and what earns the reward."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

import conncore as cc
from conncore.errors import UsageError
from conncore.tasks import make_task
from conncore.tasks.chain import center_of_mass
from conncore.tasks.mjcf import dm_control_swimmer, gymnasium_swimmer
from fake_networks import ScriptedNetwork, WaveNetwork, short
from rollouts import gymnasium_rollout, sampled_actions

BODIES = ("swimmer6", "Swimmer-v5", "dm-swimmer6", "HalfCheetah-v5", "Walker2d-v5")


def center_in_mujoco(model, qpos):
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    return data.subtree_com[0, 0]


@pytest.mark.parametrize("make", [gymnasium_swimmer, dm_control_swimmer])
@pytest.mark.parametrize("n_links", [2, 6])
def test_center_of_mass_is_mujocos(make, n_links):
    model = mujoco.MjModel.from_xml_string(make(n_links))
    qpos = np.random.default_rng(n_links).uniform(-2, 2, (5, model.nq))
    expected = [center_in_mujoco(model, row) for row in qpos]
    np.testing.assert_allclose(center_of_mass(model)(qpos), expected, atol=1e-12)


def test_the_center_of_mass_earns_its_distance():
    """Whole episodes on the kernels, steps of the kernels, and steps of MuJoCo."""
    options = {"reward_point": "center-of-mass", "max_steps": 60}
    task = make_task("swimmer6", **options)
    network = cc.Network(cc.load("celegans-haspel2011"), task, "relu")
    genomes = network.random_genomes(3, seed=1)
    fitness = task.evaluate(network, genomes, seed=[4, 5, 6])

    slow = make_task("swimmer6", engine="mujoco", **options)
    np.testing.assert_allclose(
        slow.evaluate(network, genomes, seed=[4, 5, 6]), fitness, rtol=1e-6, atol=1e-9
    )
    bodies, policy = slow.bodies(3, 1), network.policy(genomes)
    bodies.reset(*slow.initial_states([4, 5, 6]))
    before = [center_in_mujoco(slow.model, row) for row in bodies.qpos]
    for _ in range(60):
        slow.step(bodies, policy.act(slow.observe(bodies)))
    after = [center_in_mujoco(slow.model, row) for row in bodies.qpos]
    np.testing.assert_allclose(fitness, np.subtract(after, before) / 0.04, rtol=1e-6, atol=1e-9)

    scripted = ScriptedNetwork(np.random.default_rng(0).uniform(-1, 1, (2, 60, 5)))
    one, other = (t.evaluate(scripted, np.zeros((2, 1)), seed=3) for t in (task, slow))
    np.testing.assert_allclose(one, other, rtol=1e-6)
    root = make_task("swimmer6", max_steps=60).evaluate(network, genomes, seed=[4, 5, 6])
    assert (np.abs(root - fitness) > 0.1).all()


def test_a_failed_member_earns_no_distance():
    task = make_task("swimmer6", reward_point="center-of-mass", max_steps=5)
    actions = np.zeros((2, 5, 5))
    actions[1, 2, 0] = np.nan
    fitness = task.evaluate(ScriptedNetwork(actions), np.zeros((2, 1)), seed=3)
    assert np.isfinite(fitness).tolist() == [True, False]


@pytest.mark.parametrize("name", BODIES)
def test_max_steps_ends_the_episode(name):
    task = make_task(name, max_steps=7)
    genomes = np.array([[0.3, 0.5], [1.3, -0.5]])
    np.testing.assert_array_equal(
        task.evaluate(WaveNetwork(task), genomes, seed=8),
        short(name, 7).evaluate(WaveNetwork(task), genomes, seed=8),
    )


@pytest.mark.parametrize("engine", ["mujoco", "native"])
@pytest.mark.parametrize("name", ["Swimmer-v5", "HalfCheetah-v5", "Walker2d-v5"])
def test_frame_skip_is_gymnasiums(name, engine):
    task = make_task(name, engine=engine, max_steps=12, frame_skip=2)
    actions = sampled_actions(name, 1, 12, 1)
    fitness = task.evaluate(ScriptedNetwork(actions.astype(np.float64)), np.zeros((1, 1)), seed=3)
    qpos, qvel = task.initial_states([3])
    _, rewards = gymnasium_rollout(name, qpos[0], qvel[0], actions[0], frame_skip=2)
    if engine == "mujoco":
        assert fitness[0] == sum(rewards)
    assert fitness[0] == pytest.approx(sum(rewards), rel=1e-4)


@pytest.mark.parametrize("name", BODIES)
def test_options_of_today_are_described_where_they_differ(name):
    assert make_task(name).describe().keys() <= {"name", "engine", "observe"}
    options = {"max_steps": 9, "frame_skip": 3}
    if name == "swimmer6":
        options["reward_point"] = "center-of-mass"
    described = make_task(name, **options).describe()
    assert described == make_task(name).describe() | options
    assert make_task(**described).describe() == described


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_steps": 0}, "max_steps is 0; give a whole number from 1 to 1000000000"),
        ({"frame_skip": 1001}, "frame_skip is 1001; give a whole number from 1 to 1000"),
        ({"reward_point": "nose"}, "unknown reward_point 'nose'; choose one of: center-of-mass, r"),
    ],
)
def test_options_out_of_range(options, words):
    with pytest.raises(UsageError, match=words):
        make_task("swimmer6", **options)
