"""The swimmers on MuJoCo: physics and rewards against Gymnasium and dm_control's own XML."""

from __future__ import annotations

import importlib.util
import platform
import re
from pathlib import Path
from types import ModuleType

import gymnasium
import mujoco
import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.tasks import make_task
from conncore.tasks.mjcf import dm_control_swimmer, gymnasium_swimmer
from fake_networks import ScriptedNetwork, short
from rollouts import gymnasium_rollout, sampled_actions

DATA = Path(__file__).parent / "data"

# what geoms that only show or collide change in a model: contacts, and when a body may sleep
LOOKS = re.compile("body_(geom|bvh|con)|dof_length|disableflags")


def assert_same_physics(ours: mujoco.MjModel, theirs: mujoco.MjModel) -> None:
    """Every number about bodies, joints, motors and the solver is the same."""
    fields = [f for f in dir(ours) if re.match("n[qvu]$|qpos|(body|jnt|dof|actuator)_", f)]
    options = [f for f in dir(ours.opt) if not f.startswith("_")]
    assert len(fields) > 80
    assert len(options) > 20
    for a, b, names in ((ours, theirs, fields), (ours.opt, theirs.opt, options)):
        for name in names:
            if not LOOKS.match(name):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def load_dm_control_swimmer() -> ModuleType:
    """tests/data/dm_control_swimmer.py, the script that wrote the reference."""
    spec = importlib.util.spec_from_file_location(
        "dm_control_swimmer", DATA / "dm_control_swimmer.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- Swimmer-v5 is Gymnasium's


@pytest.mark.parametrize("hold", [1, 20])
def test_swimmer_v5_equals_gymnasium_step_by_step(hold):
    task = short("Swimmer-v5", 400, engine="mujoco")
    actions = sampled_actions("Swimmer-v5", 3, task.n_steps, hold)
    seeds = [5, 6, 7]
    network = ScriptedNetwork(actions.astype(np.float64))
    fitness = task.evaluate(network, np.zeros((3, 1)), seeds, n_threads=2)

    bodies = task.bodies(3, n_threads=1)
    bodies.reset(*task.initial_states(seeds))
    rewards = np.array([task.step(bodies, a) for a in network.actions.swapaxes(0, 1)])

    at_limit = 0
    for m, (qpos, qvel) in enumerate(zip(*task.initial_states(seeds), strict=True)):
        expected, expected_rewards = gymnasium_rollout("Swimmer-v5", qpos, qvel, actions[m])
        observed = np.array([o[m] for o in network.observations])
        np.testing.assert_array_equal(observed, expected[:-1])
        np.testing.assert_array_equal(task.observe(bodies)[m], expected[-1])
        np.testing.assert_array_equal(rewards[:, m], expected_rewards)
        assert fitness[m] == sum(expected_rewards)
        at_limit += int((np.abs(expected[:, 1:3]) > np.radians(100)).any(axis=1).sum())
    if hold > 1:
        assert at_limit > 50, "the actions must test the joint limits too"


def test_swimmer_v5_may_start_beyond_its_limits():
    task = make_task("Swimmer-v5", engine="mujoco")
    rng = np.random.default_rng(0)
    qpos = np.array([[0.0, 0.0, 0.5, 2.0, -1.9]])
    qvel = rng.uniform(-3, 3, (1, 5))
    actions = rng.uniform(-1, 1, (50, 2)).astype(np.float32)
    bodies = task.bodies(1, n_threads=1)
    bodies.reset(qpos, qvel)
    ours = [task.observe(bodies)[0]]
    for action in actions:
        task.step(bodies, action[None].astype(np.float64))
        ours.append(task.observe(bodies)[0])
    theirs, _ = gymnasium_rollout("Swimmer-v5", qpos[0], qvel[0], actions)
    np.testing.assert_array_equal(ours, theirs)


def test_swimmer_v5_rounds_actions_to_float32():
    task = short("Swimmer-v5", 20, engine="mujoco")
    actions = np.random.default_rng(0).uniform(-1, 1, (1, 20, 2))
    assert (actions != actions.astype(np.float32)).all()
    fitness = task.evaluate(ScriptedNetwork(actions), np.zeros((1, 1)), seed=3)
    qpos, qvel = task.initial_states([3])
    _, rewards = gymnasium_rollout("Swimmer-v5", qpos[0], qvel[0], actions[0].astype(np.float32))
    assert fitness[0] == sum(rewards)


def test_swimmer_v5_states_have_gymnasiums_range():
    qpos, qvel = make_task("Swimmer-v5").initial_states(range(500))
    for values in (qpos, qvel):
        assert values.shape == (500, 5)
        assert -0.1 <= values.min() < -0.09
        assert 0.09 < values.max() <= 0.1
        assert abs(values.mean()) < 0.01


def test_gymnasium_body_is_gymnasiums():
    ours = mujoco.MjModel.from_xml_string(gymnasium_swimmer(3))
    assert_same_physics(ours, gymnasium.make("Swimmer-v5").unwrapped.model)


# --- swimmer6: Gymnasium's body, longer


def test_further_links_repeat_the_last():
    three, six = (mujoco.MjModel.from_xml_string(gymnasium_swimmer(n)) for n in (3, 6))
    assert (six.nbody, six.njnt, six.nu) == (7, 8, 5)
    for field in ("body_pos", "body_ipos", "body_mass", "body_inertia"):
        long, last = getattr(six, field)[3:], getattr(three, field)[3]
        np.testing.assert_array_equal(long, np.broadcast_to(last, long.shape), err_msg=field)
    np.testing.assert_array_equal(six.jnt_range[3:], np.tile(np.radians([-100, 100]), (5, 1)))


def test_swimmer6_reward_and_observation():
    task = short("swimmer6", 60, engine="mujoco")
    network = ScriptedNetwork(np.random.default_rng(0).uniform(-1, 1, (2, 60, 5)))
    fitness = task.evaluate(network, np.zeros((2, 1)), seed=[1, 2])
    data = mujoco.MjData(task.model)
    for m, (qpos, qvel) in enumerate(zip(*task.initial_states([1, 2]), strict=True)):
        mujoco.mj_resetData(task.model, data)
        data.qpos[:], data.qvel[:] = qpos, qvel
        mujoco.mj_forward(task.model, data)
        for t in range(60):
            expected = np.concatenate([data.qpos[3:] / np.radians(100), data.qvel[3:]])
            np.testing.assert_array_equal(network.observations[t][m], expected)
            data.ctrl[:] = network.actions[m, t]
            mujoco.mj_step(task.model, data, nstep=4)
        # the rewards telescope to the distance over dt
        assert fitness[m] == pytest.approx((data.qpos[0] - qpos[0]) / 0.04, rel=1e-9)


# --- dm-swimmer6: dm_control's body


def assert_follows(reference, *, exact: bool) -> None:
    """Our body under the reference's controls goes where dm_control's went."""
    task = make_task("dm-swimmer6", engine="mujoco")
    bodies = task.bodies(1, n_threads=1)
    bodies.reset(reference["qpos"][:1], reference["qvel"][:1])
    n_steps = len(reference["controls"]) if exact else 20
    for t in range(n_steps):
        reward = task.step(bodies, reference["controls"][t : t + 1])
        ours = np.concatenate([bodies.qpos[0], bodies.qvel[0]])
        theirs = np.concatenate([reference["qpos"][t + 1], reference["qvel"][t + 1]])
        if exact:
            np.testing.assert_array_equal(ours, theirs, err_msg=f"step {t}")
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9, err_msg=f"step {t}")
        speed = -reference["head_velocity"][t, 1]
        assert task.head_speed(bodies)[0] == pytest.approx(speed, rel=1e-6, abs=1e-9)
        assert reward[0] == pytest.approx(min(max(speed / 0.1, 0.0), 1.0), rel=1e-6, abs=1e-8)
    limits = np.abs(reference["qpos"][:, 3:]) > task.joint_limits
    assert limits.any(axis=1).sum() > 100, "the reference must test the joint limits too"


def test_dm_swimmer6_follows_the_reference():
    """Exact on the MuJoCo and machine that wrote the reference, close on others."""
    with np.load(DATA / "dm_swimmer6.npz") as reference:
        exact = (reference["mujoco"], reference["machine"]) == (
            mujoco.__version__,
            platform.machine(),
        )
        assert_follows(dict(reference), exact=exact)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dm_swimmer6_equals_dm_controls_own_model(seed):
    """Exact on any MuJoCo: both models are stepped here."""
    script = load_dm_control_swimmer()
    suite = script.find_suite()
    if suite is None:
        pytest.skip("dm_control is not installed (pip install --no-deps dm_control)")
    assert_follows(script.roll_out(script.compile_swimmer(suite, 6), seed), exact=True)


@pytest.mark.parametrize("n_links", [3, 6, 15])
def test_dm_control_body_is_dm_controls(n_links):
    script = load_dm_control_swimmer()
    suite = script.find_suite()
    if suite is None:
        pytest.skip("dm_control is not installed (pip install --no-deps dm_control)")
    ours = mujoco.MjModel.from_xml_string(dm_control_swimmer(n_links))
    assert_same_physics(ours, script.compile_swimmer(suite, n_links))


def test_dm_swimmer6_starts_anywhere_within_its_limits():
    task = make_task("dm-swimmer6")
    qpos, qvel = task.initial_states(range(500))
    assert not qvel.any()
    assert not qpos[:, :2].any()
    assert np.radians(170) < np.abs(qpos[:, 2]).max() <= np.pi
    assert np.radians(58) < np.abs(qpos[:, 3:]).max() <= np.radians(60)


def test_a_swimmer_has_at_least_two_links():
    with pytest.raises(UsageError, match="at least 2 links"):
        gymnasium_swimmer(1)
