"""The native engine against MuJoCo, and against itself in other company."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

import conncore as cc
from conncore import _kernels
from conncore.errors import UsageError
from conncore.tasks import make_task
from conncore.tasks.mjcf import dm_control_swimmer, gymnasium_swimmer
from conncore.tasks.mujoco import MujocoBodies
from conncore.tasks.native import native_bodies
from fake_networks import ScriptedNetwork, short

NAMES = ("Swimmer-v5", "swimmer6", "dm-swimmer6")
BODIES = [
    pytest.param(make, skip, n, id=f"{make.__name__}-{n}")
    for make, skip, sizes in (
        (gymnasium_swimmer, 4, (2, 3, 4, 6, 10)),
        (dm_control_swimmer, 15, (2, 4, 6, 10)),
    )
    for n in sizes
]


def exact_model(mjcf: str) -> mujoco.MjModel:
    """The model with a solver that goes on to the end: by default MuJoCo's may stop with up to
    1e-8 of the cost to go, which is 1e-6 in the angles of dm_control's swimmer of 10 links."""
    model = mujoco.MjModel.from_xml_string(mjcf)
    model.opt.tolerance = 0.0
    return model


def sine(n_steps: int, n_joints: int) -> np.ndarray:
    """Full torque, a wave that runs from head to tail: (n_steps, n_joints)."""
    return np.sin(0.1 * np.arange(n_steps)[:, None] - 1.2 * np.arange(n_joints))


def roll_out(bodies, controls) -> np.ndarray:
    """qpos of all members after every step of (n_steps, n_members, nu): (n_steps, n, nq)."""
    positions = []
    for control in controls:
        bodies.step(control)
        positions.append(bodies.qpos.copy())
    assert not bodies.failed.any()
    return np.array(positions)


def both_engines(model, skip, controls, pushes=(0.0,)):
    """qpos of the native engine, and of MuJoCo from each of several starts pushed a little."""
    start = np.zeros((1, model.nq))
    native = native_bodies(model, 1, skip, 1)
    native.reset(start, start)
    reference = MujocoBodies(model, len(pushes), skip, 1)
    reference.reset(np.add.outer(pushes, start[0]), np.zeros((len(pushes), model.nv)))
    moved = roll_out(native, controls[:, None])[:, 0]
    return moved, roll_out(reference, np.repeat(controls[:, None], len(pushes), axis=1))


@pytest.mark.parametrize(("make", "skip", "n_links"), BODIES)
def test_a_gait_equals_mujoco(make, skip, n_links):
    model = exact_model(make(n_links))
    ours, theirs = both_engines(model, skip, sine(500, n_links - 1))
    np.testing.assert_allclose(ours, theirs[:, 0], rtol=0, atol=1e-10)
    beyond = (np.abs(theirs[:, 0, 3:]) > model.jnt_range[3:, 1]).any(axis=1)
    assert beyond.sum() >= 50, "the gait must test the joint limits too"


@pytest.mark.parametrize("name", NAMES)
def test_a_gait_equals_mujoco_as_the_tasks_set_it_up(name):
    task = make_task(name)
    controls = sine(500, task.n_actions)
    ours, theirs = both_engines(task.model, task.frame_skip, controls)
    np.testing.assert_allclose(ours, theirs[:, 0], rtol=0, atol=1e-10)
    assert (np.abs(theirs[:, 0, 3:]) > task.joint_limits).any(axis=1).sum() >= 50


@pytest.mark.parametrize(("make", "skip", "n_links"), BODIES)
def test_random_torques_drift_apart_no_faster_than_mujoco_from_itself(make, skip, n_links):
    controls = np.concatenate(
        [
            sine(500, n_links - 1),
            np.random.default_rng(0).uniform(-1, 1, (500, n_links - 1)),
        ]
    )
    pushes = [0.0, 1e-15, -1e-15, 3e-15]
    ours, theirs = both_engines(exact_model(make(n_links)), skip, controls, pushes)
    apart = np.abs(ours - theirs[:, 0]).max()
    chaos = np.abs(theirs[:, 1:] - theirs[:, :1]).max()
    assert apart < max(1e-6, 10 * chaos)
    assert apart < 1e-3


def test_limits_may_be_uneven_missing_and_exceeded_at_the_start():
    mjcf = (
        gymnasium_swimmer(4)
        .replace('range="-100 100"', 'range="-20 60" solimplimit=".3 .9 .2 .4 2"', 1)
        .replace('limited="true" range="-100 100"', "", 1)
        .replace('<body name="link3" pos="-1 0 0"', '<body name="link3" pos="-1 0 0" euler="0 0 9"')
    )
    model = exact_model(mjcf)
    assert list(model.jnt_limited[3:]) == [1, 0, 1]
    rng = np.random.default_rng(3)
    qpos, qvel = np.array([[0, 0, 2.0, 1.3, 2.5, -2.1]]), rng.uniform(-2, 2, (1, 6))
    controls = rng.uniform(-2, 2, (100, 1, 3))  # beyond the control range too
    found = []
    for engine in (native_bodies, MujocoBodies):
        bodies = engine(model, 1, 4, 1)
        bodies.reset(qpos, qvel)
        found.append(roll_out(bodies, controls))
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-9)


def test_a_heading_of_many_turns():
    """Sines and cosines stay exact: a swimmer does not care how often it has turned."""
    task = make_task("swimmer6")
    turns = 2.0 * np.pi * np.array([0.0, 1.0, -7.0, 1500.0, -1590.0])
    bodies = native_bodies(task.model, len(turns), task.frame_skip, 1)
    qpos = np.full((len(turns), task.model.nq), 0.3)
    qpos[:, 2] += turns
    bodies.reset(qpos, np.zeros_like(qpos))
    qpos = roll_out(bodies, np.repeat(sine(50, 5)[:, None], len(turns), axis=1))
    qpos[:, :, 2] -= turns
    # the angle itself is rounded to 2e-12 at 1e4
    np.testing.assert_allclose(qpos, qpos[:, :1].repeat(len(turns), axis=1), rtol=0, atol=2e-10)


def test_a_fast_spin_equals_mujoco():
    """Turns too large for the series that carries sines from step to step."""
    model = exact_model(gymnasium_swimmer(3))
    qvel = np.array([[0.0, 0.0, 20.0, -10.0, 13.0]])
    found = []
    for engine in (native_bodies, MujocoBodies):
        bodies = engine(model, 1, 1, 1)
        bodies.reset(np.zeros((1, 5)), qvel)
        found.append(roll_out(bodies, np.zeros((20, 1, 2))))
    assert 0.5 * model.opt.timestep * qvel[0, 2:].sum() > 0.1, "the last link must turn far"
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-11)


def test_sines_and_cosines():
    angles = np.concatenate(
        [
            np.random.default_rng(0).uniform(-1e4, 1e4, 20_000),
            np.pi / 4 * np.arange(-13_000, 13_000),
            10.0 ** np.arange(-300, 5),
            [0.0, -0.0, 1e5, -1e6],
        ]
    )
    sine, cosine = _kernels.load("swimmer").sines_and_cosines(angles)
    np.testing.assert_allclose(sine, np.sin(angles), rtol=0, atol=3e-16)
    np.testing.assert_allclose(cosine, np.cos(angles), rtol=0, atol=3e-16)


# --- closed loop


@pytest.fixture(scope="module")
def worm():
    return cc.load("celegans-haspel2011")


def seeds(n_members: int) -> list[int]:
    return list(range(10, 10 + n_members))


@pytest.mark.parametrize("neuron", ["relu", "alif"])
@pytest.mark.parametrize("name", NAMES)
def test_returns_equal_mujocos(worm, name, neuron):
    """All do where MuJoCo's solver goes on to the end; see `exact_model`."""
    native, reference = short(name, 100), short(name, 100, engine="mujoco")
    network = cc.Network(worm, native, neuron=neuron)
    genomes = network.random_genomes(40, seed=1)
    ours = native.evaluate(network, genomes, seeds(40), n_threads=1)
    theirs = reference.evaluate(network, genomes, seeds(40), n_threads=1)
    assert np.ptp(ours) > 1.0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-2)
    assert np.sum(np.abs(ours - theirs) < 1e-6) >= 28
    reference.model.opt.tolerance = 0.0
    theirs = reference.evaluate(network, genomes, seeds(40), n_threads=1)
    # one spike may flip where a cell meets its threshold to the last bit
    assert np.sum(np.abs(ours - theirs) < 1e-6) >= 38


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sense", ["angles+velocities", "angles"])
def test_compiled_episodes_equal_the_steps_they_are_made_of(worm, name, sense):
    options = {} if name == "Swimmer-v5" else {"observe": sense}
    task = short(name, 60, **options)
    network = cc.Network(worm, task, neuron="relu")
    genomes = network.random_genomes(20, seed=2)
    networks = network.policy(genomes, n_threads=1)

    class Stepwise:
        status, reset, act = networks.status, networks.reset, networks.act

        def policy(self, genomes, n_threads=None):
            return self

    whole = task.evaluate(network, genomes, seeds(20), n_threads=1)
    steps = task.evaluate(Stepwise(), genomes, seeds(20), n_threads=1)
    if name == "dm-swimmer6":  # its reward needs a sine, which NumPy rounds otherwise
        np.testing.assert_allclose(whole, steps, rtol=1e-12)
    else:
        np.testing.assert_array_equal(whole, steps)


@pytest.mark.parametrize("name", NAMES)
def test_a_score_does_not_depend_on_the_company(worm, name):
    task = short(name, 50)
    network = cc.Network(worm, task)
    genomes = network.random_genomes(50, seed=3)
    together = task.evaluate(network, genomes, seeds(50), n_threads=1)
    assert len(set(together)) >= 40
    threaded = task.evaluate(network, genomes, seeds(50), n_threads=3)
    np.testing.assert_array_equal(threaded, together)
    order = np.random.default_rng(0).permutation(50)[:19]
    some = task.evaluate(network, genomes[order], [seeds(50)[m] for m in order], n_threads=2)
    np.testing.assert_array_equal(some, together[order])
    alone = task.evaluate(network, genomes[33:34], seeds(50)[33])
    assert alone[0] == together[33]


def test_all_instruction_sets_agree_to_the_bit(worm, monkeypatch):
    task = short("swimmer6", 50)
    network = cc.Network(worm, task)
    genomes = network.random_genomes(20, seed=3)
    fitness = {}
    for isa in _kernels.built_for():
        monkeypatch.setenv("CONNCORE_ISA", isa)
        _kernels.load.cache_clear()
        fitness[isa] = tuple(task.evaluate(network, genomes, seeds(20), n_threads=1))
    _kernels.load.cache_clear()
    assert len(set(fitness.values())) == 1


# --- members that diverge


@pytest.mark.parametrize("name", NAMES)
def test_a_diverging_member_stays_where_it_was(name):
    task = make_task(name)
    rng = np.random.default_rng(0)
    qpos, qvel = task.initial_states(range(5))
    controls = rng.uniform(-1, 1, (12, 5, task.n_actions))
    healthy, broken = (task.bodies(5, 1) for _ in range(2))
    for bodies in (healthy, broken):
        bodies.reset(qpos, qvel)
    for t, control in enumerate(controls):
        if t == 6:
            before = broken.qpos.copy()
        healthy.step(control)
        broken.step(np.where((t == 6) & (np.arange(5) == 3), np.nan, control.T).T)
    np.testing.assert_array_equal(broken.failed, [False, False, False, True, False])
    others = [0, 1, 2, 4]
    np.testing.assert_array_equal(broken.qpos[others], healthy.qpos[others])
    np.testing.assert_array_equal(broken.qpos[3], before[3])
    broken.reset(qpos, qvel)
    assert not broken.failed.any()


def test_a_simulation_that_explodes_fails_alone():
    task = make_task("swimmer6")
    qpos, qvel = task.initial_states([0, 0, 0])
    bodies = task.bodies(3, 1)
    qvel[1, 4] = 1e9
    bodies.reset(qpos, qvel)
    bodies.step(np.zeros((3, 5)))
    np.testing.assert_array_equal(bodies.failed, [False, True, False])
    assert np.isfinite(bodies.qpos).all()
    qvel[1, 4] = np.inf
    bodies.reset(qpos, qvel)
    np.testing.assert_array_equal(bodies.failed, [False, True, False])


def test_a_network_that_diverges_scores_minus_infinity():
    task = short("swimmer6", 20)
    actions = np.zeros((20, 20, 5))
    actions[7, 5, 2] = np.nan
    scores = task.evaluate(ScriptedNetwork(actions), np.zeros((20, 1)), 0, n_threads=1)
    assert scores[7] == -np.inf
    assert np.isfinite(np.delete(scores, 7)).all()


def test_open_loop_actions_run_as_they_step():
    task = make_task("swimmer6")
    actions = np.random.default_rng(0).uniform(-1, 1, (21, 30, 5))
    bodies = task.bodies(21, 2)
    start = task.initial_states(range(21))
    bodies.reset(*start)
    returns = bodies.run(actions, task.scoring, 30)
    ended = bodies.qpos
    bodies.reset(*start)
    rewards = [task.step(bodies, actions[:, t]) for t in range(30)]
    np.testing.assert_array_equal(ended, bodies.qpos)
    np.testing.assert_array_equal(returns, np.add.accumulate(rewards)[-1])


def test_wrong_shapes_are_refused(worm):
    task = make_task("swimmer6")
    bodies = task.bodies(3, 1)
    with pytest.raises(UsageError, match=r"need \(3, 8\)"):
        bodies.reset(np.zeros((3, 7)), np.zeros((3, 8)))
    with pytest.raises(UsageError, match=r"need \(3, 5\)"):
        bodies.step(np.zeros((4, 5)))
    with pytest.raises(UsageError, match=r"need \(3, 10, 5\)"):
        bodies.run(np.zeros((3, 9, 5)), task.scoring, 10)
    network = cc.Network(worm, make_task("Swimmer-v5"))
    policy = network.policy(network.random_genomes(3), n_threads=1)
    with pytest.raises(UsageError, match="policy has"):
        bodies.run(policy, task.scoring, 10)
    with pytest.raises(UsageError, match="n_substeps is 0"):
        native_bodies(task.model, 3, 0, 1)
