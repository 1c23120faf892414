"""The rows of pictures: every cell once, by class, the muscles last; types of large connectomes."""

from __future__ import annotations

import numpy as np

import conncore as cc
from conncore.plot.rows import rows_of
from drawn import classed_connectome


def test_cells_are_sorted_by_class_and_segment_with_the_muscles_last():
    worm = cc.load("celegans-haspel2011")
    rows = rows_of(worm)
    assert sorted(cells[0] for cells in rows.cells) == list(range(worm.n_cells))
    assert [name for name, _, _ in rows.groups] == [
        "AS", "DA", "DB", "DD", "VA", "VB", "VD", "MDlr", "MVlr",
    ]  # fmt: skip
    assert rows.groups[-1][2] == worm.n_cells
    for _, first, last in rows.groups:
        segments = [worm.body.segment[rows.cells[row][0]] for row in range(first, last)]
        assert segments == sorted(segments)
    assert rows.names.index("AS2") < rows.names.index("AS10")
    assert rows.label == "102 cells"


def test_signs_are_those_of_the_outgoing_edges():
    rows = rows_of(cc.load("celegans-haspel2011"))
    of = {name: set(rows.signs[first:last].tolist()) for name, first, last in rows.groups}
    assert of["AS"] == {1}
    assert of["DD"] == of["VD"] == {-1}
    assert of["MDlr"] == {0}


def test_a_large_connectome_has_a_row_per_type():
    connectome = classed_connectome(40, 4)
    rows = rows_of(connectome, most=30)
    assert rows.names == ("k0", "k1", "k2", "k3")
    assert not rows.single
    activity = np.random.default_rng(0).random((7, 40))
    expected = np.stack([activity[:, k::4].mean(axis=1) for k in range(4)], axis=1)
    np.testing.assert_allclose(rows.mean(activity), expected)
    assert rows.label == "4 cell types"
    total = np.bincount(connectome.pre, connectome.sign, minlength=40)
    assert rows.signs.tolist() == [np.sign(np.sign(total[k::4]).sum()) for k in range(4)]


def test_what_is_left_out_is_said():
    rows = rows_of(classed_connectome(41, 10), most=3)
    assert rows.label == "3 of 10 cell types"
    assert "k0" in rows.names  # it has five cells, the others four
    rows = rows_of(classed_connectome(40, 0), most=15)
    assert rows.label == "14 of 40 cells"
    assert rows.single
    assert rows.names[:2] == ("c0", "c3")
