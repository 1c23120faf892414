"""The functions that equations of neurons use, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.neurons.types import Floats


def tanh(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """tanh(x) from 2^k and a rational function of the rest, as in conncore/_simd.h.

    Within 5 units in the last place of the exact value.
    """
    rounder = 6755399441055744.0
    y = np.minimum(np.abs(x), 20.0)
    k = (y * 2.8853900817779268 + rounder) - rounder
    t = y - k * 0.34657359027997264
    square = t * t
    p = ((square + 105.06654745853905) * square + 945.6988323092918) * t
    q = (15.00665288107252 * square + 420.2994915616309) * square + 945.6988323092918
    half = np.ldexp(0.5, np.nan_to_num(k).astype(np.int64)) - 0.5
    m = half * (q + p)
    return np.copysign((m + p) / (m + q), x)


class NumpyOperations:
    """See `conncore.neurons.types.Operations`."""

    def full(self, shape: tuple[int, int], value: Floats | float) -> Floats:
        return np.full(shape, value)

    def clip(self, x: Floats, low: float, high: Floats | float) -> Floats:
        return np.clip(x, low, high)

    def tanh(self, x: Floats) -> Floats:
        return tanh(x) if x.dtype == np.float64 else np.tanh(x)

    def where(self, condition: Any, x: Floats | float, y: Floats | float) -> Floats:
        return np.where(condition, x, y)

    def spike(
        self, x: Floats, threshold: Floats | float, width: Floats | float
    ) -> tuple[Any, Floats]:
        spikes = x >= threshold
        return spikes, spikes.astype(x.dtype)


NUMPY = NumpyOperations()
