"""Large networks on events equal the lanes and the NumPy twin to the bit."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import conncore.network.population
from conncore import _kernels
from conncore._events import EventPopulation, find_bounds
from conncore._population import Population
from conncore.connectome import Connectome
from conncore.errors import UsageError
from conncore.network.network import Network
from conncore.network.topology import SparseMap
from conncore.neurons.models import NEURONS
from conncore.tasks import make_task
from random_networks import NEURON_CASES, RandomNetwork, random_network, run

ISAS = _kernels.built_for()
CHUNK = 256  # neurons, the smallest range

each_neuron = pytest.mark.parametrize(("neuron", "weight"), NEURON_CASES)


def ascending(network: RandomNetwork) -> RandomNetwork:
    """The same synapses, those of every postsynaptic neuron in ascending order."""
    topology = network.topology
    synapses = topology.synapses
    n = topology.n_neurons
    sorted_map, order = SparseMap.from_pairs(synapses.rows, synapses.indices, n, n)
    return replace(
        network,
        topology=replace(topology, synapses=sorted_map),
        values=network.values
        | {"synapse_weights": network.values["synapse_weights"][:, order]},
    )  # fmt: skip


def arguments(network: RandomNetwork, isa=None, **changes):
    """What `EventPopulation` is built from: a row of synapses per presynaptic neuron."""
    topology = network.topology
    synapses = topology.synapses
    n = topology.n_neurons
    sending, order = SparseMap.from_pairs(synapses.indices, synapses.rows, n, n)
    kernels = [
        importlib.import_module(f"conncore._kernels.{kernel}_{isa or ISAS[0]}")
        for kernel in ("events", network.neuron)
    ]
    constants = np.stack([network.constants[name] for name in kernels[1].CONSTANTS], axis=1)
    return {
        "topology": replace(topology, synapses=sending, rows="pre"),
        "kernels": kernels[0],
        "neuron": kernels[1],
        "values": network.values
        | {
            "constants": constants,
            "synapse_weights": network.values["synapse_weights"][:, order],
        },
        "trace": network.trace,
        "n_threads": 1,
        "n_repeats": network.n_repeats,
        "linear": network.linear,
        "delay": network.delay,
        **changes,
    }


def events(network, isa=None, **changes):
    return EventPopulation(**arguments(network, isa, **changes))


def assert_equal_runs(populations, observations, states):
    first, *others = populations
    with np.errstate(over="ignore", invalid="ignore"):
        for seen in observations:
            actions = first.act(seen)
            for other in others:
                np.testing.assert_array_equal(other.act(seen), actions)
                np.testing.assert_array_equal(other.activity(), first.activity())
                for name in states:
                    np.testing.assert_array_equal(other.state(name), first.state(name))
                if hasattr(first, "status"):
                    np.testing.assert_array_equal(other.status, first.status)


@each_neuron
@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    n_members=st.integers(1, 5),
    n_neurons=st.integers(1, 40),
    density=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    scale=st.sampled_from([0.0, 0.1, 1.0, 10.0]),
    loudness=st.sampled_from([0.0, 1.0, 1e300]),
)
def test_events_equal_lanes_and_reference_to_the_bit(
    neuron, weight, seed, n_members, n_neurons, density, scale, loudness
):
    """Self-loops, empty rows and full ones, silent cells and cells that are always active."""
    rng = np.random.default_rng(seed)
    network = ascending(
        random_network(
            rng, neuron, n_members, n_neurons=n_neurons, density=density, weight=weight * scale,
            n_obs=int(rng.integers(0, 6)), n_actions=int(rng.integers(0, 6)),
            default_constants=bool(rng.integers(2)),
        )
    )  # fmt: skip
    observations = loudness * rng.normal(size=(8, n_members, network.topology.n_obs))
    populations = [network.population(), *(events(network, isa) for isa in ISAS)]
    states = _kernels.load(neuron).STATE
    assert_equal_runs(populations, observations, states)
    reference = network.reference()
    assert_equal_runs([reference, events(network)], observations, states)


@each_neuron
@pytest.mark.parametrize("n_members", [1, 2, 3])
@pytest.mark.parametrize("n_neurons", [CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 7])
def test_threads_and_ranges_do_not_change_a_bit(neuron, weight, n_members, n_neurons):
    rng = np.random.default_rng(n_neurons)
    density = min(0.3, 30 / n_neurons)
    network = ascending(
        random_network(
            rng, neuron, n_members, n_neurons=n_neurons, density=density, weight=weight,
            default_constants=True,
        )
    )  # fmt: skip
    observations = rng.normal(size=(20, n_members, 4))
    populations = [network.population(), *(events(network, n_threads=n) for n in (1, 2, 3, 64))]
    n_chunks = -(-n_neurons // CHUNK)
    assert populations[-1].n_ranges == n_chunks
    assert populations[1].n_ranges == 1
    assert_equal_runs(populations, observations, _kernels.load(neuron).STATE)
    populations[-1].reset()  # and once more from the start
    assert_equal_runs([network.population(), populations[-1]], observations, ())


@each_neuron
def test_members_do_not_change_each_other(neuron, weight):
    rng = np.random.default_rng(0)
    network = ascending(random_network(rng, neuron, 4, n_neurons=300, density=0.1, weight=weight))
    observations = rng.normal(size=(20, 4, 4))
    together = run(events(network), observations)
    alone = run(events(network.take([2])), observations[:, [2]])
    for one, all_members in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one[:, 0], all_members[:, 2])


def test_silence_and_full_activity():
    rng = np.random.default_rng(1)
    network = ascending(random_network(rng, "relu", 2, n_neurons=300, density=0.2, n_obs=1))
    for bias, share in ((-1.0, 0.0), (1.0, 1.0)):
        everyone = np.arange(300, dtype=np.int32)
        topology = replace(
            network.topology,
            inputs=everyone,
            encoder=SparseMap(np.zeros(301, np.int32), np.zeros(0, np.int32), 1),
        )
        driven = replace(
            network,
            topology=topology,
            values=network.values
            | {
                "encoder_bias": np.full((2, 300), bias),
                "encoder_weights": np.zeros((2, 0)),
                "synapse_weights": np.abs(network.values["synapse_weights"]),
            },
        )
        population = events(driven, n_threads=3)
        assert_equal_runs([driven.population(), population], np.zeros((5, 2, 1)), ())
        assert np.mean(population.activity() > 0) == share


@each_neuron
def test_status_marks_the_members_that_diverge_until_reset(neuron, weight):
    rng = np.random.default_rng(3)
    network = ascending(
        random_network(
            rng, neuron, 5, n_neurons=40, density=0.5, weight=weight, default_constants=True
        )
    )
    network.values["encoder_bias"][[1, 4]] = np.nan
    population = events(network, n_threads=2)
    run(population, rng.normal(size=(5, 5, 4)))
    np.testing.assert_array_equal(np.flatnonzero(population.status), [1, 4])
    population.reset()
    assert not population.status.any()


@given(data=st.data(), n_neurons=st.integers(1, 3000), n_ranges=st.integers(1, 12))
def test_ranges_cover_every_neuron_once(data, n_neurons, n_ranges):
    seed = data.draw(st.integers(0, 100))
    targets = np.random.default_rng(seed).integers(0, n_neurons, 1000).astype(np.int32)
    bounds = find_bounds(targets, n_neurons, n_ranges)
    assert bounds.size == n_ranges + 1
    assert bounds[0] == 0
    assert n_neurons <= bounds[-1] < n_neurons + CHUNK
    assert (np.diff(bounds) >= 0).all()
    assert (bounds % CHUNK == 0).all()


@pytest.mark.parametrize(("changes", "message"), [
    ({"n_threads": 0}, "n_threads is 0"),
    ({"trace": 1.0}, "trace is 1.0"),
    ({"n_repeats": 0}, "n_repeats is 0"),
    ({"values": {}}, "values are [], need ['constants'"),
])  # fmt: skip
def test_wrong_arguments(changes, message):
    network = ascending(random_network(np.random.default_rng(6), "lif", 3, n_neurons=8))
    with pytest.raises(UsageError, match=re.escape(message)):
        events(network, **changes)
    plain = arguments(network)
    for name in plain["values"]:
        for wrong in (plain["values"][name][:, 1:], plain["values"][name].astype(np.float32)):
            with pytest.raises(UsageError, match=name):
                EventPopulation(**plain | {"values": plain["values"] | {name: wrong}})
    population = EventPopulation(**plain)
    with pytest.raises(UsageError, match=r"observations have shape \(2, 4\), need \(3, 4\)"):
        population.act(np.zeros((2, 4)))
    with pytest.raises(UsageError, match="no state 'a'"):
        population.state("a")


def test_rows_must_ascend_and_be_the_right_ones():
    network = random_network(np.random.default_rng(7), "lif", 1, n_neurons=30, density=0.5)
    plain = arguments(ascending(network))
    twice = SparseMap(np.array([0, 2, *[2] * 29]), np.array([5, 5]), 30)
    with pytest.raises(UsageError, match="ascend, each once"):
        EventPopulation(
            **plain
            | {
                "topology": replace(plain["topology"], synapses=twice),
                "values": plain["values"] | {"synapse_weights": np.ones((1, 2))},
            }
        )
    with pytest.raises(UsageError, match="per presynaptic"):
        EventPopulation(**plain | {"topology": network.topology})
    with pytest.raises(UsageError, match="per postsynaptic"):
        replace(network, topology=plain["topology"]).population()


@given(
    rows=st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=6),
)
def test_ascends(rows):
    indptr = np.cumsum([0, *(len(row) for row in rows)])
    indices = np.array([i for row in rows for i in row], dtype=np.int64)
    expected = all(a < b for row in rows for a, b in pairwise(row))
    assert SparseMap(indptr, indices, 5).ascends == expected


class TestNetwork:
    """`Network` on events: the same interface, the same bits."""

    @pytest.fixture
    def brain(self):
        """No body map, 600 cells, 9,000 synapses with synapse counts."""
        rng = np.random.default_rng(0)
        pairs = rng.choice(600 * 600, 9_000, replace=False)
        sign = np.where(rng.random(600) < 0.7, 1, -1)[pairs // 600]
        return Connectome.from_edges(
            "brain", pairs // 600, pairs % 600, weight=np.ceil(rng.lognormal(1, 1, 9_000)),
            sign=sign, names=[f"c{i}" for i in range(600)],
        )  # fmt: skip

    @pytest.mark.parametrize("neuron", NEURONS)
    @pytest.mark.parametrize("weights", ["shared", "individual"])
    @pytest.mark.parametrize("initial_weights", ["sign", "counts"])
    def test_policy_is_the_lanes(self, brain, chain, neuron, weights, initial_weights, monkeypatch):
        options = {
            "neuron": neuron, "io": "dense", "weights": weights,
            "initial_weights": initial_weights,
            "inputs": brain.names[:300:2], "outputs": brain.names[:9:-30],
        }  # fmt: skip
        network = Network(brain, chain, **options)
        assert network.representation(3) == "events"
        monkeypatch.setattr(conncore.network.population, "EVENTS_FROM", 10_000)
        lanes = Network(brain, chain, **options)
        assert lanes.representation(3) == "lanes"
        rng = np.random.default_rng(1)
        genomes = network.random_genomes(3, seed=2)
        genomes += rng.normal(0, 0.1, genomes.shape)
        observations = rng.normal(0, 5, size=(20, 3, chain.n_obs))
        policy = network.policy(genomes, 1)
        populations = [lanes.policy(genomes, 1), policy, network.policy(genomes, 4)]
        assert_equal_runs(populations, observations, _kernels.load(neuron).STATE)
        assert np.mean(policy.activity() != 0) > 0.01
        np.testing.assert_array_equal(
            network.simulate(genomes[1], observations[:, 1]),
            lanes.simulate(genomes[1], observations[:, 1]),
        )

    def test_representation_is_chosen_by_members_and_synapses(self, brain, worm, chain):
        network = Network(brain, chain, io="dense")
        assert [network.representation(n) for n in (1, 4, 5, 750)] == ["events"] * 2 + ["lanes"] * 2
        assert network.representation(12_000) == "events"  # 108 million weights
        assert Network(worm, chain).representation(1) == "lanes"
        for n_members, word in ((2, "2 members on events"), (9, "9 members in lanes")):
            text = repr(network.policy(network.random_genomes(n_members)))
            assert word in text
            assert "600 neurons, 9000 synapses" in text

    def test_memory_is_as_documented(self, brain, chain):
        network = Network(
            brain, chain, io="dense", inputs=brain.names[:5], outputs=brain.names[5:9]
        )
        one, four = (network.policy(network.random_genomes(n)).nbytes for n in (1, 4))
        per_neuron = 8 * (2 + 4)  # alif has two states
        assert (four - one) / 3 == pytest.approx(4 * 9_000 + per_neuron * 3 * CHUNK, abs=3_000)

    def test_swimmers_run_step_by_step_and_score_the_same(self, monkeypatch):
        """Episodes in compiled code need lanes: on events the native bodies are stepped."""
        rng = np.random.default_rng(2)
        pairs = rng.choice(300 * 300, 6_000, replace=False)
        connectome = Connectome.from_edges(
            "random", pairs // 300, pairs % 300, sign=rng.choice([-1, 1], 6_000)
        )
        task = make_task("swimmer6")
        task.n_steps = 50
        network = Network(connectome, task, io="dense")
        genomes = network.random_genomes(1, seed=3)
        assert isinstance(network.policy(genomes), EventPopulation)
        on_events = task.evaluate(network, genomes, seed=0, n_threads=1)
        monkeypatch.setattr(conncore.network.population, "EVENTS_FROM", 10_000)
        assert isinstance(network.policy(genomes), Population)
        in_lanes = task.evaluate(network, genomes, seed=0, n_threads=1)
        assert np.isfinite(on_events).all()
        assert np.all(on_events != 0)
        np.testing.assert_array_equal(on_events, in_lanes)
