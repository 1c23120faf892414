"""Random networks of many members: tests run the kernels on them without a connectome or task."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace

import numpy as np

from conncore import _kernels
from conncore._population import Population
from conncore.network.topology import SparseMap, Topology
from conncore.neurons.models import NEURONS
from conncore.reference import ReferencePopulation

# One row per neuron model: its name, and a synapse weight at which random networks are lively.
NEURON_CASES = [
    ("relu", 0.5),
    ("lif", 1.0),
    ("alif", 1.0),
    ("izhikevich", 5.0),
    ("adaptive_izhikevich", 5.0),
    ("tanh", 0.5),
]


@dataclass(frozen=True, eq=False)
class RandomNetwork:
    """What `Population` and `ReferencePopulation` are built from."""

    neuron: str
    topology: Topology
    values: dict[str, np.ndarray]
    constants: dict[str, np.ndarray]
    trace: float
    n_repeats: int = 1
    linear: bool = False
    delay: int = 1

    @property
    def n_members(self):
        return len(self.values["synapse_weights"])

    def population(self, n_threads=1, isa=None):
        """The compiled population, for the best instruction set or the one named."""
        isa = isa or _kernels.built_for()[0]
        network, neuron = (
            importlib.import_module(f"conncore._kernels.{kernel}_{isa}")
            for kernel in ("network", self.neuron)
        )
        constants = np.stack([self.constants[name] for name in neuron.CONSTANTS], axis=1)
        values = self.values | {"constants": constants}
        return Population(
            self.topology,
            network,
            neuron,
            values,
            trace=self.trace,
            n_threads=n_threads,
            n_repeats=self.n_repeats,
            linear=self.linear,
            delay=self.delay,
        )

    def reference(self):
        return ReferencePopulation(
            self.topology,
            self.neuron,
            self.values,
            self.constants,
            trace=self.trace,
            n_repeats=self.n_repeats,
            linear=self.linear,
            delay=self.delay,
        )

    def take(self, members):
        """The network with these members, in this order."""
        return replace(
            self,
            values={name: array[members] for name, array in self.values.items()},
            constants={name: array[members] for name, array in self.constants.items()},
        )


def random_map(rng, n_rows, n_source, density):
    """Each pair of row and source with probability `density`, sources of a row in any order."""
    chosen = rng.random((n_rows, n_source)) < density
    indices = [rng.permutation(np.flatnonzero(row)) for row in chosen]
    indptr = np.concatenate(([0], np.cumsum(chosen.sum(axis=1))))
    return SparseMap(
        indptr.astype(np.int32), np.concatenate([*indices, []]).astype(np.int32), n_source
    )


def random_network(
    rng, neuron, n_members, *, n_neurons=12, density=0.3, n_obs=4, n_actions=3, weight=1.0,
    default_constants=False,
):  # fmt: skip
    """Random wiring (self-loops and empty rows too), signed weights, constants in their ranges."""
    inputs = rng.permutation(n_neurons)[: rng.integers(0, n_neurons + 1)]
    outputs = rng.integers(0, n_neurons, rng.integers(0, n_neurons + 1))
    topology = Topology(
        inputs.astype(np.int32),
        outputs.astype(np.int32),
        random_map(rng, inputs.size, n_obs, density),
        random_map(rng, n_neurons, n_neurons, density),
        random_map(rng, n_actions, outputs.size, density),
    )

    def signed(size, scale):
        shape = (n_members, size)
        return scale * np.exp(rng.normal(size=shape)) * rng.choice([-1.0, 1.0], shape)

    constants = {
        name: np.full(n_members, c.default)
        if default_constants
        else rng.uniform(c.lower, c.upper, n_members)
        for name, c in NEURONS[neuron].constants.items()
    }
    values = {
        "encoder_weights": signed(topology.encoder.n_values, 1.0),
        "encoder_bias": signed(inputs.size, 1.0),
        "synapse_weights": signed(topology.synapses.n_values, weight),
        "decoder_weights": signed(topology.decoder.n_values, 1.0),
        "decoder_bias": signed(n_actions, 1.0),
    }
    return RandomNetwork(
        neuron,
        topology,
        values,
        constants,
        trace=rng.choice([0.0, 0.8]),
        n_repeats=int(rng.integers(1, 4)),
        linear=bool(rng.integers(2)),
        delay=int(rng.choice([1, 1, 2, 5])),
    )


def run(population, observations):
    """Actions and activity of every step: (n_steps, n_members, ...) each."""
    steps = [(population.act(seen), population.activity()) for seen in observations]
    return tuple(np.array(list(kind)) for kind in zip(*steps, strict=True))


def assert_same_bits(actual, desired):
    """Equal to the bit, signs of zeros too; one NaN is as good as another."""
    np.testing.assert_array_equal(actual, desired)
    number = ~np.isnan(desired)
    np.testing.assert_array_equal(np.signbit(actual[number]), np.signbit(desired[number]))
