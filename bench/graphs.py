"""Networks that several subjects measure, and their populations."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from conncore import _kernels
from conncore._population import Population
from conncore.catalog.shipped import load
from conncore.network.topology import SparseMap, Topology
from conncore.neurons.models import NEURONS

N_MEMBERS = 750
WINDING = (2952, 110_677)  # cells and edges of Winding et al. 2023, larval Drosophila


@dataclass(frozen=True, eq=False)
class Graph:
    """A network with very little input and output: a step consists of propagation and neurons."""

    name: str
    topology: Topology

    @property
    def n_neurons(self) -> int:
        return self.topology.n_neurons

    @property
    def n_synapses(self) -> int:
        return self.topology.synapses.n_values

    def weights(self, n_members: int) -> NDArray[np.float64]:
        """Individual signed weights, (n_members, n_synapses), in the order of the topology."""
        rng = np.random.default_rng(0)
        sign = rng.choice([-1.0, 1.0], self.n_synapses)
        return sign * np.exp(rng.normal(-1.0, 0.3, (n_members, self.n_synapses)))

    def population(
        self,
        weights: NDArray[np.float64],
        n_threads: int = 1,
        neuron: str = "alif",
        kernels: tuple[ModuleType, ModuleType] | None = None,
    ) -> Population:
        """Networks with these weights; `kernels` are the network's and the neuron's."""
        network, model = kernels or (_kernels.load("network"), _kernels.load(neuron))
        one = np.ones((len(weights), 1))
        constants = np.array([NEURONS[neuron].constants[name].default for name in model.CONSTANTS])
        values = {
            "encoder_weights": one,
            "encoder_bias": one,
            "synapse_weights": weights,
            "decoder_weights": one,
            "decoder_bias": one,
            "constants": one * constants,
        }
        return Population(self.topology, network, model, values, trace=0.8, n_threads=n_threads)


def graph(name: str, post: NDArray[np.integer], pre: NDArray[np.integer], n_neurons: int) -> Graph:
    """A graph with one input and one output, the first cell."""
    first = np.zeros(1, dtype=np.int32)
    synapses, _ = SparseMap.from_pairs(post, pre, n_neurons, n_neurons)
    wire, _ = SparseMap.from_pairs(first, first, 1, 1)
    return Graph(name, Topology(first, first, wire, synapses, wire))


def haspel() -> Graph:
    """The worm's repeating segments, with muscles split: 138 cells, 484 synapses."""
    worm = load("celegans-haspel2011", split_muscles=True)
    return graph("Haspel", worm.post, worm.pre, worm.n_cells)


def random_graph(n_neurons: int, n_synapses: int, seed: int = 0) -> Graph:
    """A random graph: distinct pairs of cells. It can have the size of Winding's connectome."""
    chosen = np.random.default_rng(seed).choice(
        n_neurons**2, n_synapses, replace=False, shuffle=False
    )
    return graph(f"random {n_neurons}", chosen // n_neurons, chosen % n_neurons, n_neurons)


def of_degree(n_synapses: int) -> Graph:
    """A random graph with as many synapses per cell as the worm has."""
    return random_graph(round(n_synapses * 138 / 484), n_synapses)
