"""Every MuJoCo task: members are independent, failures stay alone, options are checked."""

from __future__ import annotations

import importlib
import pickle

import mujoco
import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.tasks import TASKS, make_task
from conncore.tasks.mujoco import MujocoBodies, MujocoTask
from fake_networks import ScriptedNetwork, WaveNetwork, short


def is_body(name):
    module, _, kind = TASKS[name].partition(":")
    return issubclass(getattr(importlib.import_module(module), kind), MujocoTask)


BODIES = sorted(set(filter(is_body, TASKS)) - {"body"})  # which has a file: test_body


@pytest.mark.parametrize("name", BODIES)
def test_a_members_score_is_its_own(name):
    task = short(name, 40)
    rng = np.random.default_rng(0)
    genomes, seeds = rng.normal(size=(13, 2)), list(range(100, 113))
    together = task.evaluate(WaveNetwork(task), genomes, seeds, n_threads=1)
    assert len(set(together)) == 13
    np.testing.assert_array_equal(
        task.evaluate(WaveNetwork(task), genomes, seeds, n_threads=3), together
    )
    order = rng.permutation(13)[:6]
    some = task.evaluate(WaveNetwork(task), genomes[order], [seeds[m] for m in order], n_threads=2)
    np.testing.assert_array_equal(some, together[order])
    alone = task.evaluate(WaveNetwork(task), genomes[4:5], seeds[4])
    assert alone[0] == together[4]


@pytest.mark.parametrize("name", BODIES)
def test_one_seed_starts_all_members_alike(name):
    task = short(name, 10)
    genomes = np.tile([0.3, 0.5], (3, 1))
    shared = task.evaluate(WaveNetwork(task), genomes, seed=8)
    assert len(set(shared)) == 1
    np.testing.assert_array_equal(task.evaluate(WaveNetwork(task), genomes, [8, 8, 8]), shared)
    assert task.evaluate(WaveNetwork(task), genomes, seed=9)[0] != shared[0]


@pytest.mark.parametrize("name", BODIES)
def test_a_split_has_starts_of_its_own(name):
    task = short(name, 1)
    for split, offset in (("train", 0), ("validation", 2**29), ("held-out", 2**30)):
        network = ScriptedNetwork(np.zeros((2, 1, task.n_actions)))
        task.evaluate(network, np.zeros((2, 1)), [8, 9], split=split)
        bodies = task.bodies(2, n_threads=1)
        bodies.reset(*task.initial_states([offset + 8, offset + 9]))
        np.testing.assert_array_equal(network.observations[0], task.observe(bodies))


@pytest.mark.parametrize("name", BODIES)
def test_a_diverging_member_fails_alone(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    task = short(name, 12)  # no walker falls within these steps
    actions = np.random.default_rng(0).uniform(-1, 1, (4, 12, task.n_actions))
    healthy = task.evaluate(ScriptedNetwork(actions), np.zeros((4, 1)), seed=0)
    broken = actions.copy()
    broken[1, 5, 0] = np.nan
    broken[3, 11, -1] = np.inf
    fitness = task.evaluate(ScriptedNetwork(broken), np.zeros((4, 1)), seed=0)
    np.testing.assert_array_equal(fitness, [healthy[0], -np.inf, healthy[2], -np.inf])
    status = np.array([0, 0, 1, 0], dtype=np.uint8)
    fitness = task.evaluate(ScriptedNetwork(actions, status), np.zeros((4, 1)), seed=0)
    np.testing.assert_array_equal(fitness, [*healthy[:2], -np.inf, healthy[3]])
    assert not list(tmp_path.iterdir()), "MuJoCo must not log to the working directory"


def test_a_simulation_that_diverges_is_marked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo logs this one
    task = make_task("swimmer6")
    bodies = MujocoBodies(task.model, 3, task.frame_skip, n_threads=2)
    bodies.reset(*task.initial_states([0, 0, 0]))
    bodies.qvel[1, 4] = 1e12
    bodies.step(np.zeros((3, 5)))
    np.testing.assert_array_equal(bodies.failed, [False, True, False])
    np.testing.assert_array_equal(bodies.qpos[0], bodies.qpos[2])
    bodies.step(np.full((3, 5), [[np.nan], [0.0], [0.0]]))
    np.testing.assert_array_equal(bodies.failed, [True, True, False])
    bodies.reset(*task.initial_states([0, 0, 0]))
    assert not bodies.failed.any()


def tables(task):
    """The tables of a task's docstring by the name of their second column: lists of rows."""
    found, rows = {}, None
    for line in type(task).__doc__.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 1:
            rows = None
        elif rows is None:
            rows = found[cells[1]] = []
        elif set(cells[0]) != {"-"}:
            rows.append(cells)
    return found


def ends_early(task):
    """Whether members can fall: an episode of theirs then ends."""
    bodies = task.bodies(1, n_threads=1)
    bodies.reset(*task.initial_states([0]))
    return task.ends(bodies) is not None


def indices(row):
    first, _, last = row[0].partition("-")
    return range(int(first), int(last or first) + 1)


@pytest.mark.parametrize("name", BODIES)
def test_the_docstring_has_a_row_for_every_observation_and_action(name):
    task = make_task(name)
    found = tables(task)
    assert found.keys() == {"observation", "action"}
    for kind, size in (("observation", task.n_obs), ("action", task.n_actions)):
        assert [i for row in found[kind] for i in indices(row)] == list(range(size))
        assert all(len(row) == 4 and all(row) for row in found[kind])
    for row in found["action"]:
        torque, newton_metre = row[2].split(maxsplit=1)
        assert (newton_metre, row[3]) == ("N m", "-1 to 1")
        for action in indices(row):
            assert task.model.actuator_gear[action, 0] == float(torque)
            assert task.model.actuator_ctrlrange[action].tolist() == [-1, 1]
    doc = " ".join(type(task).__doc__.split())
    end = ", or after a step that" if ends_early(task) else "; never earlier."
    assert f"After {task.n_steps} control steps of {task.dt:g} s{end}" in doc


@pytest.mark.parametrize("name", BODIES)
def test_the_docstring_has_the_observations_that_bodies_give(name):
    """Every position and velocity moves the observation of its row, in its unit."""
    task = make_task(name)
    n_q = task.model.nq
    bodies = task.bodies(1, n_threads=1)
    zero = np.zeros((1, n_q))
    bodies.reset(zero, zero)
    rest = task.observe(bodies)[0]
    for state in range(2 * n_q):
        pushed = np.zeros((1, 2 * n_q))
        pushed[0, state] = 0.1
        bodies.reset(pushed[:, :n_q], pushed[:, n_q:])
        moved = task.observe(bodies)[0] - rest
        (changed,) = np.nonzero(moved)
        assert len(changed) <= 1
        if not len(changed):
            continue
        joint = task.model.jnt_type[state % n_q]
        slides = joint == int(mujoco.mjtJoint.mjJNT_SLIDE)
        unit = ("m" if slides else "rad") + ("" if state < n_q else "/s")
        (row,) = [row for row in tables(task)["observation"] if changed[0] in indices(row)]
        divisor = float(row[1].partition(" over ")[2] or 1) if row[2] == "1" else 1.0
        assert row[2] == (unit if divisor == 1.0 else "1")
        assert moved[changed[0]] == pytest.approx(0.1 / divisor, rel=1e-3)
        limit = np.inf if task.scoring.obs_limit is None else task.scoring.obs_limit[changed[0]]
        bounds = (-limit, limit)
        if state < n_q and task.model.jnt_limited[state]:
            bounds = task.model.jnt_range[state] / divisor
        low, high = row[3].removesuffix(" (soft limits)").split(" to ")
        np.testing.assert_allclose((float(low), float(high)), bounds, atol=1e-3)


@pytest.mark.parametrize("name", [name for name in BODIES if make_task(name).joints])
def test_joints_point_at_angles_velocities_and_motors(name):
    task = make_task(name)
    bodies = task.bodies(1, n_threads=1)
    joints = task.joints
    for k in range(joints.n_joints):
        qpos, qvel = np.zeros(task.model.nq), np.zeros(task.model.nv)
        qpos[3 + k], qvel[3 + k] = task.joint_limits[k], 5.0
        bodies.reset(qpos[None], qvel[None])
        observation = task.observe(bodies)[0]
        angles = observation[joints.angle] * joints.angle_scale
        velocities = observation[joints.velocity] * joints.velocity_scale
        np.testing.assert_allclose(angles, np.eye(joints.n_joints)[k], atol=1e-12)
        np.testing.assert_allclose(velocities, np.eye(joints.n_joints)[k], atol=1e-12)
        assert task.model.actuator_trnid[joints.action[k], 0] == 3 + k


@pytest.mark.parametrize("name", ["swimmer6", "dm-swimmer6"])
def test_angles_alone(name):
    both, alone = make_task(name), make_task(name, observe="angles")
    assert (both.n_obs, alone.n_obs) == (10, 5)
    assert alone.joints.velocity.size == alone.joints.velocity_scale.size == 0
    seeds = [1, 2]
    bodies = both.bodies(2, n_threads=1)
    bodies.reset(*both.initial_states(seeds))
    np.testing.assert_array_equal(alone.observe(bodies), both.observe(bodies)[:, :5])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("swimmer6", {}),
        ("swimmer6", {"observe": "angles"}),
        ("Swimmer-v5", {}),
        ("dm-swimmer6", {}),
        ("HalfCheetah-v5", {}),
        ("HalfCheetah-v5", {"engine": "mujoco"}),
        ("Walker2d-v5", {}),
    ],
)
def test_a_task_is_rebuilt_from_its_description_and_from_a_pickle(name, options):
    task = short(name, 1000, **options)
    assert (task.name, task.n_steps) == (name, 1000)
    assert make_task(**task.describe()).describe() == task.describe()
    clone = pickle.loads(pickle.dumps(task))
    np.testing.assert_array_equal(clone.initial_states([4]), task.initial_states([4]))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"seed": [1, 2]}, "seed has 2 entries for 3 members"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**29}, "seed is 536870912"),
        ({"seed": 0.5}, "seed is 0.5; give a whole number"),
        ({"seed": 0, "split": "test"}, "unknown split 'test'"),
        ({"seed": 0, "n_threads": 0}, "n_threads is 0"),
        ({"seed": 0, "n_threads": 1.5}, "n_threads is 1.5"),
    ],
)
def test_wrong_arguments_say_what_to_do(arguments, said):
    task = make_task("swimmer6")
    with pytest.raises(UsageError, match=said):
        task.evaluate(WaveNetwork(task), np.zeros((3, 2)), **arguments)
