"""The compiled kernels against their NumPy twins, and what they refuse."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conncore import _kernels
from conncore._population import Population, from_lanes, to_lanes
from conncore.errors import ConncoreError, UsageError
from conncore.network.topology import SparseMap, Topology
from conncore.neurons.models import NEURONS
from conncore.neurons.operations import tanh
from random_networks import NEURON_CASES, assert_same_bits, random_network, run

ISAS = _kernels.built_for()

each_neuron = pytest.mark.parametrize(("neuron", "weight"), NEURON_CASES)
each_isa = pytest.mark.parametrize("isa", ISAS)


def test_every_neuron_model_has_a_row():
    assert [name for name, _ in NEURON_CASES] == list(NEURONS)


def assert_states_equal(population, reference):
    finite = np.isfinite(reference._y).all(axis=1) & np.isfinite(reference._z).all(axis=1)
    for name in reference._state:
        expected = reference.state(name)
        np.testing.assert_array_equal(population.state(name), expected)
        finite &= np.isfinite(expected).all(axis=1)
    np.testing.assert_array_equal(population.status, ~finite)


@each_neuron
@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    n_members=st.integers(1, 40),
    n_neurons=st.integers(1, 40),
    density=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    scale=st.sampled_from([0.0, 0.1, 1.0, 10.0]),
    loudness=st.sampled_from([0.0, 1.0, 1e3, 1e300]),
    default_constants=st.booleans(),
)
def test_kernels_equal_their_twin_to_the_bit(
    neuron, weight, seed, n_members, n_neurons, density, scale, loudness, default_constants
):
    rng = np.random.default_rng(seed)
    network = random_network(
        rng, neuron, n_members, n_neurons=n_neurons, density=density, weight=weight * scale,
        n_obs=int(rng.integers(0, 6)), n_actions=int(rng.integers(0, 6)),
        default_constants=default_constants,
    )  # fmt: skip
    observations = loudness * rng.normal(size=(8, n_members, network.topology.n_obs))
    populations = {isa: network.population(isa=isa) for isa in ISAS}
    # Some constants within their range make Izhikevich cells overflow; then both must.
    with np.errstate(over="ignore", invalid="ignore"):
        reference = network.reference()
        for seen in observations:
            actions = reference.act(seen)
            for population in populations.values():
                np.testing.assert_array_equal(population.act(seen), actions)
                np.testing.assert_array_equal(population.activity(), reference.activity())
                assert_states_equal(population, reference)


@each_neuron
def test_random_networks_are_lively(neuron, weight):
    """Else the comparison above would compare silence."""
    rng = np.random.default_rng(0)
    network = random_network(rng, neuron, 20, n_neurons=40, weight=weight, default_constants=True)
    _, activity = run(network.population(), rng.normal(size=(100, 20, 4)))
    assert 0.02 < np.mean(activity > 0) < 0.98
    per_cell = (activity > 0).mean(axis=0)
    assert np.mean((per_cell > 0) & (per_cell < 1)) > 0.3


@each_neuron
@each_isa
def test_instruction_sets_give_the_same_bits(neuron, weight, isa):
    rng = np.random.default_rng(1)
    network = random_network(rng, neuron, 21, n_neurons=30, weight=weight)
    observations = rng.normal(size=(200, 21, 4))
    populations = [network.population(isa=name) for name in (isa, "baseline")]
    for actual, desired in zip(*(run(p, observations) for p in populations), strict=True):
        assert_same_bits(actual, desired)
    for name in importlib.import_module(f"conncore._kernels.{neuron}_{isa}").STATE:
        assert_same_bits(*(p.state(name) for p in populations))


@each_isa
@each_neuron
def test_asking_memory_ahead_changes_nothing(neuron, weight, isa, monkeypatch):
    rng = np.random.default_rng(4)
    network = random_network(rng, neuron, 40, n_neurons=50, density=0.2, weight=weight)
    observations = rng.normal(size=(30, 40, network.topology.n_obs))
    from_cache = run(network.population(isa=isa), observations)
    monkeypatch.setattr("conncore._population.CACHE", 0)
    for streamed, cached in zip(
        run(network.population(isa=isa), observations), from_cache, strict=True
    ):
        assert_same_bits(streamed, cached)


@each_neuron
def test_reset_brings_back_the_start(neuron, weight):
    rng = np.random.default_rng(2)
    network = random_network(rng, neuron, 5, weight=weight)
    observations = rng.normal(size=(30, 5, 4))
    population = network.population()
    first = run(population, observations)
    population.reset()
    for actual, desired in zip(run(population, observations), first, strict=True):
        assert_same_bits(actual, desired)


def test_weights_in_float32_change_activity_by_less_than_a_millionth():
    """The twin rounds weights as the kernels do; against weights in float64 this is the cost."""
    rng = np.random.default_rng(5)
    network = random_network(rng, "relu", 37, n_neurons=30, weight=0.05, default_constants=True)
    exact = network.reference()
    exact.values = network.values
    observations = rng.normal(size=(50, 37, 4))
    rounded_actions, rounded = run(network.population(), observations)
    actions, activity = run(exact, observations)
    assert not np.array_equal(rounded, activity)
    np.testing.assert_allclose(rounded, activity, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(rounded_actions, actions, rtol=1e-6, atol=1e-6)


@each_neuron
def test_status_marks_the_members_that_diverge_and_no_others(neuron, weight):
    rng = np.random.default_rng(3)
    network = random_network(
        rng, neuron, 37, n_neurons=20, density=0.5, weight=weight, default_constants=True
    )
    observations = rng.normal(size=(50, 37, 4))
    healthy = network.population()
    healthy_actions, healthy_activity = run(healthy, observations)
    assert not healthy.status.any()

    broken = [0, 5, 15, 16, 36]
    network.values["encoder_bias"][broken] = np.nan
    population = network.population()
    actions, activity = run(population, observations)
    np.testing.assert_array_equal(np.flatnonzero(population.status), broken)
    others = np.setdiff1d(np.arange(37), broken)
    assert_same_bits(actions[:, others], healthy_actions[:, others])
    assert_same_bits(activity[:, others], healthy_activity[:, others])


@each_neuron
def test_status_marks_a_member_that_sees_nan_until_reset(neuron, weight):
    rng = np.random.default_rng(4)
    network = random_network(rng, neuron, 20, n_neurons=20, density=0.6, weight=weight)
    population = network.population()
    observations = rng.normal(size=(3, 20, 4))
    observations[1, 7] = np.nan
    run(population, observations)
    np.testing.assert_array_equal(np.flatnonzero(population.status), [7])
    population.reset()
    assert not population.status.any()


@each_isa
def test_compiled_tanh_is_its_twin(isa):
    rng = np.random.default_rng(5)
    x = np.concatenate([
        np.linspace(-25, 25, 20_001),
        np.exp(rng.uniform(-740, 700, 20_000)) * rng.choice([-1, 1], 20_000),
        [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 2.2e-308],
    ])  # fmt: skip
    # Without a single weight, actions are tanh of the decoder's bias.
    network = random_network(rng, "relu", 3, n_neurons=1, density=0.0, n_obs=0, n_actions=x.size)
    network.values["decoder_bias"][:] = x
    actions = network.population(isa=isa).act(np.zeros((3, 0)))
    assert_same_bits(actions, np.tile(tanh(x), (3, 1)))


@given(n_members=st.integers(1, 50), n_items=st.integers(1, 5))
def test_lanes_and_back(n_members, n_items):
    values = np.random.default_rng(0).normal(size=(n_members, n_items))
    lanes = to_lanes(values)
    assert lanes.shape == (-(-n_members // 16), n_items, 16)
    assert lanes.ctypes.data % 64 == 0
    np.testing.assert_array_equal(from_lanes(lanes, n_members), values)


class TestWrongInput:
    """Each raises a UsageError before a kernel sees it."""

    @pytest.fixture
    def network(self):
        return random_network(np.random.default_rng(6), "lif", 3, n_neurons=8, density=0.5)

    @pytest.mark.parametrize("name", [
        "encoder_weights", "encoder_bias", "synapse_weights", "decoder_weights", "decoder_bias",
    ])  # fmt: skip
    @pytest.mark.parametrize("change", [
        lambda a: a[:, :-1], lambda a: a[:2], lambda a: a[0], lambda a: a[None],
        lambda a: a.astype(np.float32), lambda a: a.astype(">f8"), lambda a: a.astype(int),
        lambda a: np.float64(1.0), lambda a: None,
    ])  # fmt: skip
    def test_values_of_another_shape_or_type(self, network, name, change):
        network.values[name] = change(network.values[name])
        with pytest.raises(UsageError):
            network.population()

    def test_missing_and_unknown_values(self, network):
        bias = network.values.pop("encoder_bias")
        with pytest.raises(UsageError, match="encoder_bias"):
            network.population()
        network.values["encoder_biases"] = bias
        with pytest.raises(UsageError, match="encoder_bias"):
            network.population()

    def test_no_members(self, network):
        with pytest.raises(UsageError, match="member"):
            network.take([]).population()

    def test_constants_of_another_model(self, network):
        population = network.population()
        arguments = (population.topology, _kernels.load("network"), _kernels.load("alif"))
        values = network.values | {"constants": np.ones((3, 2))}
        with pytest.raises(UsageError, match="constants"):
            Population(*arguments, values, trace=0.0, n_threads=1)

    def test_a_module_that_is_no_kernel(self, network):
        values = network.values | {"constants": np.ones((3, 2))}
        lif = _kernels.load("lif")
        swapped = SimpleNamespace(ACT=lif.NEURON_STEP, RESET=lif.NEURON_RESET)
        with pytest.raises(ValueError, match="incorrect name"):
            Population(network.topology, swapped, lif, values, trace=0.0, n_threads=1)

    @pytest.mark.parametrize("trace", [-0.1, 1.0, 2.0, np.nan, np.inf])
    def test_trace(self, network, trace):
        with pytest.raises(UsageError, match="trace"):
            replace(network, trace=trace).population()

    @pytest.mark.parametrize("n_threads", [0, -1])
    def test_n_threads(self, network, n_threads):
        with pytest.raises(UsageError, match="n_threads"):
            network.population(n_threads=n_threads)

    @pytest.mark.parametrize("shape", [(4,), (3, 5), (4, 4), (2, 4), (1, 3, 4), ()])
    def test_observations(self, network, shape):
        population = network.population()
        with pytest.raises(UsageError, match=re.escape("need (3, 4)")):
            population.act(np.zeros(shape))

    def test_state_name(self, network):
        with pytest.raises(UsageError, match="'v'"):
            network.population().state("u")

    @pytest.mark.parametrize(("indptr", "indices"), [
        ([0, 1], [3]), ([0, 1], [-1]), ([0, 2, 1, 3], [0, 1, 2]), ([1, 3], [0, 1, 2]),
        ([0, 2], [0, 1, 2]), ([0, 4], [0, 1, 2]), ([], []), ([[0, 1]], [0]), ([0, 1], [[0]]),
        ([0, 2**31 - 1, -(2**31), -1, 2], [0, 1]),  # differences that wrap around in int32
        ([0, 1], [2**32]), ([0, 2**32 + 1], [0]), ([0, 1], [0.5]), ([0.0, 1.5], [0]),
        ([0, 1], [True]), ([0, 1], ["0"]), ([0, 1], [np.nan]),
    ])  # fmt: skip
    def test_sparse_map(self, indptr, indices):
        with pytest.raises(UsageError, match="sparse map"):
            SparseMap(np.array(indptr), np.array(indices), 3)

    def test_sparse_map_keeps_what_it_checked(self):
        indptr, indices = np.array([0, 1], np.int32), np.array([2], np.int32)
        sparse_map = SparseMap(indptr, indices, 3)
        indptr[1], indices[0] = 100, 100
        np.testing.assert_array_equal(sparse_map.indptr, [0, 1])
        np.testing.assert_array_equal(sparse_map.indices, [2])
        with pytest.raises(ValueError, match="read-only"):
            sparse_map.indices[0] = 100

    def test_from_pairs_row_out_of_range(self):
        with pytest.raises(UsageError, match="rows"):
            SparseMap.from_pairs(np.array([0, 2]), np.array([0, 0]), 2, 1)

    @pytest.mark.parametrize("change", [
        {"inputs": [0, 3]}, {"inputs": [-1, 0]}, {"inputs": [1, 1]}, {"inputs": [0]},
        {"inputs": [[0, 1]]}, {"inputs": [0.5, 1.5]}, {"inputs": [0, 2**32 + 1]},
        {"outputs": [3]}, {"outputs": [-1]}, {"outputs": [0, 1]}, {"outputs": [[0]]},
        {"synapses": SparseMap(np.array([0, 0, 0, 0]), np.array([], int), 2)},
        {"synapses": SparseMap(np.array([0, 0]), np.array([], int), 1)},
    ])  # fmt: skip
    def test_topology(self, change):
        def empty(n_rows, n_source):
            return SparseMap(np.zeros(n_rows + 1, int), np.zeros(0, int), n_source)

        parts = {
            "inputs": [0, 2],
            "outputs": [1],
            "encoder": empty(2, 4),
            "synapses": empty(3, 3),
            "decoder": empty(5, 1),
        }
        assert Topology(**parts).n_neurons == 3
        with pytest.raises(UsageError, match=r"topology|sparse map"):
            Topology(**(parts | change))

    def test_unknown_instruction_set(self, monkeypatch):
        monkeypatch.setenv("CONNCORE_ISA", "sse9")
        _kernels.load.cache_clear()
        with pytest.raises(ConncoreError, match="sse9"):
            _kernels.load("lif")
