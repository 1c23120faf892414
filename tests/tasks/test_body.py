"""A body of one's own: what its file gives, and which files are refused."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from conncore.catalog.shipped import load
from conncore.errors import UsageError
from conncore.evolution.evolve import evolve
from conncore.evolution.restore import load_run
from conncore.network.network import Network
from conncore.optimizers import ES
from conncore.tasks import make_task
from conncore.tasks.mjcf import gymnasium_swimmer
from planar_models import exact, random_mjcf

HOPPER = files("gymnasium") / "envs" / "mujoco" / "assets" / "hopper.xml"
ANT = files("gymnasium") / "envs" / "mujoco" / "assets" / "ant.xml"


@pytest.fixture
def tree(tmp_path):
    path = tmp_path / "tree.xml"
    path.write_text(random_mjcf(5, 4))
    return path


def network(task, neuron="relu"):
    return Network(load("celegans-haspel2011"), task, neuron=neuron, io="dense")


def test_gymnasiums_hopper_is_the_task_of_that_name_but_for_its_bonus():
    ours = make_task(str(HOPPER), frame_skip=4, control_cost=1e-3, lowest=0.7, steepest=0.2)
    theirs = make_task("Hopper-v5")
    assert (ours.n_obs, ours.n_actions, ours.dt) == (theirs.n_obs, theirs.n_actions, theirs.dt)
    for mine, its in zip(ours.initial_states([1]), theirs.initial_states([1]), strict=True):
        np.testing.assert_array_equal(mine, its)
    net = network(theirs)
    genomes = net.random_genomes(20, seed=1)
    lengths = []
    for task in (ours, theirs):
        bodies, policy = task.prepare(net, genomes, list(range(20)), 1)
        going, n_steps = np.ones(20, dtype=bool), np.zeros(20)
        for _ in range(100):
            task.step(bodies, policy.act(task.observe(bodies)))
            going &= ~task.ends(bodies)
            n_steps += going
        lengths.append(n_steps)
    assert len(set(lengths[0])) > 5
    np.testing.assert_array_equal(*lengths)
    bonus = theirs.evaluate(net, genomes, 3) - ours.evaluate(net, genomes, 3)
    np.testing.assert_allclose(bonus, np.round(bonus), atol=1e-9)
    assert bonus.max() > 20


@pytest.mark.parametrize("xml", [random_mjcf(5, 4), gymnasium_swimmer(4)])
def test_both_kinds_of_native_bodies_equal_mujoco(tmp_path, xml):
    path = tmp_path / "body.xml"
    path.write_text(xml)
    native = make_task(str(path), max_steps=50, frame_skip=2)
    reference = make_task(str(path), max_steps=50, frame_skip=2, engine="mujoco")
    exact(reference.model)
    net = network(native)
    genomes = net.random_genomes(16, seed=1)
    ours = native.evaluate(net, genomes, list(range(16)))
    assert np.ptp(ours) > 0.01
    np.testing.assert_allclose(ours, reference.evaluate(net, genomes, list(range(16))), rtol=1e-6)


def test_a_swimmer_does_not_see_where_it_is(tmp_path):
    path = tmp_path / "swimmer.xml"
    path.write_text(gymnasium_swimmer(3))
    mine, its = make_task(str(path), frame_skip=4, noise=0.1), make_task("Swimmer-v5")
    bodies, other = mine.bodies(3, 1), its.bodies(3, 1)
    bodies.reset(*mine.initial_states([1, 2, 3]))
    other.reset(*its.initial_states([1, 2, 3]))
    np.testing.assert_array_equal(mine.observe(bodies), its.observe(other))


def test_a_free_body_runs_on_mujoco_and_the_kernels_say_why_they_do_not():
    with pytest.raises(UsageError, match=r"not a planar body .*; use engine=.mujoco."):
        make_task(str(ANT))
    task = make_task(str(ANT), engine="mujoco", max_steps=5)
    assert task.n_obs == 13 + 14
    net = network(task)
    assert np.isfinite(task.evaluate(net, net.random_genomes(2), 0)).all()


def test_control_ranges_become_plus_minus_one(tree):
    text = tree.read_text()
    wide = tree.with_name("wide.xml")
    wide.write_text(text.replace('ctrlrange="-1 1"', 'ctrlrange="-4 4"'))
    net = network(make_task(str(tree)))
    actions = np.random.default_rng(0).uniform(-1.5, 1.5, (1, 1, 3))
    after = []
    for path, scale in ((tree, 1.0), (wide, 0.25)):
        for engine in ("native", "mujoco"):
            task = make_task(str(path), engine=engine)
            if scale != 1.0:
                task.model.actuator_gainprm[:, 0] *= scale
            bodies = task.bodies(1, 1)
            bodies.reset(*task.initial_states([1]))
            task.step(bodies, actions[0])
            after.append(bodies.qvel[0])
    assert net.task is not None
    for other in after[1:]:
        np.testing.assert_allclose(other, after[0], rtol=1e-9)


def test_a_run_resumes_with_its_own_body_alone(tree, tmp_path):
    task = make_task(str(tree), max_steps=10, highest=9.0)
    net = network(task)
    evolve(net, task, ES(8, n_scout=8), 1, out=tmp_path / "run", progress=False)
    run = load_run(tmp_path / "run")
    assert run.task.describe() == task.describe()
    moved = tree.with_name("moved.xml")
    tree.rename(moved)
    with pytest.raises(
        UsageError, match=r"tree\.xml: No such file or directory; give the XML file"
    ):
        load_run(tmp_path / "run")
    moved.with_name("tree.xml").write_text(moved.read_text() + "\n")
    with pytest.raises(UsageError, match=r"is not the file of this run, whose SHA-256 is"):
        load_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<mujoco>", "<mujoc>", "MuJoCo cannot read it"),
        ('ctrlrange="-1 1"', 'ctrlrange="0 1"', "goes from 0 to 1; conncore needs a fixed gain"),
        ('<joint type="slide" axis="1 0 0"/>', "", "the first joint is not a slide along x"),
        ("<actuator>", "<actuator/><!--", "no actuator"),
    ],
)
def test_files_that_make_no_task_are_refused(tree, old, new, message):
    text = tree.read_text().replace(old, new)
    tree.write_text(text.replace("</actuator>", "-->") if "<!--" in new else text)
    with pytest.raises(UsageError, match=message):
        make_task(str(tree))


def test_options_out_of_range_are_refused(tree, tmp_path):
    for options in ({"noise": -1.0}, {"control_cost": float("nan")}):
        with pytest.raises(UsageError, match="give a number that is at least 0"):
            make_task(str(tree), **options)
    path = tmp_path / "swimmer.xml"
    path.write_text(gymnasium_swimmer(3))
    with pytest.raises(UsageError, match="for a body that moves in x and z"):
        make_task(str(path), lowest=0.0)
    with pytest.raises(UsageError, match="task body needs model="):
        make_task("body")
    with pytest.raises(UsageError, match="has no option 'speed'"):
        make_task(str(path), speed=1)
