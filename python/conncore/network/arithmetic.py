"""What the kernels compute, in NumPy and to the bit: sums along a sparse map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conncore.network.topology import SparseMap


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
