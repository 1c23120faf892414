"""Types of the reference neuron models."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# State variables by name, each (n_members, n_neurons); `step` replaces them.
State = dict[str, NDArray[np.float64]]
# Constants by name, each (n_members, 1).
Constants = dict[str, NDArray[np.float64]]


class Neuron(Protocol):
    """What the module of a neuron model defines."""

    def reset(self, shape: tuple[int, int], constants: Constants) -> State:
        """The state at rest; shape is (n_members, n_neurons)."""

    def step(
        self, state: State, current: NDArray[np.float64], constants: Constants
    ) -> NDArray[np.float64]:
        """Update `state` in place and return activity or spikes, (n_members, n_neurons)."""
