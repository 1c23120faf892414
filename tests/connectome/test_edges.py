"""The order of edges, for any edges."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conncore.connectome import Connectome


@given(st.data())
def test_csr_order_holds_for_any_edges(data):
    n = data.draw(st.integers(1, 12))
    pairs = data.draw(
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), unique=True)
    )
    weight = data.draw(st.lists(st.floats(0.1, 9), min_size=len(pairs), max_size=len(pairs)))
    worm = Connectome.from_edges(
        "any",
        [i for i, _ in pairs],
        [j for _, j in pairs],
        weight=weight,
        names=[f"c{i}" for i in range(n)],
    )
    rebuilt = {
        (i, int(worm.indices[k])): worm.weight[k]
        for i in range(n)
        for k in range(worm.indptr[i], worm.indptr[i + 1])
    }
    assert rebuilt == dict(zip(pairs, weight, strict=True))
    assert (np.diff(worm.pre) >= 0).all()
