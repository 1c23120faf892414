"""Sums along a sparse map."""

from __future__ import annotations

import numpy as np

from conncore.network.arithmetic import propagate
from conncore.network.topology import SparseMap


def test_propagate_is_a_product_with_the_matrix():
    rng = np.random.default_rng(0)
    dense = (rng.random((4, 6)) < 0.5) * rng.normal(size=(3, 4, 6))
    rows, sources = np.nonzero(dense[0])
    sparse, order = SparseMap.from_pairs(rows, sources, 4, 6)
    values = dense[:, rows, sources][:, order]
    source, target = rng.normal(size=(3, 6)), rng.normal(size=(3, 4))
    expected = target + np.einsum("mrs,ms->mr", dense, source)
    propagate(sparse, values, source, target)
    np.testing.assert_allclose(target, expected)
