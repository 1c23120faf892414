"""The paper's method: a network in NumPy, one member at a time, matrix times vector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conncore.network.network import Network
from conncore.network.topology import SparseMap

Array = NDArray[np.float64]


def matrix(sparse_map: SparseMap, values: Array) -> Array:
    """One member's map as a dense matrix; a pair may occur twice in a map."""
    dense = np.zeros((sparse_map.n_rows, sparse_map.n_source))
    np.add.at(dense, (sparse_map.rows, sparse_map.indices), values)
    return dense


class NumpyAlifNetwork:
    """One alif network, as a reader of the paper would write it: matrix times vector."""

    def __init__(self, network: Network, genome: Array) -> None:
        values = {name: v[0] for name, v in network.values(genome[None]).items()}
        topology = network.topology
        self.constants = {n: float(v[0]) for n, v in network.neuron_constants(genome[None]).items()}
        self.trace = network.trace
        self.inputs, self.outputs = topology.inputs, topology.outputs
        self.encoder = matrix(topology.encoder, values["encoder_weights"])
        self.encoder_bias = values["encoder_bias"]
        self.weights = matrix(topology.synapses, values["synapse_weights"])
        self.decoder = matrix(topology.decoder, values["decoder_weights"])
        self.decoder_bias = values["decoder_bias"]
        self.v, self.a, self.z = (np.zeros(topology.n_neurons) for _ in range(3))
        self.y = np.zeros(self.outputs.size)

    def act(self, observation: Array) -> Array:
        c = self.constants
        current = self.weights @ self.z
        current[self.inputs] += np.tanh(self.encoder @ observation + self.encoder_bias)
        self.v = c["gamma"] * self.v + current
        spikes = self.v >= c["v_th"] + self.a
        self.v[spikes] = 0.0
        self.z = spikes.astype(float)
        self.a = c["gamma_s"] * self.a + c["beta"] * self.z
        self.y = self.trace * self.y + (1.0 - self.trace) * self.z[self.outputs]
        action: Array = np.tanh(self.decoder @ self.y + self.decoder_bias)
        return action
