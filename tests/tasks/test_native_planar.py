"""The native engine of planar bodies on a floor against MuJoCo, and against itself."""

from __future__ import annotations

import importlib
import os

import numpy as np
import pytest

from conncore import _kernels
from conncore._planar import PlanarBodies
from conncore.tasks.mujoco import MujocoBodies
from conncore.tasks.native import planar_bodies
from conncore.tasks.planar import read_planar
from planar_models import (
    NAMES,
    gymnasium_model,
    mujoco_steps,
    random_model,
    random_states,
    relative_error,
)

N_RANDOM = int(os.environ.get("CONNCORE_FUZZ", "150"))  # bodies


def bodies_of(model, n_members, isa=None, n_substeps=1, **options):
    """PlanarBodies with the kernels of an instruction set."""
    isa = isa or _kernels.built_for()[0]
    kernels = (
        importlib.import_module(f"conncore._kernels.{name}_{isa}") for name in ("planar", "episode")
    )
    return PlanarBodies(*kernels, read_planar(model), n_members, n_substeps, 1, **options)


def step_once(bodies, qpos, qvel, controls):
    bodies.reset(qpos, qvel)
    bodies.step(controls)
    assert not bodies.failed.any()
    return bodies.qpos, bodies.qvel


@pytest.mark.parametrize("name", NAMES)
def test_one_step_from_random_states_equals_mujoco(name):
    model = gymnasium_model(name)
    states = random_states(model, 1000)
    expected_qpos, expected_qvel, (contacts, limits) = mujoco_steps(model, *states)
    qpos, qvel = step_once(planar_bodies(model, 1000, 1, 1), *states)
    assert contacts > (1.0 if name == "Hopper-v5" else 2.0)
    assert limits > (1.0 if name == "Hopper-v5" else 2.0)
    assert relative_error(qvel, expected_qvel) < 1e-11
    assert relative_error(qpos, expected_qpos) < 1e-11


def test_random_bodies_equal_mujoco():
    """Trees of 1 to 8 links; CONNCORE_FUZZ sets how many."""
    for seed in range(N_RANDOM):
        model = random_model(seed)
        states = random_states(model, 4, seed)
        _, expected, _ = mujoco_steps(model, *states)
        _, qvel = step_once(planar_bodies(model, 4, 1, 1), *states)
        assert relative_error(qvel, expected) < 1e-9, seed


@pytest.mark.parametrize("name", NAMES)
def test_a_gait_equals_mujoco(name):
    """2,500 steps with contacts, in which MuJoCo stays near itself from a start pushed a little."""
    model = gymnasium_model(name)
    start = model.qpos0 + 0.01 * np.random.default_rng(0).standard_normal((1, model.nq))
    pushes = [0.0, 1e-15, -1e-15]
    native, reference = planar_bodies(model, 1, 1, 1), MujocoBodies(model, len(pushes), 1, 1)
    native.reset(start, np.zeros_like(start))
    reference.reset(np.add.outer(pushes, start[0]), np.zeros((len(pushes), model.nv)))
    apart, chaos, travelled = 0.0, 0.0, []
    for t in range(2500):
        control = np.sin(2.0 * model.opt.timestep * t - 0.5 * np.arange(model.nu))
        native.step(control[None])
        reference.step(np.repeat(control[None], len(pushes), axis=0))
        apart = max(apart, np.abs(native.qpos[0] - reference.qpos[0]).max())
        chaos = max(chaos, np.abs(reference.qpos[1:] - reference.qpos[0]).max())
        travelled.append(native.qpos[0])
    assert not native.failed.any()
    assert np.ptp(travelled, axis=0)[3:].min() > 0.1, "the gait must move every joint"
    assert chaos < 1e-9
    assert apart < 1e-8


@pytest.mark.parametrize("name", NAMES)
def test_a_search_along_each_newton_step_finds_the_same_contacts(name):
    """The way out for lanes whose contacts do not settle, taken from the first round on."""
    model = gymnasium_model(name)
    states = random_states(model, 200)
    usual = step_once(bodies_of(model, 200), *states)
    searched = step_once(bodies_of(model, 200, full_rounds=0, max_rounds=20), *states)
    np.testing.assert_array_equal(searched, usual)


@pytest.mark.parametrize("name", NAMES)
def test_contacts_that_are_not_found_are_reported(name):
    """With one round of the solver, members fail or equal MuJoCo: none is approximated."""
    model = gymnasium_model(name)
    states = random_states(model, 200)
    bodies = bodies_of(model, 200, max_rounds=1)
    bodies.reset(*states[:2])
    bodies.step(states[2])
    solved = ~bodies.failed
    assert 10 < solved.sum() < 190
    _, expected, _ = mujoco_steps(model, *states)
    assert relative_error(bodies.qvel[solved], expected[solved]) < 1e-11


def test_a_search_does_not_depend_on_the_body():
    for seed in range(100):
        model = random_model(seed)
        states = random_states(model, 4, seed)
        usual = step_once(bodies_of(model, 4), *states)
        searched = step_once(bodies_of(model, 4, full_rounds=0), *states)
        np.testing.assert_allclose(searched[1], usual[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_all_instruction_sets_agree_to_the_bit(name):
    model = gymnasium_model(name)
    qpos, qvel, controls = random_states(model, 40)
    found = {}
    for isa in _kernels.built_for():
        bodies = bodies_of(model, 40, isa, n_substeps=5)
        bodies.reset(qpos, qvel)
        for _ in range(20):
            bodies.step(controls)
        found[isa] = bodies.qpos.tobytes() + bodies.qvel.tobytes()
    assert len(set(found.values())) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_member_does_not_depend_on_its_company(name):
    model = gymnasium_model(name)
    qpos, qvel, controls = random_states(model, 50)

    def after(members):
        bodies = planar_bodies(model, len(members), 5, 2)
        bodies.reset(qpos[members], qvel[members])
        for _ in range(20):
            bodies.step(controls[members])
        return np.concatenate([bodies.qpos, bodies.qvel], axis=1)

    together = after(np.arange(50))
    order = np.random.default_rng(0).permutation(50)[:19]
    np.testing.assert_array_equal(after(order), together[order])
    np.testing.assert_array_equal(after(order[:1]), together[order[:1]])


def test_a_state_that_is_set_has_no_past():
    """The kernel starts to look for contacts where the last step found them; a reset forgets."""
    model = gymnasium_model("HalfCheetah-v5")
    states = random_states(model, 20)
    bodies = planar_bodies(model, 20, 5, 1)
    first = step_once(bodies, *states)
    np.testing.assert_array_equal(step_once(bodies, *states), first)


def test_a_member_that_diverges_stays_where_it_was_and_fails_alone():
    model = gymnasium_model("HalfCheetah-v5")
    qpos, qvel, controls = random_states(model, 20)
    healthy, broken = planar_bodies(model, 20, 5, 1), planar_bodies(model, 20, 5, 1)
    healthy.reset(qpos, qvel)
    qvel = qvel.copy()
    qvel[7, 4] = 1e12
    broken.reset(qpos, qvel)
    for bodies in (healthy, broken):
        bodies.step(controls)
    assert np.flatnonzero(broken.failed).tolist() == [7]
    others = np.delete(np.arange(20), 7)
    np.testing.assert_array_equal(broken.qpos[others], healthy.qpos[others])
    assert np.isfinite(broken.qpos).all()
