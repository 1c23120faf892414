"""Artificial neurons: z <- tanh(gain input). Kernel: conncore/kernels/tanh.pyx."""

from __future__ import annotations

from conncore.neurons.types import Constant, Constants, Floats, NeuronModel, Operations, State


def reset(shape: tuple[int, int], constants: Constants, ops: Operations) -> State:
    return {}


def step(state: State, current: Floats, constants: Constants, ops: Operations) -> Floats:
    return ops.tanh(constants["gain"] * current)


# For perceptrons: the other usual activation of hidden layers. Initial weights are those of relu.
MODEL = NeuronModel(
    constants={"gain": Constant(1.0, 0.01, 10.0, 1)},
    reset=reset,
    step=step,
    log_weights=(-2.5, -3.0),
    trace=0.0,
)
