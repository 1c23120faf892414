"""The optimiser of a run that names none, and its budget."""

from __future__ import annotations

import pytest

import conncore as cc
from conncore.evolution.defaults import default_name, default_optimizer, halving_of
from conncore.optimizers import ES, SuccessiveHalving
from conncore.optimizers.halving import Rung
from fake_runs import FakeNetwork, SphereTask


@pytest.mark.parametrize(
    ("task", "weights", "name"),
    [
        ("swimmer6", "shared", "halving"),
        ("swimmer6", "individual", "halving"),
        ("HalfCheetah-v5", "shared", "es"),  # 1,412 parameters with dense input/output
        ("CartPole-v1", "shared", "es"),  # its episodes run in Python
    ],
)
def test_halving_is_the_default_where_parameters_are_few_and_episodes_fast(task, weights, name):
    worm, task = cc.load("celegans-haspel2011"), cc.make_task(task)
    io = "anatomical" if task.joints else "dense"
    network = cc.Network(worm, task, io=io, weights=weights)
    assert default_name(network, task) == name
    assert default_optimizer(network, task).name == name


def test_mujoco_moves_bodies_too_slowly_for_halving():
    worm = cc.load("celegans-haspel2011")
    for engine, name in (("native", "halving"), ("mujoco", "es")):
        task = cc.make_task("swimmer6", engine=engine)
        assert default_name(cc.Network(worm, task, io="anatomical"), task) == name


def test_the_budget_of_halving_follows_from_generations_and_members():
    assert halving_of() == SuccessiveHalving()
    assert halving_of(64).rungs == SuccessiveHalving().rungs
    assert halving_of(64).n_scout == 20 * 64
    assert halving_of(generations=100).rungs == (Rung(12, 6), Rung(4, 18), Rung(1, 75))
    for generations in (16, 20, 57, 100, 434, 1000):
        n = halving_of(20, generations).n_generations
        assert generations - 3 <= n <= generations
        assert halving_of(20, generations + 2).n_generations > n - 1
    assert halving_of(generations=2).rungs == (Rung(12, 1), Rung(4, 3), Rung(1, 12))
    assert halving_of(20, 60, optimizer="cma", n_starts=4).rungs == (Rung(4, 12), Rung(1, 48))


def test_a_start_or_a_slow_task_keeps_the_es(tmp_path):
    network, task = FakeNetwork(), SphereTask()
    run = cc.evolve(network, task, generations=1, progress=False)
    assert run.config["optimizer"] == ES().describe()
    assert run.single_starts.shape == (0, 0)
    task.compiled_episodes, network.representation = True, lambda n_members: "lanes"
    start = network.random_genomes(1, 0)[0]
    run = cc.evolve(network, task, generations=1, progress=False, start=start)
    assert run.config["optimizer"] == ES().describe()
    run = cc.evolve(network, task, generations=2, progress=False)
    assert run.config["optimizer"] == halving_of(generations=2).describe()
    assert run.single_starts.shape == (12, 1)  # the first of the two generations
    assert len(run.history) == 2
    network.representation = lambda n_members: "events"
    assert default_name(network, task) == "es"
