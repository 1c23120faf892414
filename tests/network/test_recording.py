"""Recorded activity: what is refused, and the warning about a state that is not finite."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from conncore.errors import NotFiniteWarning, UsageError
from conncore.network.network import Network
from conncore.neurons.models import NEURONS


@pytest.mark.parametrize("neuron", NEURONS)
def test_a_state_that_is_not_finite_is_said(worm, chain, neuron):
    network = Network(worm, chain, neuron)
    genome = network.random_genomes(1)[0]
    seen = np.zeros((5, chain.n_obs))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.simulate(genome, seen)
    seen[2] = np.nan
    with pytest.warns(NotFiniteWarning, match="state of a neuron became infinite or NaN") as said:
        network.simulate(genome, seen)
    assert said[0].filename == __file__


@pytest.mark.parametrize(
    "change", [lambda array: array + 1j, lambda array: np.ma.masked_array(array, array == 0)]
)
def test_arrays_that_numpy_would_change_are_refused(worm, chain, change):
    network = Network(worm, chain, io="dense")
    genomes = network.random_genomes(2)
    seen = np.zeros((2, chain.n_obs))
    policy = network.policy(genomes)
    for call in (
        lambda: network.simulate(change(genomes[0]), seen),
        lambda: network.simulate(genomes[0], change(seen)),
        lambda: network.respond(change(genomes), seen, 1),
        lambda: network.respond(genomes, change(seen), 1),
        lambda: network.policy(change(genomes)),
        lambda: network.synapse_weights(change(genomes)),
        lambda: policy.act(change(seen)),
    ):
        with pytest.raises(UsageError, match=r"^(genomes?|observations): .*(masked|complex)"):
            call()
    assert policy.act(seen.astype(np.float32).tolist()).shape == (2, chain.n_actions)
