from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from conncore.network.topology import Topology

def to_lanes(values: NDArray[np.float64]) -> NDArray[np.float64]: ...
def empty_aligned(count: int, dtype: DTypeLike = ...) -> NDArray[Any]: ...
def from_lanes(lanes: NDArray[np.float64], n_members: int) -> NDArray[np.float64]: ...
def shared_slots(values: NDArray[np.float64]) -> tuple[NDArray[np.intc], NDArray[np.float64]]: ...
def check_steps(n_repeats: int, delay: int) -> None: ...
def check_state(
    values: Mapping[str, ArrayLike],
    names: tuple[str, ...],
    n_members: int,
    n_neurons: int,
    n_outputs: int,
    spikes: bool,
    delay: int,
) -> dict[str, NDArray[np.float64]]: ...
def checked_rows(observations: ArrayLike) -> NDArray[Any]: ...

class Population:
    """The networks of many members in lanes, each with its own values and state.

    One thread at a time: each method raises a `UsageError` while another thread is in one. If
    Ctrl-C ends `act`, call `reset` before the next step. A population cannot be pickled.

    Parameters
    ----------
    topology : Topology
        With ``rows="post"``.
    kernels, neuron : module
        The network's and the neuron model's kernels (``conncore._kernels.load``).
    values : mapping of (n_members, n) float64
        encoder_weights, encoder_bias, synapse_weights, decoder_weights, decoder_bias (in the
        topology's order) and constants (in the neuron kernel's order). The weights are rounded
        to float32.
    trace : float
        Low-pass factor of the output activity, y <- trace y + (1 - trace) z.
    n_threads : int
        At least 1; results do not depend on it.
    n_repeats : int
        Steps of synapses, neurons and trace in one `act`, with the observations held.
    linear : bool
        Whether actions are the decoder's sums, clipped to [-1, 1], and not their tanh.
    delay : int
        Steps from the activity of a neuron to its arrival at others.

    Raises
    ------
    UsageError
        For a missing array, or one of the wrong shape or dtype.
    """

    n_members: int
    n_blocks: int
    n_threads: int
    topology: Topology
    def __init__(
        self,
        topology: Topology,
        kernels: ModuleType,
        neuron: ModuleType,
        values: Mapping[str, NDArray[np.float64]],
        *,
        trace: float,
        n_threads: int,
        n_repeats: int = 1,
        linear: bool = False,
        delay: int = 1,
    ) -> None: ...
    def reset(self) -> None:
        """Bring all neurons to rest."""

    def act(self, observations: ArrayLike) -> NDArray[np.float64]:
        """One step: (n_members, n_obs) observations to (n_members, n_actions) actions in [-1, 1].

        Raises
        ------
        UsageError
            If the observations have another shape, or are masked, complex or no numbers.
        ConncoreError
            In a forked child of a process that has used threads.
        """

    def activity(self) -> NDArray[np.float64]:
        """Activity or spikes (0 or 1) of the last step, (n_members, n_neurons)."""

    def state(self, name: str) -> NDArray[np.float64]:
        """State variable `name` of every neuron, (n_members, n_neurons)."""

    def get_state(self) -> dict[str, NDArray[np.float64]]:
        """Return a copy of all that a step changes, (n_members, n) float64 by name.

        The state variables of the neuron model, such as "v", (n_members, n_neurons); "activity",
        the activity or spikes of the last `delay` steps, oldest first, (n_members, delay *
        n_neurons); "trace", the low-pass filtered activity of the output cells,
        (n_members, n_outputs).
        """

    def set_state(self, values: Mapping[str, ArrayLike]) -> None:
        """Continue from a state that `get_state` returned.

        Raises
        ------
        UsageError
            If a name or a shape differs, or the activity of neurons that spike is not 0 or 1.
        """

    @property
    def status(self) -> NDArray[np.uint8]:
        """(n_members,): 0 for a finite state, 1 for a member that has diverged."""

    @property
    def nbytes(self) -> int:
        """Bytes of all members' values, state and scratch; members come in blocks of 16.

        A member of a full block takes 4 bytes a synapse, less where many share a value, and
        8 (n_state + 2) bytes a neuron.
        """
