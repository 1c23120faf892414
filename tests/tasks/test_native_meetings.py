"""Links that meet each other: the kernel finds all of these, and MuJoCo takes the member over."""

from __future__ import annotations

from importlib.resources import files

import mujoco
import numpy as np
import pytest

from conncore.catalog.shipped import load
from conncore.network.network import Network
from conncore.tasks import make_task
from conncore.tasks.native import SwitchedBodies, planar_bodies
from planar_models import exact, gymnasium_model, random_model, random_states


def bent_states(model, n_states):
    """States far above the floor, with the joints anywhere within their limits and beyond."""
    qpos, qvel, controls = random_states(model, n_states)
    qpos[:, 1] += 5.0
    qpos[:, 3:] = np.random.default_rng(1).uniform(-2.8, 0.8, (n_states, model.nq - 3))
    return qpos, qvel, controls


def meets_in_mujoco(model, qpos):
    data = mujoco.MjData(model)
    found = []
    for row in qpos:
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        mujoco.mj_collision(model, data)
        found.append(any(0 not in model.geom_bodyid[contact.geom] for contact in data.contact))
    return np.array(found)


def test_the_kernel_finds_the_meetings_that_mujoco_finds():
    """Random trees of capsules and spheres, in planes that are a little apart, with margins."""
    n_met = 0
    for seed in range(20):
        model = random_model(seed, meet=True)
        model.opt.integrator = mujoco.mjtIntegrator.mjINT_EULER  # looks once a step
        qpos, qvel, controls = random_states(model, 40, seed)
        bodies = planar_bodies(model, 40, 1, 1)
        expected = meets_in_mujoco(model, qpos)
        n_met += expected.sum()
        if not isinstance(bodies, SwitchedBodies):
            assert not expected.any()
            continue
        bodies.reset(qpos, qvel)
        bodies.step(controls)
        np.testing.assert_array_equal(bodies.native.met, expected)
    assert 100 < n_met < 700


def test_hoppers_that_meet_themselves_step_as_in_mujoco():
    model = gymnasium_model("Hopper-v5")
    qpos, qvel, controls = bent_states(model, 300)
    bodies = planar_bodies(model, 300, 4, 1)
    bodies.reset(qpos, qvel)
    data = mujoco.MjData(model)
    expected = []
    for row in zip(qpos, qvel, controls, strict=True):
        mujoco.mj_resetData(model, data)
        data.qpos[:], data.qvel[:], data.ctrl[:] = row
        mujoco.mj_step(model, data, 4)
        expected.append(data.qvel.copy())
    bodies.step(controls)
    at_once = meets_in_mujoco(model, qpos)
    assert 20 < at_once.sum() < 200
    assert set(np.flatnonzero(at_once)) <= set(bodies.switched)
    np.testing.assert_allclose(bodies.qvel, expected, rtol=1e-9, atol=1e-9)


def test_a_reset_gives_a_member_back_to_the_kernel():
    model = gymnasium_model("Hopper-v5")
    qpos, qvel, controls = bent_states(model, 50)
    bodies = planar_bodies(model, 50, 1, 1)
    bodies.reset(qpos, qvel)
    bodies.step(controls)
    first, second, *_ = bodies.switched
    standing = np.tile(model.qpos0, (50, 1))
    bodies.reset(standing, np.zeros_like(qvel), np.arange(50) == first)
    assert first not in bodies.switched
    assert second in bodies.switched
    np.testing.assert_array_equal(bodies.qpos[first], model.qpos0)
    bodies.step(controls)
    assert not bodies.failed.any()


@pytest.fixture(scope="module")
def thick(tmp_path_factory):
    """A hopper with a foot so thick that it meets the thigh often, and its network."""
    text = (files("gymnasium") / "envs" / "mujoco" / "assets" / "hopper.xml").read_text()
    for old, new in (('-0.065 0 0.1"', '-0.065 0 0.28"'), ('"0.06 0.195"', '"0.24 0.195"')):
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path_factory.mktemp("thick") / "thick.xml"
    path.write_text(text)

    def task(engine):
        made = make_task(str(path), engine=engine, max_steps=60, lowest=0.7, steepest=0.2)
        exact(made.model).opt.iterations = 20  # enough here, and quick
        return made

    net = Network(load("celegans-haspel2011"), task("native"), neuron="relu", io="dense")
    return task, net, net.random_genomes(64, seed=1)


def test_episodes_in_which_links_meet_run_again(thick):
    make, net, genomes = thick
    native, seeds = make("native"), list(range(64))
    fitness = native.evaluate(net, genomes, seeds, n_threads=2)
    assert 5 < native.n_repeated < 64
    reference = make("mujoco").evaluate(net, genomes, seeds, n_threads=1)
    np.testing.assert_allclose(fitness, reference, rtol=1e-8)
    # step by step, member by member and again: the same bits
    np.testing.assert_array_equal(native.episode(*native.prepare(net, genomes, seeds, 1)), fitness)
    np.testing.assert_array_equal(native.evaluate(net, genomes[::-1], seeds[::-1]), fitness[::-1])
    np.testing.assert_array_equal(
        [native.evaluate(net, genomes[k : k + 1], seeds[k])[0] for k in range(8)], fitness[:8]
    )
