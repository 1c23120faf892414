"""Many bodies as one vector environment, against Gymnasium's own vector environment."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import conncore as cc
from conncore.environments import ENVIRONMENTS
from conncore.environments.vector import BodyVectorEnv
from conncore.errors import UsageError

N = 5


def pair(name, mode, n_steps):
    native = gymnasium.make_vec(name, N, autoreset_mode=mode, max_episode_steps=n_steps)
    sync = gymnasium.make_vec(
        name,
        N,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": mode},
        max_episode_steps=n_steps,
    )
    assert isinstance(native, BodyVectorEnv)
    return native, sync


def assert_alike(one, other):
    """What reset or step returned, infos included, to the bit."""
    assert type(one) is type(other)
    if isinstance(one, (tuple, list)):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_alike(a, b)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_alike(one[key], other[key])
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        if one.dtype == object:
            assert_alike(list(one), list(other))
        else:
            np.testing.assert_array_equal(one, other)
    else:
        assert one == other


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("name", ["conncore/Swimmer6-v0", "conncore/Walker2d-v0"])
def test_it_does_what_gymnasiums_vector_environment_does(name, mode):
    native, sync = pair(name, mode, n_steps=30)
    assert native.metadata["autoreset_mode"] is mode
    rng = np.random.default_rng(0)
    assert_alike(native.reset(seed=3), sync.reset(seed=3))
    n_ended, kinds = 0, set()
    for step in range(150):
        actions = rng.uniform(-1, 1, native.action_space.shape)
        actions = actions.astype(native.action_space.dtype)
        if step == 70:
            actions[2] = np.nan
        found = native.step(actions)
        assert_alike(found, sync.step(actions))
        assert native.observation_space.contains(found[0])
        over = found[2] | found[3]
        n_ended += over.sum()
        kinds |= {"terminated"} if found[2].any() else set()
        kinds |= {"truncated"} if found[3].any() else set()
        if mode is AutoresetMode.DISABLED and over.any():
            seeds = [100 * step, *[None] * (N - 1)]
            native_there = native.reset(seed=seeds, options={"reset_mask": over.copy()})
            assert_alike(native_there, sync.reset(seed=seeds, options={"reset_mask": over.copy()}))
    assert n_ended > 3 * N
    assert kinds == {"terminated", "truncated"}
    assert_alike(native.np_random_seed, sync.np_random_seed)
    for one, other in zip(native.np_random, sync.np_random, strict=True):
        assert one.bit_generator.state == other.bit_generator.state


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_spaces_are_batches_of_the_single_spaces(name):
    envs, env = gymnasium.make_vec(name, N), gymnasium.make(name)
    assert envs.single_action_space == env.action_space
    assert envs.single_observation_space == env.observation_space
    assert envs.action_space == batch_space(env.action_space, N)
    assert envs.observation_space == batch_space(env.observation_space, N)
    observations, infos = envs.reset(seed=0)
    assert envs.observation_space.contains(observations)
    assert infos == {}
    envs.close()


@pytest.mark.parametrize("name", ["conncore/DmSwimmer6-v0", "conncore/Walker2d-v0"])
def test_networks_earn_what_their_task_gives(name):
    envs = gymnasium.make_vec(name, 20, autoreset_mode="Disabled", n_threads=2)
    task = envs.task
    net = cc.Network(cc.load("celegans-haspel2011"), task, io="dense")
    genomes = net.random_genomes(20, seed=0)
    policy = net.policy(genomes)
    observations, _ = envs.reset(seed=[11] * 20)
    total, going = np.zeros(20), np.ones(20, dtype=bool)
    for _ in range(1000):
        observations, rewards, terminated, truncated, _ = envs.step(policy.act(observations))
        total[going] += rewards[going]
        going &= ~(terminated | truncated)
        if not going.any():
            break
        if (over := terminated | truncated).any():
            envs.reset(options={"reset_mask": over})
    np.testing.assert_array_equal(total, task.evaluate(net, genomes, 11))


def test_gymnasiums_wrapper_counts_the_episodes():
    envs = RecordEpisodeStatistics(gymnasium.make_vec("conncore/Swimmer6-v0", 3))
    envs.unwrapped.max_episode_steps = 4
    envs.reset(seed=0)
    lengths = []
    for _ in range(10):
        *_, infos = envs.step(np.zeros((3, 5)))
        lengths += infos["episode"]["l"][infos["_episode"]].tolist() if infos else []
    assert lengths == [4] * 6


def test_threads_and_other_environments_do_not_change_results():
    actions = np.random.default_rng(1).uniform(-1, 1, (10, 40, 6))
    found = []
    for n, n_threads in [(40, 1), (40, 2), (17, 1)]:
        envs = gymnasium.make_vec("conncore/HalfCheetah-v0", n, n_threads=n_threads)
        envs.reset(seed=9)
        found.append([envs.step(rows[:n])[0] for rows in actions])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(np.array(found[0])[:, :17], found[2])


def test_what_cannot_be_done_is_refused():
    envs = gymnasium.make_vec("conncore/Swimmer6-v0", N, autoreset_mode="Disabled")
    actions = np.zeros((N, 5))
    with pytest.raises(ResetNeeded, match="call reset"):
        envs.step(actions)
    with pytest.raises(UsageError, match="seed has 2 entries for 5 environments"):
        envs.reset(seed=[1, 2])
    for mask in (np.zeros(N, bool), np.ones(N), np.ones(2, bool)):
        with pytest.raises(UsageError, match="reset_mask"):
            envs.reset(options={"reset_mask": mask})
    envs.reset(seed=0)
    with pytest.raises(UsageError, match=r"actions have shape \(5, 3\), need \(5, 5\)"):
        envs.step(np.zeros((N, 3)))
    actions[1] = np.inf
    envs.step(actions)
    with pytest.raises(ResetNeeded, match="1 environments have ended"):
        envs.step(np.zeros((N, 5)))
    with pytest.raises(UsageError, match="num_envs is 0"):
        gymnasium.make_vec("conncore/Swimmer6-v0", 0)
    with pytest.raises(TypeError, match="draw no pictures"):
        gymnasium.make_vec("conncore/Swimmer6-v0", 2, render_mode="rgb_array")
