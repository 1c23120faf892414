"""Adaptive integrate-and-fire neurons. Kernel: conncore/kernels/alif.pyx."""

from __future__ import annotations

import math

from conncore.neurons.types import Constant, Constants, Floats, NeuronModel, Operations, State


def reset(shape: tuple[int, int], constants: Constants, ops: Operations) -> State:
    return {"v": ops.full(shape, 0.0), "a": ops.full(shape, 0.0)}


def step(state: State, current: Floats, constants: Constants, ops: Operations) -> Floats:
    v = constants["gamma"] * state["v"] + current
    spikes, z = ops.spike(v, constants["v_th"] + state["a"], width=constants["v_th"])
    state["v"] = ops.where(spikes, 0.0, v)
    state["a"] = constants["gamma_s"] * state["a"] + constants["beta"] * z
    return z


# The paper's (arXiv 2209.14406).
MODEL = NeuronModel(
    constants={
        "gamma": Constant(math.exp(-1 / 20), 0.0, 1.0, 2**-4),
        "v_th": Constant(1.0, 0.01, 10.0, 1),
        "gamma_s": Constant(math.exp(-1 / 10), 0.0, 1.0, 2**-3),
        "beta": Constant(0.5, 0.0, 10.0, 2**-1),
    },
    reset=reset,
    step=step,
    log_weights=(-1.0, -1.5),
    trace=0.8,
)
