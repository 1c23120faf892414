"""SciPy sparse matrices: round trips, and SciPy itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from conncore.catalog.shipped import load
from conncore.formats import read, write
from random_connectomes import connectomes


@settings(max_examples=40)
@given(worm=connectomes())
def test_sparse_keeps_what_it_does_not_name(tmp_path_factory, worm):
    path = tmp_path_factory.mktemp("sparse") / "worm.npz"
    dropped = write(worm, path, format="sparse")
    back = read(path)
    assert (back.pre.tolist(), back.post.tolist()) == (worm.pre.tolist(), worm.post.tolist())
    assert np.array_equal(back.weight, worm.weight)
    if "which signs are unknown" not in dropped:
        assert np.array_equal(back.sign, worm.sign)
    assert ("gap junctions" in dropped) == (worm.n_gap_junctions > 0)
    assert "names" in dropped


def test_scipy_reads_what_we_write(tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    worm = load("celegans-haspel2011")
    assert "161 gap junctions" in write(worm, tmp_path / "w.npz", format="sparse")
    matrix = sparse.load_npz(tmp_path / "w.npz")
    assert matrix.shape == (102, 102)
    i, j = worm.names.index("DD1"), worm.post[worm.pre == worm.names.index("DD1")][0]
    k = np.flatnonzero((worm.pre == i) & (worm.post == j))[0]
    assert matrix[i, j] == worm.sign[k] * worm.weight[k] == -worm.weight[k]
    for kind in ("coo", "csc"):
        sparse.save_npz(tmp_path / "theirs.npz", matrix.asformat(kind))
        back = read(tmp_path / "theirs.npz")
        assert np.array_equal(back.pre, worm.pre)
        assert np.array_equal(back.weight * back.sign, worm.weight * worm.sign)
