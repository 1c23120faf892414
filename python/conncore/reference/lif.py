"""Leaky integrate-and-fire, NumPy twin of conncore/kernels/lif.pyx."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conncore.reference.types import Constants, State


def reset(shape: tuple[int, int], constants: Constants) -> State:
    return {"v": np.zeros(shape)}


def step(state: State, current: NDArray[np.float64], constants: Constants) -> NDArray[np.float64]:
    v = constants["gamma"] * state["v"] + current
    spikes = v >= constants["v_th"]
    state["v"] = np.where(spikes, 0.0, v)
    return spikes.astype(np.float64)
