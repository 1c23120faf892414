"""Artificial neurons, NumPy twin of conncore/kernels/relu.pyx."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conncore.reference.types import Constants, State


def reset(shape: tuple[int, int], constants: Constants) -> State:
    return {}


def step(state: State, current: NDArray[np.float64], constants: Constants) -> NDArray[np.float64]:
    return np.minimum(np.maximum(current, 0.0), constants["z_max"])
