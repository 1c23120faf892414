"""Izhikevich cells with an adaptive threshold. Kernel: conncore/kernels/adaptive_izhikevich.pyx."""

from __future__ import annotations

import math
from dataclasses import replace

from conncore.neurons import izhikevich
from conncore.neurons.types import Constant, Constants, Floats, Operations, State


def reset(shape: tuple[int, int], constants: Constants, ops: Operations) -> State:
    return {**izhikevich.reset(shape, constants, ops), "th": ops.full(shape, 0.0)}


def step(state: State, current: Floats, constants: Constants, ops: Operations) -> Floats:
    v, u, th, dt = state["v"], state["u"], state["th"], constants["dt"]
    v = v + dt * (0.04 * v * v + 5.0 * v + 140.0 - u + constants["scale"] * current)
    u = u + dt * (constants["a"] * (constants["b"] * v - u))
    spikes, z = ops.spike(v, 30.0 + th, width=30.0)
    state["v"] = ops.where(spikes, constants["c"], v)
    state["u"] = ops.where(spikes, u + constants["d"], u)
    state["th"] = constants["gamma_s"] * th + constants["beta"] * z
    return z


# The paper (arXiv 2209.14406) lists the decay of an adaptive threshold for Izhikevich cells, but no
# equation and no size. The equation is that of alif. After a spike, the threshold is higher by beta
# (mV); as in alif, beta is half of the threshold.
MODEL = replace(
    izhikevich.MODEL,
    constants={
        **izhikevich.MODEL.constants,
        "gamma_s": Constant(math.exp(-1 / 10), 0.0, 1.0, 2**-3),
        "beta": Constant(15.0, 0.0, 300.0, 16),
    },
    reset=reset,
    step=step,
)
