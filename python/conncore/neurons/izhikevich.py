"""Izhikevich's simple model, NumPy twin of conncore/kernels/izhikevich.pyx."""

from __future__ import annotations

import numpy as np

from conncore.neurons.types import Constants, Floats, State


def reset(shape: tuple[int, int], constants: Constants) -> State:
    v = np.broadcast_to(constants["c"], shape).copy()
    return {"v": v, "u": constants["b"] * v}


def step(state: State, current: Floats, constants: Constants) -> Floats:
    v, u, dt = state["v"], state["u"], constants["dt"]
    v = v + dt * (0.04 * v * v + 5.0 * v + 140.0 - u + constants["scale"] * current)
    u = u + dt * (constants["a"] * (constants["b"] * v - u))
    spikes = v >= 30.0
    state["v"] = np.where(spikes, constants["c"], v)
    state["u"] = np.where(spikes, u + constants["d"], u)
    return spikes.astype(v.dtype)
