"""Entries of a map that share a value share its storage, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

import conncore as cc
from conncore import _kernels
from conncore._population import Population, shared_slots
from conncore.neurons.models import NEURONS


def test_equal_columns_share_a_slot():
    column = np.random.default_rng(0).normal(size=(7, 3))
    which = np.array([2, 0, 0, 1, 2, 2, 0, 1])
    slots, distinct = shared_slots(column[:, which])
    assert distinct.shape == (7, 3)
    np.testing.assert_array_equal(distinct[:, slots], column[:, which])


@pytest.mark.parametrize("n_values", [0, 1, 2, 8])
def test_columns_that_differ_in_one_member_stay_apart(n_values):
    values = np.ones((5, n_values))
    values[4] = np.arange(n_values)
    slots, distinct = shared_slots(values)
    np.testing.assert_array_equal(distinct[:, slots], values)


def test_not_a_number_is_kept():
    values = np.full((3, 6), np.nan)
    slots, distinct = shared_slots(values)
    np.testing.assert_array_equal(distinct[:, slots], values)


def test_shared_values_act_as_values_of_their_own():
    """Two populations whose first members are the same; in one of them nothing is shared."""
    task = cc.make_task("swimmer6")
    network = cc.Network(cc.load("celegans-haspel2011"), task)
    genomes = network.random_genomes(20, seed=0)
    values = network.values(genomes)
    kernel = _kernels.load("alif")
    constants = network.neuron_constants(genomes)
    values["constants"] = np.stack([constants[name] for name in kernel.CONSTANTS], axis=1)
    own = {name: array.copy() for name, array in values.items()}
    for name, array in own.items():
        array[19] += np.arange(array.shape[1]) * (name != "constants")
    populations = [
        Population(
            network.topology,
            _kernels.load("network"),
            kernel,
            given,
            trace=NEURONS["alif"].trace,
            n_threads=1,
        )
        for given in (values, own)
    ]
    rng = np.random.default_rng(1)
    for _ in range(30):
        observations = rng.normal(size=(20, task.n_obs))
        shared, apart = (population.act(observations) for population in populations)
        np.testing.assert_array_equal(shared[:19], apart[:19])
    assert np.any(shared[19] != apart[19])
