"""What a neuron model is: its constants, its start values and its equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# A NumPy array (float64, or float32 in `conncore.network.batched`) or a PyTorch tensor.
Floats = Any
# State variables by name, each (n_members, n_neurons); `step` replaces them.
State = dict[str, Floats]
# Constants by name, each (n_members, 1), or one number for all members.
Constants = Mapping[str, Floats]


class Operations(Protocol):
    """The functions that equations may use besides arithmetic, for one array library.

    `conncore.neurons.operations` has them for NumPy, `conncore.export.torch_module` for PyTorch.
    """

    def full(self, shape: tuple[int, int], value: Floats | float) -> Floats:
        """A new array of this shape that holds `value`, which may be (n_members, 1)."""

    def clip(self, x: Floats, low: float, high: Floats | float) -> Floats:
        """x, but at least `low` and at most `high`."""

    def tanh(self, x: Floats) -> Floats:
        """The hyperbolic tangent of x."""

    def where(self, condition: Any, x: Floats | float, y: Floats | float) -> Floats:
        """x where the condition holds, y elsewhere."""

    def spike(
        self, x: Floats, threshold: Floats | float, width: Floats | float
    ) -> tuple[Any, Floats]:
        """Where x >= threshold: as a condition for `where`, and as numbers 0 and 1.

        `width` is the scale of x - threshold in the surrogate gradient; without gradients it has
        no effect.
        """


class Reset(Protocol):
    def __call__(self, shape: tuple[int, int], constants: Constants, ops: Operations) -> State:
        """Return the state at rest; shape is (n_members, n_neurons)."""


class Step(Protocol):
    def __call__(
        self, state: State, current: Floats, constants: Constants, ops: Operations
    ) -> Floats:
        """Replace the arrays in `state` and return activity or spikes, (n_members, n_neurons)."""


@dataclass(frozen=True)
class Constant:
    """A constant of a neuron model: its default, and how the optimiser tunes it.

    Parameters
    ----------
    default : float
    lower, upper : float
        The optimiser keeps the constant in this range.
    unit : float
        The optimiser counts the constant in this unit, so that steps of one size suit all
        parameters. The unit is about the size of the constant; for a decay, about the size of
        1 - decay. It is a power of two, so that counting rounds nothing.
    """

    default: float
    lower: float
    upper: float
    unit: float


@dataclass(frozen=True)
class NeuronModel:
    """All that Python needs to know of a neuron model.

    Parameters
    ----------
    constants : mapping of str to Constant
        By the names that the equations use, in the order of the kernel's ``CONSTANTS``.
    reset, step : function
        The equations; see `Reset` and `Step`. They compute what the kernel computes, in the same
        order of operations.
    log_weights : tuple of two float
        Initial log weight of excitatory and of inhibitory synapses.
    trace : float
        Low-pass factor of the output activity, y <- trace y + (1 - trace) z; 0 for no filter.
    steps_per_action : int
        Steps of the equations per control step.
    """

    constants: Mapping[str, Constant]
    reset: Reset
    step: Step
    log_weights: tuple[float, float]
    trace: float
    steps_per_action: int = 1
