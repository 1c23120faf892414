"""Constants of the neurons: fixed, or tuned as part of the genome."""

from __future__ import annotations

import numpy as np

from conncore.network.network import Network


def test_tuned_constants_are_part_of_the_genome(worm, chain):
    network = Network(worm, chain, "alif", tune=("beta", "gamma"), constants={"beta": 2.0})
    part = network.layout.slices["constants"]
    assert network.layout.n_parameters == 48
    np.testing.assert_array_equal(network.layout.lower[part], [0.0, 0.0])
    np.testing.assert_array_equal(network.layout.upper[part], [10.0, 1.0])
    genomes = network.random_genomes(2)
    np.testing.assert_array_equal(genomes[:, part], [[2.0, np.exp(-1 / 20)]] * 2)
    genomes[:, part] = [[3.0, 0.5], [4.0, 0.6]]
    constants = network.neuron_constants(genomes)
    np.testing.assert_array_equal(constants["beta"], [3.0, 4.0])
    np.testing.assert_array_equal(constants["gamma"], [0.5, 0.6])
    np.testing.assert_array_equal(constants["v_th"], [1.0, 1.0])


def test_a_constant_changes_what_the_network_does(worm, chain):
    observations = np.random.default_rng(0).normal(0, 2, size=(50, chain.n_obs))
    default = Network(worm, chain, "alif")
    deaf = Network(worm, chain, "alif", constants={"v_th": 10.0})
    genome = default.random_genomes(1)[0]
    assert default.simulate(genome, observations).sum() > 0
    assert deaf.simulate(genome, observations).sum() == 0
