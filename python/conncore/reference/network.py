"""A population in plain NumPy: the twin of conncore/kernels/network.pyx."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.network.arithmetic import propagate
from conncore.network.topology import Topology
from conncore.neurons.models import NEURONS
from conncore.neurons.operations import NUMPY, tanh
from conncore.neurons.types import Constants, State


class ReferencePopulation:
    """Same arguments and results as ``conncore._population.Population``, without threads.

    Parameters
    ----------
    topology : Topology
    neuron : str
        Name of a neuron model.
    values : mapping of (n_members, n) float64
        As for ``Population``, but without ``constants``.
    constants : mapping of str to (n_members,) float64
        Constants of the neuron model by name.
    trace : float
        Low-pass factor of the output activity.
    n_repeats : int
        Steps of synapses, neurons and trace in one `act`.
    linear : bool
        Whether actions are the decoder's sums, clipped to [-1, 1], and not their tanh.
    delay : int
        Steps from the activity of a neuron to its arrival at others.
    """

    def __init__(
        self,
        topology: Topology,
        neuron: str,
        values: Mapping[str, NDArray[np.float64]],
        constants: Mapping[str, NDArray[np.float64]],
        *,
        trace: float,
        n_repeats: int = 1,
        linear: bool = False,
        delay: int = 1,
    ) -> None:
        self.topology = topology
        self.model = NEURONS[neuron]
        # the kernels keep the values of sparse maps in float32
        self.values: dict[str, NDArray[np.float64]] = {
            name: array.astype(np.float32).astype(np.float64) if "weights" in name else array
            for name, array in values.items()
        }
        self.constants: Constants = {name: array[:, None] for name, array in constants.items()}
        self.trace = trace
        self.n_repeats = n_repeats
        self.linear = linear
        self.delay = delay
        self.n_members = len(values["synapse_weights"])
        self.reset()

    def reset(self) -> None:
        """Bring all neurons to rest."""
        shape = (self.n_members, self.topology.n_neurons)
        self._state: State = self.model.reset(shape, self.constants, NUMPY)
        self._z: NDArray[np.float64] = np.zeros(shape)
        self._on_the_way = [self._z] * self.delay  # oldest first
        self._y: NDArray[np.float64] = np.zeros((self.n_members, self.topology.outputs.size))

    def act(self, observations: ArrayLike) -> NDArray[np.float64]:
        """One step: (n_members, n_obs) observations to (n_members, n_actions) actions."""
        values, topology = self.values, self.topology
        drive = values["encoder_bias"].copy()
        propagate(topology.encoder, values["encoder_weights"], np.asarray(observations), drive)
        drive = tanh(drive)
        for _ in range(self.n_repeats):
            current = np.zeros_like(self._z)
            current[:, topology.inputs] = drive
            arriving = self._on_the_way.pop(0)
            propagate(topology.synapses, values["synapse_weights"], arriving, current)
            self._z = self.model.step(self._state, current, self.constants, NUMPY)
            self._on_the_way.append(self._z)
            self._y = self.trace * self._y + (1.0 - self.trace) * self._z[:, topology.outputs]
        actions = values["decoder_bias"].copy()
        propagate(topology.decoder, values["decoder_weights"], self._y, actions)
        return np.clip(actions, -1.0, 1.0) if self.linear else tanh(actions)

    def activity(self) -> NDArray[np.float64]:
        """Activity or spikes of the last step, (n_members, n_neurons)."""
        return np.array(self._z)

    def state(self, name: str) -> NDArray[np.float64]:
        """State variable `name` of every neuron, (n_members, n_neurons)."""
        return np.array(self._state[name])
