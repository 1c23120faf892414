"""The populations that run a network's members: compiled, or in NumPy without a kernel."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore import _kernels
from conncore._events import EventPopulation
from conncore._population import Population, check_state
from conncore.errors import SlowNeuronWarning, UsageError, real_array
from conncore.network.arithmetic import propagate
from conncore.network.topology import Topology
from conncore.neurons.models import NEURONS
from conncore.neurons.operations import NUMPY, tanh
from conncore.neurons.types import Constants, NeuronModel, State

Array = NDArray[np.float64]

# Where events beat lanes (see `Network.representation`), measured with `conncore bench large`.
FEW_MEMBERS = 4
BLOCK = 16  # members that lanes round up to
EVENTS_FROM = 5_000  # synapses
MOST_LANE_WEIGHTS = 100_000_000  # 0.4 GB


class NumpyPopulation:
    """Same methods and results as ``conncore._population.Population``, in NumPy and on one thread.

    Parameters
    ----------
    topology : Topology
    model : NeuronModel
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
        model: NeuronModel,
        values: Mapping[str, Array],
        constants: Mapping[str, Array],
        *,
        trace: float,
        n_repeats: int = 1,
        linear: bool = False,
        delay: int = 1,
    ) -> None:
        self.topology = topology
        self.model = model
        # the kernels keep the values of sparse maps in float32
        self.values: dict[str, Array] = {
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
        self._z: Array = np.zeros(shape)
        self._on_the_way = [self._z] * self.delay  # oldest first
        self._y: Array = np.zeros((self.n_members, self.topology.outputs.size))

    def act(self, observations: ArrayLike) -> Array:
        """One step: (n_members, n_obs) observations to (n_members, n_actions) actions."""
        values, topology = self.values, self.topology
        rows = real_array("observations", observations)
        shape = (self.n_members, topology.n_obs)
        if rows.shape != shape:
            raise UsageError(f"observations have shape {rows.shape}, need {shape}")
        drive = values["encoder_bias"].copy()
        propagate(topology.encoder, values["encoder_weights"], rows, drive)
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

    def activity(self) -> Array:
        """Activity or spikes of the last step, (n_members, n_neurons)."""
        return np.array(self._z, dtype=np.float64)

    def state(self, name: str) -> Array:
        """State variable `name` of every neuron, (n_members, n_neurons)."""
        if name not in self._state:
            raise UsageError(f"no state {name!r}; this neuron has {list(self._state)}")
        return np.array(self._state[name], dtype=np.float64)

    def get_state(self) -> dict[str, Array]:
        """Return a copy of all that a step changes; see ``Population``."""
        named = {name: self.state(name) for name in self._state}
        activity = np.concatenate(self._on_the_way, axis=1).astype(np.float64)
        return {**named, "activity": activity, "trace": self._y.copy()}

    def set_state(self, values: Mapping[str, ArrayLike]) -> None:
        """Continue from a state that `get_state` returned; see ``Population``."""
        n_neurons, n_outputs = self._z.shape[1], self._y.shape[1]
        names = tuple(self._state)
        size, delay = self.n_members, self.delay
        checked = check_state(values, names, size, n_neurons, n_outputs, False, delay)
        self._state = {name: checked[name].copy() for name in names}
        self._on_the_way = np.split(checked["activity"].copy(), delay, axis=1)
        self._z, self._y = self._on_the_way[-1], checked["trace"].copy()

    @property
    def status(self) -> NDArray[np.uint8]:
        """(n_members,): 0 for a finite state, 1 for a member that has diverged."""
        found = (*self._state.values(), self._z, self._y)
        finite = np.all([np.isfinite(values).all(axis=1) for values in found], axis=0)
        status: NDArray[np.uint8] = (~finite).astype(np.uint8)
        return status

    @property
    def nbytes(self) -> int:
        """Bytes of all members' values and state."""
        arrays = (*self.values.values(), *self._state.values(), self._z, self._y)
        return sum(array.nbytes for array in arrays)


Networks = Population | EventPopulation | NumpyPopulation


def representation(neuron: str, n_members: int, n_synapses: int) -> str:
    """Return how so many members of a network run; see `Network.representation`."""
    if not _kernels.exists(neuron):
        return "numpy"
    if n_members <= FEW_MEMBERS and n_synapses >= EVENTS_FROM:
        return "events"
    n_weights = -(-n_members // BLOCK) * BLOCK * n_synapses
    return "events" if n_weights > MOST_LANE_WEIGHTS else "lanes"


@cache
def _warn(neuron: str) -> None:
    warnings.warn(
        f"neuron {neuron!r} has no compiled kernel, so its networks run in NumPy on one thread, "
        "10 to 1,000 times slower than with a kernel",
        SlowNeuronWarning,
        stacklevel=4,
    )


def make_population(
    topology: Topology,
    neuron: str,
    values: Mapping[str, Array],
    constants: Mapping[str, Array],
    *,
    trace: float,
    n_threads: int,
    n_repeats: int,
    linear: bool,
    delay: int,
) -> Networks:
    """Return members in lanes, or on events if a row of synapses is a presynaptic cell.

    If the neuron model has no kernel, the members run in NumPy, and a warning says so once.

    Parameters
    ----------
    topology : Topology
    neuron : str
        Name of a neuron model.
    values : mapping of str to (n_members, n) float64
        Values of the topology's maps and biases, as `Network.values` has them.
    constants : mapping of str to (n_members,) float64
        Constants of the neuron model.
    trace, n_threads, n_repeats, linear, delay
        As for `Population`.
    """
    if not _kernels.exists(neuron):
        _warn(neuron)
        return NumpyPopulation(
            topology, NEURONS[neuron], values, constants,
            trace=trace, n_repeats=n_repeats, linear=linear, delay=delay,
        )  # fmt: skip
    model = _kernels.load(neuron)
    stacked = np.stack([constants[name] for name in model.CONSTANTS], axis=1)
    lanes = topology.rows == "post"
    kind = Population if lanes else EventPopulation
    return kind(
        topology,
        _kernels.load("network" if lanes else "events"),
        model,
        {**values, "constants": stacked},
        trace=trace,
        n_threads=n_threads,
        n_repeats=n_repeats,
        linear=linear,
        delay=delay,
    )
