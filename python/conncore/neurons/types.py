"""Types of the reference neuron models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

# float64 as in the kernels, or float32: `conncore.network.batched` runs the same equations in it.
Floats = NDArray[Any]
# State variables by name, each (n_members, n_neurons); `step` replaces them.
State = dict[str, Floats]
# Constants by name, each (n_members, 1), or a number for all.
Constants = Mapping[str, Floats | float]


class Neuron(Protocol):
    """What the module of a neuron model defines."""

    def reset(self, shape: tuple[int, int], constants: Constants) -> State:
        """The state at rest; shape is (n_members, n_neurons)."""

    def step(self, state: State, current: Floats, constants: Constants) -> Floats:
        """Update `state` in place and return activity or spikes, (n_members, n_neurons)."""
