"""Environments that people bring: faulty ones are named in one line, unusual spaces work."""

from __future__ import annotations

import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import conncore as cc
from conncore.errors import CheckpointError, ConncoreError, UnseededWarning, UsageError
from conncore.tasks import make_task
from conncore.tasks.spaces import check_observed, decoder, flatten


def test_gymnasiums_own_bodies_name_the_extra_that_they_need(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("gymnasium.envs.mujoco")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "glfw", None)
    with pytest.raises(UsageError, match=r"'Ant-v5'.*pip install 'conncore\[mujoco\]'"):
        make_task("Ant-v5")


class Sound(gymnasium.Env):
    """Two numbers in, two actions; the faulty environments below change one method."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    action_space = spaces.Discrete(2)
    observed = np.zeros(2, dtype=np.float32)
    reward = 1.0

    def __init__(self, size=1.0):
        self.size = size

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, dtype=np.float32), {}

    def step(self, action):
        reward = self.reward if self.reward is None else np.multiply(self.reward, self.size)
        return self.observed, reward, False, False, {}


class NanObservation(Sound):
    observed = np.full(2, np.nan, dtype=np.float32)


class NanReward(Sound):
    reward = np.nan


class InfiniteLoss(Sound):
    reward = -np.inf


class ArrayReward(Sound):
    reward = np.ones(1)


class NoReward(Sound):
    reward = None


class WrongShape(Sound):
    observed = np.float32(0.5)


class WrongType(Sound):
    observed = "left"


class OldReset(Sound):
    def reset(self):
        return np.zeros(2, dtype=np.float32)


class ResetReturnsNoInfo(Sound):
    def reset(self, *, seed=None, options=None):
        return np.zeros(2, dtype=np.float32)


class OldStep(Sound):
    def step(self, action):
        return np.zeros(2, dtype=np.float32), 0.0, False, {}


class RaisesInInit(Sound):
    def __init__(self):
        raise OSError("no\nlicence")


class RaisesInStep(Sound):
    def step(self, action):
        raise KeyError("joint")


class ResetWithoutOptions(Sound):
    def reset(self, seed=None):
        return np.zeros(2, dtype=np.float32), {}


class Unseeded(Sound):
    def step(self, action):
        return self.observed, float(np.random.random()), False, False, {}  # noqa: NPY002


def small_network(task):
    return cc.Network(cc.load("celegans-haspel2011"), task, io="dense")


def small_run(task, **options):
    return cc.evolve(
        small_network(task),
        task,
        cc.GA(population_size=4, n_elites=2),
        2,
        0,
        progress=False,
        **options,
    )


@pytest.mark.parametrize(
    ("environment", "cause"),
    [(NanObservation, "observation"), (NanReward, "reward"), (InfiniteLoss, "reward")],
)
def test_a_run_stops_where_no_member_has_a_finite_fitness(environment, cause):
    task = make_task(environment, max_steps=5)
    with pytest.raises(ConncoreError, match=rf"first generation.*not finite: {cause} \(\d+ mem"):
        small_run(task)


def test_a_reward_may_be_an_array_of_one_number():
    task = make_task(ArrayReward, max_steps=5)
    assert small_run(task).best.scores.max() == 5.0


@pytest.mark.parametrize(
    ("environment", "said", "cause"),
    [
        (NoReward, "step returned the reward None", None),
        (WrongShape, r"step returned an observation that has the shape \(\)", ValueError),
        (WrongType, "step returned an observation that is of type str", ValueError),
        (OldReset, "reset raised TypeError: .*'seed'.*seed=None, options=None", TypeError),
        (ResetReturnsNoInfo, "reset returned a ndarray; Gymnasium's reset", None),
        (OldStep, "step returned a tuple of 4 values; Gymnasium's step", None),
        (RaisesInInit, "__init__ raised OSError: no licence", OSError),
        (RaisesInStep, "step raised KeyError: 'joint'", KeyError),
    ],
)
def test_a_wrong_environment_is_one_line(environment, said, cause):
    with pytest.raises(UsageError, match=f"environment '{environment.__name__}': {said}") as caught:
        make_task(environment)
    assert "\n" not in str(caught.value)
    assert cause is None or isinstance(caught.value.__cause__, cause)


def test_a_registered_environment_whose_reset_has_no_options_is_one_line():
    gymnasium.register("conncore-test/NoOptions-v0", ResetWithoutOptions)
    try:
        with pytest.raises(UsageError, match=r"NoOptions-v0': reset raised TypeError: .*'options'"):
            make_task("conncore-test/NoOptions-v0")
    finally:
        del gymnasium.registry["conncore-test/NoOptions-v0"]


def test_unseeded_random_numbers_are_noticed():
    with pytest.warns(UnseededWarning, match=r"'Unseeded' differs .* self\.np_random"):
        make_task(Unseeded)


def test_seeded_environments_are_not_warned_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnseededWarning)
        for name in ("CartPole-v1", "Pendulum-v1", "FrozenLake-v1", "Blackjack-v1"):
            make_task(name)


BOX = spaces.Box(-5, 5, (2, 2), np.float32)


@pytest.mark.parametrize(
    "space",
    [
        BOX,
        spaces.Discrete(4, start=2),
        spaces.MultiDiscrete([3, 2]),
        spaces.MultiBinary(3),
        spaces.Tuple([spaces.Discrete(3), BOX]),
        spaces.Dict({"b": BOX, "a": spaces.Tuple([spaces.MultiBinary(2), spaces.Discrete(2)])}),
    ],
)
def test_spaces_flatten_as_gymnasium_does_and_actions_belong_to_them(space):
    check_observed(space, "x")
    space.seed(3)
    decode = decoder(space, "x", 1.0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        value = space.sample()
        np.testing.assert_array_equal(flatten(space, value), spaces.flatten(space, value))
        actions = decode(rng.uniform(-1, 1, (3, spaces.flatdim(space))))
        assert len(actions) == 3
        assert all(action in space for action in actions)


def test_other_observations_name_the_wrapper():
    with pytest.raises(UsageError, match=r"observes Text.*wrappers\.TransformObservation"):
        check_observed(spaces.Tuple([BOX, spaces.Text(5)]), "x")


def test_unbounded_actions_are_scaled_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decode = decoder(spaces.Box(-np.inf, np.inf, (2,), np.float64), "x", 3.0)
        np.testing.assert_array_equal(decode(np.array([[-1.0, 0.5]])), [[-3.0, 1.5]])


def test_arguments_reach_the_environment():
    task = make_task("FrozenLake-v1", is_slippery=False, map_name="8x8")
    assert task.n_obs == 64
    assert make_task(**task.describe()).describe() == task.describe()
    assert make_task(Sound, size=2.0, max_steps=3).describe()["size"] == 2.0


def test_a_run_of_a_class_resumes_only_with_its_task(tmp_path):
    task = make_task(Sound, max_steps=3)
    small_run(task, out=tmp_path / "run")
    with pytest.raises(CheckpointError, match=r"pass the task itself: task=make_task\(\.\.\.\)"):
        cc.load_run(tmp_path / "run")
    assert cc.load_run(tmp_path / "run", task=task).task is task
