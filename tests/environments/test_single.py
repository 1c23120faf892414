"""One body as a Gymnasium environment, against Gymnasium's checks and its own environments."""

from __future__ import annotations

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import conncore as cc
from conncore.environments import ENVIRONMENTS
from conncore.environments.single import BodyEnv
from conncore.errors import UsageError
from conncore.tasks import make_task

THEIRS = {
    "conncore/Swimmer-v0": "Swimmer-v5",
    "conncore/HalfCheetah-v0": "HalfCheetah-v5",
    "conncore/Walker2d-v0": "Walker2d-v5",
    "conncore/Hopper-v0": "Hopper-v5",
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_gymnasium_finds_no_fault(name):
    env = gymnasium.make(name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env.unwrapped)
    # Gymnasium says of its own MuJoCo environments, too, that the observations have no bounds.
    texts = [str(warning.message) for warning in caught]
    assert not [t for t in texts if "A Box observation space" not in t or "infinity" not in t]
    assert env.spec.max_episode_steps == env.unwrapped.task.n_steps


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_network_earns_what_its_task_gives(name):
    env = gymnasium.make(name)
    task = make_task(ENVIRONMENTS[name])
    net = cc.Network(cc.load("celegans-haspel2011"), task, io="dense")
    genomes = net.random_genomes(1, seed=3)
    policy = net.policy(genomes)
    observation, _ = env.reset(seed=5)
    total, over, n_steps = 0.0, False, 0
    while not over:
        action = policy.act(observation[None])[0]
        observation, reward, terminated, truncated, info = env.step(action)
        total, over, n_steps = total + reward, terminated or truncated, n_steps + 1
        assert info == {}
    assert total == task.evaluate(net, genomes, 5)[0]
    assert n_steps == 1000 or name in ("conncore/Walker2d-v0", "conncore/Hopper-v0")


@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.parametrize("engine", ["native", "mujoco"])
def test_steps_are_those_of_gymnasiums_environment(name, engine, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # MuJoCo writes a warning about Gymnasium's half cheetah there
    ours, theirs = gymnasium.make(name, engine=engine), gymnasium.make(THEIRS[name])
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space.dtype == theirs.action_space.dtype
    np.testing.assert_array_equal(ours.action_space.high, theirs.action_space.high)
    ours.reset(seed=1)
    theirs.reset(seed=1)
    (qpos,), (qvel,) = ours.unwrapped.task.initial_states([1])
    theirs.unwrapped.set_state(qpos, qvel)
    rng = np.random.default_rng(0)
    tolerance = 0.0 if engine == "mujoco" else 1e-6
    for _ in range(20):
        action = rng.uniform(-1, 1, ours.action_space.shape).astype(np.float32)
        observation, reward, terminated, _, _ = ours.step(action)
        observation_there, reward_there, terminated_there, _, _ = theirs.step(action)
        np.testing.assert_allclose(observation, observation_there, atol=tolerance, rtol=tolerance)
        np.testing.assert_allclose(reward, reward_there, atol=tolerance, rtol=tolerance)
        assert terminated == terminated_there


def test_seeds_are_the_numbers_of_starts():
    env = gymnasium.make("conncore/Swimmer6-v0")
    task, (number,) = env.unwrapped.task, cc.tasks.member_seeds(4, 1, "validation")
    observation, _ = env.reset(seed=number)
    (qpos,), (qvel,) = task.initial_states([number])
    np.testing.assert_allclose(observation[:5], qpos[3:] / task.joint_limits, rtol=1e-12)
    np.testing.assert_allclose(observation[5:], qvel[3:], rtol=1e-12)
    seconds = []
    for _ in range(2):
        env.reset(seed=number)
        seconds.append(env.reset()[0])
    np.testing.assert_array_equal(*seconds)
    assert (seconds[0] != observation).all()


def test_an_action_that_is_not_finite_ends_the_episode():
    env = gymnasium.make("conncore/Swimmer6-v0")
    before, _ = env.reset(seed=0)
    observation, reward, terminated, truncated, info = env.step(np.full(5, np.nan))
    assert (reward, terminated, truncated, info) == (0.0, True, False, {"failed": True})
    np.testing.assert_array_equal(observation, before)
    again, _ = env.reset(seed=0)
    np.testing.assert_array_equal(again, before)
    assert not env.step(np.zeros(5))[2]


def test_options_reach_the_task():
    assert gymnasium.make("conncore/Swimmer6-v0", observe="angles").observation_space.shape == (5,)
    assert BodyEnv(make_task("dm-swimmer6")).task.name == "dm-swimmer6"
    with pytest.raises(UsageError, match="has no option 'wind'"):
        gymnasium.make("conncore/Swimmer6-v0", wind=1)
    with pytest.raises(UsageError, match="task CartPole-v1 has no body"):
        BodyEnv("CartPole-v1")
    with pytest.raises(TypeError, match="draws no pictures"):
        BodyEnv("swimmer6", render_mode="human")
    env = BodyEnv("swimmer6")
    env.reset(seed=0)
    with pytest.raises(UsageError, match=r"actions have shape \(1, 3\), need \(1, 5\)"):
        env.step(np.zeros(3))


def test_an_id_with_its_module_needs_no_import():
    code = (
        "import gymnasium; "
        "print(gymnasium.make('conncore.environments:conncore/Walker2d-v0').spec.id)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "conncore/Walker2d-v0"


def test_the_environment_is_a_task_as_well():
    """Both ways: the task that conncore makes of the environment scores as the body's own."""
    task, own = make_task("conncore/Swimmer6-v0", max_steps=100), make_task("swimmer6")
    own.n_steps = 100
    net = cc.Network(cc.load("celegans-haspel2011"), own, io="dense")
    genomes = net.random_genomes(3, seed=1)
    np.testing.assert_array_equal(task.evaluate(net, genomes, 7), own.evaluate(net, genomes, 7))
