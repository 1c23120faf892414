from collections.abc import Mapping
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.network.topology import Topology

def find_bounds(targets: NDArray[np.int32], n_neurons: int, n_ranges: int) -> NDArray[np.int32]: ...

class EventPopulation:
    """The large networks of many members, each with its own values and state.

    Only active neurons send.

    Results equal `conncore._population.Population`'s to the bit (but for the signs of zeros), if
    the synapses are the same and those of a postsynaptic neuron ascend there. Its methods are those
    of `Population`.

    Parameters
    ----------
    topology : Topology
        With ``rows="pre"``, and indices that ascend within a row.
    kernels, neuron : module
        The kernels "events" and of the neuron model (``conncore._kernels.load``).
    values : mapping of (n_members, n) float64
        As for `Population`: the weights are rounded to float32.
    trace : float
        Low-pass factor of the output activity, y <- trace y + (1 - trace) z.
    n_threads : int
        At least 1; results do not depend on it. Threads work on members, or on ranges of
        postsynaptic neurons where there are fewer members than threads.
    n_repeats : int
        Steps of synapses, neurons and trace in one `act`, with the observations held.

    Raises
    ------
    UsageError
        For a missing array, or one of the wrong shape or dtype.
    """

    n_members: int
    n_ranges: int
    n_threads: int
    n_repeats: int
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
    def reset(self) -> None: ...
    def act(self, observations: ArrayLike) -> NDArray[np.float64]: ...
    def activity(self) -> NDArray[np.float64]: ...
    def state(self, name: str) -> NDArray[np.float64]: ...
    def get_state(self) -> dict[str, NDArray[np.float64]]: ...
    def set_state(self, values: Mapping[str, ArrayLike]) -> None: ...
    @property
    def status(self) -> NDArray[np.uint8]: ...
    @property
    def nbytes(self) -> int:
        """Bytes of all members' values, state and scratch.

        A member takes 4 bytes a synapse, and 8 (n_state + 5) bytes a neuron.
        """

    @property
    def shared_nbytes(self) -> int:
        """Bytes that do not grow with members: the synapses' indices."""
