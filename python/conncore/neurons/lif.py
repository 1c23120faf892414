"""Leaky integrate-and-fire, NumPy twin of conncore/kernels/lif.pyx."""

from __future__ import annotations

import numpy as np

from conncore.neurons.types import Constants, Floats, State


def reset(shape: tuple[int, int], constants: Constants) -> State:
    return {"v": np.zeros(shape)}


def step(state: State, current: Floats, constants: Constants) -> Floats:
    v = constants["gamma"] * state["v"] + current
    spikes = v >= constants["v_th"]
    state["v"] = np.where(spikes, 0.0, v)
    return spikes.astype(v.dtype)
