"""Artificial neurons, NumPy twin of conncore/kernels/relu.pyx."""

from __future__ import annotations

import numpy as np

from conncore.neurons.types import Constants, Floats, State


def reset(shape: tuple[int, int], constants: Constants) -> State:
    return {}


def step(state: State, current: Floats, constants: Constants) -> Floats:
    return np.clip(current, 0.0, constants["z_max"])
