"""Synapse weights: Dale's law, shared and individual log weights, the start by synapse counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conncore.network.network import Network
from conncore.network.weights import LOG_WEIGHT_RANGE
from conncore.optimizers.ga import GA

# From steps too small to see to steps that throw a log weight out of every range.
SIGMAS = st.floats(-300, 300).map(lambda exponent: 10.0**exponent)

both_weights = pytest.mark.parametrize("weights", ["shared", "individual"])


def assert_dale(network, genomes):
    weights = network.synapse_weights(genomes)
    assert np.isfinite(weights).all()
    assert (np.sign(weights) == network.connectome.sign).all()  # so that none is 0 either
    in_kernel = network.values(genomes)["synapse_weights"]
    np.testing.assert_array_equal(np.sort(in_kernel, axis=1), np.sort(weights, axis=1))


@both_weights
@pytest.mark.parametrize("initial_weights", ["sign", "counts"])
@settings(max_examples=8)
@given(sigma=SIGMAS, seed=st.integers(0, 2**32))
def test_dales_law_over_10000_mutations(segment, chain, weights, initial_weights, sigma, seed):
    network = Network(segment, chain, weights=weights, initial_weights=initial_weights)
    steps = np.random.default_rng(seed).normal(size=(10_000, network.layout.n_parameters))
    steps *= sigma
    assert_dale(network, network.random_genomes(1) + np.cumsum(steps, axis=0))


@both_weights
@settings(max_examples=5)
@given(sigma=SIGMAS, seed=st.integers(0, 2**32))
def test_dales_law_over_10000_children_of_the_ga(segment, chain, weights, sigma, seed):
    network = Network(segment, chain, "izhikevich", weights=weights)
    layout = network.layout
    ga = GA(population_size=504, n_elites=4, sigma=sigma, sigma_decay=1.0)
    state = ga.init(
        network.random_genomes(ga.n_initial, seed=1), seed=seed, slices=layout.slices,
        lower=layout.lower, upper=layout.upper,
    )  # fmt: skip
    fitness = np.random.default_rng(seed)
    for _ in range(21):  # the first generation has no children
        genomes = ga.ask(state)
        assert np.all((genomes >= layout.lower) & (genomes <= layout.upper))
        assert_dale(network, genomes)
        state = ga.tell(state, genomes, fitness.normal(size=len(genomes)))


def test_weights_are_signed_exponentials_of_the_log_weights(worm, chain):
    network = Network(worm, chain, log_weights=(-0.5, 1.5))
    weights = network.synapse_weights(network.random_genomes(2))
    expected = np.where(worm.sign > 0, np.exp(-0.5), -np.exp(1.5))
    np.testing.assert_allclose(weights, np.tile(expected, (2, 1)), rtol=1e-15)


def test_weights_reach_the_synapse_they_belong_to(worm, chain):
    network = Network(worm, chain, weights="individual")
    genome = network.random_genomes(1)
    network.layout.split(genome)["log_weights"][0] = np.linspace(-5, 5, worm.n_edges)
    synapses = network.topology.synapses
    in_kernel = np.zeros((worm.n_cells, worm.n_cells))
    in_kernel[synapses.rows, synapses.indices] = network.values(genome)["synapse_weights"][0]
    expected = np.zeros_like(in_kernel)  # a row per postsynaptic cell
    expected[worm.post, worm.pre] = worm.sign * np.exp(np.linspace(-5, 5, worm.n_edges))
    np.testing.assert_array_equal(in_kernel, expected)


def test_initial_weights_by_counts(worm, chain):
    network = Network(worm, chain, initial_weights="counts", log_weights=(-1.0, -2.0))
    mean = np.exp(np.log(worm.weight).mean())
    expected = np.where(worm.sign > 0, np.exp(-1), -np.exp(-2)) * worm.weight / mean
    genome = network.random_genomes(1)
    np.testing.assert_allclose(network.synapse_weights(genome)[0], expected, rtol=1e-12)
    individual = network.with_individual_weights()
    start = individual.random_genomes(1)
    np.testing.assert_allclose(individual.synapse_weights(start)[0], expected, rtol=1e-12)
    # A shared log weight moves all synapses of its sign, and those alone.
    network.layout.split(genome)["log_weights"][0, 0] += np.log(3.0)
    moved = network.synapse_weights(genome)[0] / expected
    np.testing.assert_allclose(moved, np.where(worm.sign > 0, 3.0, 1.0), rtol=1e-12)


def test_no_weight_can_fade_or_overflow():
    weights = np.exp(LOG_WEIGHT_RANGE)
    assert 1e-10 < weights[0] < weights[1] < 1e5
