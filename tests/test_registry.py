"""Parts of one's own: registered by a program, or offered by an installed package."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pytest

import conncore as cc
from conncore import registry
from conncore.errors import CheckpointError, SlowNeuronWarning, UsageError
from conncore.formats import READERS
from conncore.network import population
from conncore.network.wiring import WIRINGS, dense
from conncore.neurons import lif
from conncore.neurons.models import NEURONS
from conncore.nulls.models import NULLS
from conncore.optimizers import ES, OPTIMIZERS
from conncore.tasks import TASKS, Task, member_seeds

REGISTRIES = (TASKS, NEURONS, NULLS, READERS, OPTIMIZERS, WIRINGS)


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """What a test registers is gone after the test."""
    for one in REGISTRIES:
        monkeypatch.setattr(one, "added", {})
    yield
    registry._entry_points.cache_clear()
    population._warn.cache_clear()


class Push(Task):
    """The reward is the first action's answer to a number that the seed draws."""

    name, n_obs, n_actions, n_steps = "push", 2, 1, 1

    def __init__(self, gain=1.0):
        self.gain = gain

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        policy = network.policy(genomes, n_threads)
        seeds = np.array(member_seeds(seed, len(genomes), split)) % 7 / 7
        return self.gain * policy.act(np.stack([seeds, 1 - seeds], axis=1))[:, 0]

    def describe(self):
        return {"name": self.name, "gain": self.gain}


@dataclass(frozen=True)
class Careful(ES):
    name = "careful"


def worm():
    return cc.load("celegans-haspel2011")


def as_given(connectome, seed):
    return replace(connectome, name=f"{connectome.name} ({seed})")


def run_of_own_parts(out):
    task = cc.make_task("push", gain=2.0)
    net = cc.Network(worm(), task, neuron="soft", io="all")
    return cc.evolve(net, task, Careful(population_size=4, n_scout=4), 2, out=out, progress=False)


def register_all():
    cc.register_task("push", Push)
    cc.register_neuron("soft", lif.MODEL)
    cc.register_wiring("all", dense)
    cc.register_optimizer(Careful)


def test_a_run_of_own_parts_is_resumed_loaded_and_scored_by_name(tmp_path):
    register_all()
    with pytest.warns(SlowNeuronWarning, match="'soft' has no compiled kernel"):
        run = run_of_own_parts(tmp_path / "run")
    again = cc.load_run(tmp_path / "run")
    assert (again.task.gain, again.network.neuron, again.network.io) == (2.0, "soft", "all")
    np.testing.assert_array_equal(again.best.scores, run.best.scores)
    assert cc.score(tmp_path / "run", 3).scores.shape == (3,)
    longer = cc.resume(tmp_path / "run", 3, progress=False)
    assert len(longer.history) == 3


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (TASKS, "unknown task 'push'"),
        (NEURONS, "unknown neuron 'soft'"),
        (WIRINGS, "unknown io 'all'"),
    ],
)
@pytest.mark.filterwarnings("ignore::conncore.errors.SlowNeuronWarning")
def test_a_run_whose_part_is_absent_is_refused_by_name(kind, line, tmp_path):
    register_all()
    run_of_own_parts(tmp_path / "run")
    kind.added.clear()
    with pytest.raises(CheckpointError, match=line):
        cc.load_run(tmp_path / "run")


@pytest.mark.filterwarnings("ignore::conncore.errors.SlowNeuronWarning")
def test_an_absent_optimizer_is_refused_by_name(tmp_path):
    register_all()
    run_of_own_parts(tmp_path / "run")
    OPTIMIZERS.added.clear()
    with pytest.raises(CheckpointError, match="unknown optimizer 'careful'"):
        cc.resume(tmp_path / "run", 3, progress=False)


def test_a_neuron_in_numpy_gives_the_bits_of_its_kernel():
    cc.register_neuron("soft", lif.MODEL)
    task = cc.make_task("swimmer6")
    task.n_steps = 40
    networks = [cc.Network(worm(), task, neuron=name, tune=["gamma"]) for name in ("lif", "soft")]
    genomes = networks[0].random_genomes(2, seed=1)
    rows = np.random.default_rng(0).uniform(-1, 1, (10, task.n_obs))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fast, numpy = (task.evaluate(net, genomes, 0) for net in networks)
        np.testing.assert_array_equal(fast, numpy)
        one, other = (net.simulate(genomes[0], rows) for net in networks)
        np.testing.assert_array_equal(one, other)
        one, other = (net.respond(genomes, rows, 2) for net in networks)
        np.testing.assert_array_equal(one, other)
        policies = [cc.TaskPolicy(net, genomes[0], 2) for net in networks]
        first, second = (policy.act(rows[:2]) for policy in policies)
        np.testing.assert_array_equal(first, second)
        policies[1].set_state(policies[0].get_state())
        np.testing.assert_array_equal(*(policy.act(rows[:2]) for policy in policies))
    assert [warning.category for warning in caught] == [SlowNeuronWarning]


def test_own_null_models_and_readers_are_known_by_name(tmp_path):
    cc.register_null("given", as_given)
    assert cc.make_null("given", worm(), 4).name.endswith("(4)")
    assert "given" in cc.NULLS

    def read_pairs(path, weight: float = 1.0):
        pairs = np.loadtxt(path, dtype=int)
        rows = ["pre,post,weight", *(f"{a},{b},{weight}" for a, b in pairs)]
        (tmp_path / "edges.csv").write_text("\n".join(rows))
        return cc.read(tmp_path / "edges.csv")

    cc.register_reader("pairs", read_pairs)
    (tmp_path / "x.pairs").write_text("1 2\n2 3\n")
    found = cc.read(tmp_path / "x.pairs", format="pairs", weight=3.0)
    assert (found.n_edges, found.weight.tolist()) == (2, [3.0, 3.0])


@pytest.mark.parametrize("one", REGISTRIES, ids=lambda one: one.kind)
def test_names_of_conncore_cannot_be_taken(one):
    name = next(iter(one.own))
    with pytest.raises(UsageError, match=f"conncore has a {one.kind} '{name}'"):
        one.register(name, object())
    with pytest.raises(UsageError, match="give a text without ':'"):
        one.register("a:b", object())
    one.register("mine", first := object())
    one.register("mine", second := object())
    assert one["mine"] is second is not first
    assert list(one) == [*one.own, "mine"]
    assert len(one) == len(one.own) + 1


def test_a_task_must_be_a_task_of_its_name():
    cc.register_task("shove", Push)
    with pytest.raises(UsageError, match="'shove' describes itself as 'push'"):
        cc.make_task("shove")
    cc.register_task("list", list)
    with pytest.raises(UsageError, match="task 'list' is a list; give a"):
        cc.make_task("list")
    cc.register_task("push", Push)
    with pytest.raises(UsageError, match="'push' has no option 'wind'; it has: gain"):
        cc.make_task("push", wind=1)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder that looks like an installed package with a task, a null model and a broken one."""
    folder = tmp_path / "installed"
    info = folder / "own_parts-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-parts\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[conncore.nulls]\ngiven = own_parts:given\nbroken = own_parts:nothing\n"
        "[conncore.neurons]\nsoft = conncore.neurons.lif:MODEL\n"
    )
    (folder / "own_parts.py").write_text(
        "from dataclasses import replace\n"
        "def given(connectome, seed):\n"
        "    return replace(connectome, name='given')\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    registry._entry_points.cache_clear()
    return folder


def test_entry_points_of_packages_are_known_by_name(package, tmp_path):
    assert cc.make_null("given", worm(), 0).name == "given"
    assert list(cc.NULLS)[-2:] == ["given", "broken"]
    with pytest.raises(UsageError, match="'broken' of the package own-parts cannot be imported"):
        cc.make_null("broken", worm(), 0)
    command = [sys.executable, "-m", "conncore", "connectome", "null"]
    help_text = subprocess.run(
        [*command, "--help"],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(package), "COLUMNS": "200"},
    ).stdout  # fmt: skip
    assert "random, given, broken" in " ".join(help_text.split())
