"""Spike times of whole networks against Brian2 (reference files by tests/brian2)."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from conncore import _kernels
from conncore._population import Population
from conncore.network.topology import SparseMap, Topology
from conncore.neurons.models import NEURONS

HERE = Path(__file__).parent / "brian2"
SCRIPT = runpy.run_path(str(HERE / "make_reference.py"))


@pytest.fixture(params=sorted(SCRIPT["CONSTANTS"]))
def reference(request):
    with np.load(HERE / f"reference_{request.param}.npz") as file:
        return request.param, dict(file)


def simulate(model, reference):
    """Steps and cells of all spikes, in order."""
    n_neurons = SCRIPT["N_NEURONS"]
    everyone = np.arange(n_neurons)
    encoder, _ = SparseMap.from_pairs(everyone, everyone % 4, n_neurons, 4)
    synapses, order = SparseMap.from_pairs(
        reference["post"], reference["pre"], n_neurons, n_neurons
    )
    decoder = SparseMap(np.zeros(1, np.int32), np.zeros(0, np.int32), 0)
    topology = Topology(
        everyone.astype(np.int32), np.zeros(0, np.int32), encoder, synapses, decoder
    )
    neuron = _kernels.load(model)
    constants = dict(zip(reference["constant_names"], reference["constants"], strict=True))
    values = {
        "encoder_weights": reference["gain"],
        "encoder_bias": reference["bias"],
        "synapse_weights": reference["weight"][order],
        "decoder_weights": np.zeros(0),
        "decoder_bias": np.zeros(0),
        "constants": np.array([constants[name] for name in neuron.CONSTANTS]),
    }
    population = Population(
        topology,
        _kernels.load("network"),
        neuron,
        {name: array[None] for name, array in values.items()},
        trace=0.0,
        n_threads=1,
    )
    activity = np.empty((int(reference["n_steps"]), n_neurons))
    for step, row in enumerate(SCRIPT["observations"]()):
        population.act(row[None])
        activity[step] = population.activity()[0]
    return np.nonzero(activity)


def test_spike_times_are_brian2s(reference):
    model, recorded = reference
    steps, cells = simulate(model, recorded)
    assert 0.005 < recorded["spike_step"].size / (1000 * 100) < 0.5
    assert np.unique(recorded["spike_cell"]).size > 90
    in_order = np.lexsort((recorded["spike_cell"], recorded["spike_step"]))
    np.testing.assert_array_equal(steps, recorded["spike_step"][in_order])
    np.testing.assert_array_equal(cells, recorded["spike_cell"][in_order])


def test_recorded_network_is_the_scripts(reference):
    model, recorded = reference
    for name, array in SCRIPT["build_network"](model).items():
        np.testing.assert_array_equal(recorded[name], array)
    constants = SCRIPT["CONSTANTS"][model]
    assert list(recorded["constant_names"]) == list(constants) == list(NEURONS[model].constants)
    np.testing.assert_allclose(recorded["constants"], list(constants.values()), rtol=1e-15)
    assert recorded["n_steps"] == SCRIPT["N_STEPS"]


def test_recorded_constants_are_the_papers(reference):
    model, recorded = reference
    defaults = np.array([constant.default for constant in NEURONS[model].constants.values()])
    same = np.isclose(recorded["constants"], defaults, rtol=1e-15, atol=0.0)
    different = recorded["constant_names"][~same]
    # With the paper's d = 0, Brian2 would not see how a spike moves u.
    assert list(different) == (["d"] if model == "izhikevich" else [])
