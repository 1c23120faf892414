"""The functions that equations of neurons use, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from conncore.neurons.types import Floats


class NumpyOperations:
    """See `conncore.neurons.types.Operations`."""

    def full(self, shape: tuple[int, int], value: Floats | float) -> Floats:
        return np.full(shape, value)

    def clip(self, x: Floats, low: float, high: Floats | float) -> Floats:
        return np.clip(x, low, high)

    def where(self, condition: Any, x: Floats | float, y: Floats | float) -> Floats:
        return np.where(condition, x, y)

    def spike(
        self, x: Floats, threshold: Floats | float, width: Floats | float
    ) -> tuple[Any, Floats]:
        spikes = x >= threshold
        return spikes, spikes.astype(x.dtype)


NUMPY = NumpyOperations()
