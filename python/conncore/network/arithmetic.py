"""What the kernels compute, in NumPy and to the bit: tanh, and sums along a sparse map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conncore.network.topology import SparseMap


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


def propagate(
    sparse_map: SparseMap,
    values: NDArray[np.float64],
    source: NDArray[np.float64],
    target: NDArray[np.float64],
) -> None:
    """target[:, row] += sum of values[:, k] * source[:, indices[k]], in the order of k.

    Shapes: values (n_members, n_values), source (n_members, n_source), target
    (n_members, n_rows).
    """
    terms = values * source[:, sparse_map.indices]
    for row, start, end in zip(
        range(sparse_map.n_rows), sparse_map.indptr[:-1], sparse_map.indptr[1:], strict=True
    ):
        for k in range(start, end):
            target[:, row] += terms[:, k]
