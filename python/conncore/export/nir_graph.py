"""A spiking network as a graph of NIR nodes that snnTorch and Norse run with the same spikes.

NIR (Pedersen et al. 2024, Nature Communications 15:8122) has no tanh. So the graph begins with the
current into every cell, which `nir_inputs` computes from observations. It ends with the decoder's
sums, from which `nir_actions` computes actions. The graph's metadata holds the encoder.

Both simulators step by forward Euler, v <- v + DT / tau (I - v), and an edge that closes a loop
takes one step. A loop from cells to cells runs through three nodes, because snnTorch 1.0 misreads
a loop of two nodes. Neither simulator reads NIR's LI, so the low-pass filter of the outputs is a
loop of Linear nodes. The names of the nodes are in the order of computation, because nirtorch takes
nodes in the order of the file, which is alphabetical. Cells have r = 1, as Norse assumes, so their
potential and their threshold are scaled by 1 - gamma. A spike is v > threshold in NIR and
v >= threshold in conncore.

The alif model
--------------
No NIR neuron has a moving threshold, and none has an input to its reset. So an adaptive cell
becomes a LIF cell that takes two NIR steps per step of the network, with leak g = sqrt(gamma):

- "test": the cell receives its current minus the adaptation a, and spikes if v - a > v_th.
- "prepare": the cell receives a, so that its potential is v again, minus an offset that prevents a
  spike. A cell that spiked in the test receives enough to spike again, which resets it fully.

The next test adds the offset again; cells that were reset do not need it. One more cell, the clock,
spikes in every test. From the clock and from the spikes of a cell, two LIF cells without memory
make two trains: the spikes of tests, which cause the reset and are read out, and their repetitions,
which go to the synapses and to the adaptation. The adaptation is a loop of two steps: it enters
tests as -a and preparations as g a. The prepare step comes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.errors import UsageError, real_array
from conncore.network.arithmetic import propagate
from conncore.network.network import Network
from conncore.network.topology import SparseMap
from conncore.neurons.operations import tanh

Array = NDArray[np.float64]

#: Seconds per NIR step, the one that snnTorch assumes; for Norse, ``from_nir(graph, dt=DT)``.
DT = 1e-4
#: The largest network to export: NIR's matrices are dense.
MAX_NEURONS = 4_000
# A cell spikes where v equals v_th, so NIR's threshold is lower, by more than rounding errors.
_BELOW = 1.0 - 2.0**-40
_MAX_ADAPTATION = 2.0**20  # a larger offset would leave too few digits for the potential


def build(network: Network, genome: Array) -> Any:
    """The `nir.NIRGraph` of a network and a genome, (n_parameters,) float64."""
    import nir

    if network.neuron not in _MODELS:
        raise UsageError(
            f"NIR has no nodes for {network.neuron} neurons: export a network of "
            f"{' or '.join(_MODELS)} neurons, or use to_torch"
        )
    if network.delay > 1:
        raise UsageError("NIR graphs have no synaptic delay: export a network with delay=1")
    topology = network.topology
    n_neurons, n_actions = topology.n_neurons, topology.n_actions
    if n_neurons > MAX_NEURONS:
        raise UsageError(
            f"{n_neurons} neurons are too many for NIR, whose matrices are dense (at most "
            f"{MAX_NEURONS}): use to_torch"
        )
    genomes = genome[None]
    constants = {name: float(c[0]) for name, c in network.neuron_constants(genomes).items()}
    values = {name: row[0] for name, row in network.values(genomes).items()}
    weights = _matrix(topology.synapses, values["synapse_weights"])
    decoder = np.zeros((n_actions, n_neurons))
    read = _matrix(topology.decoder, values["decoder_weights"])
    np.add.at(decoder.T, topology.outputs, read.T)
    nodes, edges, spiking = _MODELS[network.neuron].build(nir, constants, weights)

    trace = network.trace ** (1.0 / n_phases(network))
    columns = nodes[spiking].output_type["output"][0]
    readout = np.zeros((n_actions, columns))
    readout[:, columns - n_neurons :] = (1.0 - network.trace) * decoder
    identity = np.eye(n_actions)
    nodes["w_readout"] = nir.Linear(readout)
    nodes["x_trace"] = nir.Linear(identity)
    nodes["y_trace_loop"] = nir.Linear(trace * identity)
    nodes["z_decoder"] = nir.Affine(identity, values["decoder_bias"])
    edges += [(spiking, "w_readout"), ("w_readout", "x_trace")]
    edges += [("x_trace", "y_trace_loop"), ("y_trace_loop", "x_trace"), ("x_trace", "z_decoder")]

    size = nodes["a_current"].input_type["input"]
    ends = {"input": nir.Input(size), "output": nir.Output(np.array([n_actions]))}
    return nir.NIRGraph(
        nodes=ends | nodes,
        edges=[("input", "a_current"), *edges, ("z_decoder", "output")],
        metadata={
            "neuron": network.neuron,
            "dt": DT,
            "nir_steps_per_action": network.steps_per_action * n_phases(network),
            "cells": "\n".join(network.connectome.names),
            "input_cells": np.array(topology.inputs),
            "encoder_weight": _matrix(topology.encoder, values["encoder_weights"]),
            "encoder_bias": np.array(values["encoder_bias"]),
            "encoder_activation": "tanh",
            "decoder_activation": "tanh" if network.decoder == "tanh" else "clip",
        },
    )


def n_phases(network: Network) -> int:
    """NIR steps per step of the network."""
    return _MODELS[network.neuron].n_phases


def nir_inputs(network: Network, genome: Array, observations: ArrayLike) -> Array:
    """The inputs of the graph of `to_nir`, one row per NIR step.

    Parameters
    ----------
    network : Network
    genome : (n_parameters,) float64
    observations : (n_steps, n_obs)

    Returns
    -------
    (n_steps * steps_per_action, n_neurons) float64
        For lif, the current into every cell. For alif the shape is
        (2 * n_steps * steps_per_action, n_neurons + 1): before each of these rows a row of zeros,
        and a last column that is 1 where the clock spikes.

    Raises
    ------
    UsageError
        If the genome or the observations do not fit the network.
    """
    topology, values = network.topology, network.values(real_array("genome", genome)[None])
    rows = real_array("observations", observations).astype(np.float64, copy=False)
    if rows.ndim != 2 or rows.shape[1] != topology.n_obs:
        raise UsageError(f"observations have shape {rows.shape}, need (n_steps, {topology.n_obs})")
    drive = np.repeat(values["encoder_bias"], len(rows), axis=0)
    weights = values["encoder_weights"].astype(np.float32).astype(np.float64)
    propagate(topology.encoder, weights, rows, drive)
    current = np.zeros((len(rows), topology.n_neurons))
    current[:, topology.inputs] = tanh(drive)
    current = np.repeat(current, network.steps_per_action, axis=0)
    if n_phases(network) == 1:
        return current
    phases = np.zeros((2 * len(current), topology.n_neurons + 1))
    phases[1::2, :-1] = current
    phases[1::2, -1] = 1.0
    return phases


def nir_actions(network: Network, outputs: ArrayLike) -> Array:
    """Actions, (n_steps, n_actions), from the outputs of the graph, one row per NIR step."""
    n_rows = network.steps_per_action * n_phases(network)
    actions: Array = np.tanh(real_array("outputs", outputs)[n_rows - 1 :: n_rows])
    return actions


def nir_spikes(network: Network, spikes: ArrayLike) -> Array:
    """Spikes as from `Network.simulate`, from the spikes of the graph's node "b_neurons"."""
    phases = n_phases(network)
    rows = real_array("spikes", spikes).astype(np.float64, copy=False)
    return rows[phases - 1 :: phases, : network.connectome.n_cells]


_Parts = tuple[dict[str, Any], list[tuple[str, str]], str]


@dataclass(frozen=True)
class _Model:
    """How NIR expresses a neuron model.

    Parameters
    ----------
    build : callable
        From nir, the constants and the matrix of weights to the nodes; see `_lif`.
    n_phases : int
        NIR steps per step of the network.
    """

    build: Callable[[Any, dict[str, float], Array], _Parts]
    n_phases: int


def _lif(nir: Any, constants: dict[str, float], weights: Array) -> _Parts:
    """Nodes, edges, and the name of the node whose spikes the decoder reads."""
    n_neurons = len(weights)
    nodes = {
        "a_current": nir.Linear(np.eye(n_neurons)),
        "b_neurons": _cells(nir, n_neurons, constants["gamma"], constants["v_th"]),
        "c_synapses": nir.Linear(weights),
    }
    edges = [
        ("a_current", "b_neurons"),
        ("b_neurons", "c_synapses"),
        ("c_synapses", "a_current"),
    ]
    return nodes, edges, "b_neurons"


def _alif(nir: Any, constants: dict[str, float], weights: Array) -> _Parts:
    """As `_lif`; "d_phases" has the repeated spikes first, then the spikes of tests."""
    n_neurons = len(weights)
    v_th, gamma_s, beta = (constants[name] for name in ("v_th", "gamma_s", "beta"))
    g = math.sqrt(constants["gamma"])
    highest = beta / (1.0 - gamma_s) if gamma_s < 1.0 else math.inf if beta else 0.0
    if highest > _MAX_ADAPTATION:
        raise UsageError(
            f"an adaptation with gamma_s {gamma_s:g} and beta {beta:g} grows beyond the range of "
            "NIR's cells: lower gamma_s, or use to_torch"
        )
    # A power of two, so that products with g keep all digits. Potentials stay below v_th + highest.
    offset = 2.0 ** math.ceil(math.log2(v_th + highest))
    again = offset + 2.0 * v_th

    one, none = np.eye(n_neurons), np.zeros((n_neurons, n_neurons))
    clock, silent = np.ones((n_neurons, 1)), np.zeros((1, 2 * n_neurons))
    current = np.eye(n_neurons + 1)
    current[:-1, -1] = offset + g * offset  # the bias subtracts the offset in every step
    current[-1, -1] = 2.0 * v_th
    nodes = {
        "a_current": nir.Affine(current, np.append(np.full(n_neurons, -offset), 0.0)),
        "b_neurons": _cells(nir, n_neurons + 1, g, v_th),
        "c_gates": nir.Affine(
            np.block([[one, -clock], [one, clock]]), np.repeat([0.0, -1.0], n_neurons)
        ),
        "d_phases": _cells(nir, 2 * n_neurons, 0.0, 0.5),
        "e_synapses": nir.Linear(np.block([[weights - g * offset * one, again * one], [silent]])),
        "f_increment": nir.Linear(np.block([[beta * one, none], [none, none]])),
        "g_adaptation": nir.Linear(np.eye(2 * n_neurons)),
        "h_adaptation_loop": nir.Linear(np.block([[none, gamma_s * one], [one, none]])),
        "i_threshold": nir.Linear(np.block([[-one, g * one], [silent]])),
    }
    edges = [
        ("a_current", "b_neurons"),
        ("b_neurons", "c_gates"),
        ("c_gates", "d_phases"),
        ("d_phases", "e_synapses"),
        ("e_synapses", "a_current"),
        ("d_phases", "f_increment"),
        ("f_increment", "g_adaptation"),
        ("g_adaptation", "h_adaptation_loop"),
        ("h_adaptation_loop", "g_adaptation"),
        ("g_adaptation", "i_threshold"),
        ("i_threshold", "a_current"),
    ]
    return nodes, edges, "d_phases"


#: The neuron models that NIR can express.
_MODELS: Mapping[str, _Model] = {"lif": _Model(_lif, 1), "alif": _Model(_alif, 2)}


def _cells(nir: Any, n: int, gamma: float, v_th: float) -> Any:
    """n LIF cells that keep `gamma` of their potential in a step."""
    if gamma >= 1.0:
        raise UsageError("gamma is 1: NIR has no LIF neuron without a leak; use a smaller gamma")
    return nir.LIF(
        tau=np.full(n, DT / (1.0 - gamma)),
        r=np.ones(n),
        v_leak=np.zeros(n),
        v_threshold=np.full(n, v_th * (1.0 - gamma) * _BELOW),
    )


def _matrix(sparse_map: SparseMap, values: Array) -> Array:
    """The map as a dense matrix, with values rounded to float32 as in the kernels."""
    matrix = np.zeros((sparse_map.n_rows, sparse_map.n_source))
    rounded = values.astype(np.float32)
    np.add.at(matrix, (sparse_map.rows, sparse_map.indices), rounded.astype(np.float64))
    return matrix
