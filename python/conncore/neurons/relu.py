"""Artificial neurons: z <- input between 0 and z_max. Kernel: conncore/kernels/relu.pyx."""

from __future__ import annotations

from conncore.neurons.types import Constant, Constants, Floats, NeuronModel, Operations, State


def reset(shape: tuple[int, int], constants: Constants, ops: Operations) -> State:
    return {}


def step(state: State, current: Floats, constants: Constants, ops: Operations) -> Floats:
    return ops.clip(current, 0.0, constants["z_max"])


# The paper's (arXiv 2209.14406).
MODEL = NeuronModel(
    constants={"z_max": Constant(10.0, 0.1, 1000.0, 8)},
    reset=reset,
    step=step,
    log_weights=(-2.5, -3.0),
    trace=0.0,
)
