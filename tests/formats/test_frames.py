"""Data frames of pandas, polars and pyarrow, in and out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import conncore as cc
from conncore.connectome.labels import Labels
from conncore.errors import ConnectomeError, ConnectomeWarning, UsageError
from conncore.formats import read, read_cells
from format_files import edges
from random_connectomes import same

BIG = 720575940600000001


def frame(library, columns):
    module = pytest.importorskip(library)
    return module.table(columns) if library == "pyarrow" else module.DataFrame(columns)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_connectome_goes_through_frames(library):
    pytest.importorskip(library)
    worm = cc.load("celegans-haspel2011")
    n = worm.n_cells
    region = Labels(np.arange(n) % 2, ("", "head"))
    said = {"region": region, "size": np.arange(n) / 4, "side": Labels(np.zeros(n, int), ("L",))}
    worm = replace(worm, attributes=said)
    rows, cells = worm.edges_frame(library), worm.cells_frame(library)
    assert type(rows).__module__.partition(".")[0] == library
    assert rows.shape == (336 + 161, 6)
    back = read(rows, cells=cells)
    assert same(worm, back, but=("name", "citation", "licence", "source"))
    assert back.checksum == worm.checksum
    assert read(rows).annotate(read_cells(cells)).n_inhibitory == 72


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_are_read_as_edge_tables_are(library):
    rows = frame(library, {"pre": [BIG, BIG + 1], "post": [BIG + 1, BIG + 2], "nsyn": [3, 0]})
    with pytest.warns(ConnectomeWarning, match="data frame: 1 row of weight 0 gave no edge"):
        worm = read(rows)
    assert worm.names == tuple(str(BIG + k) for k in range(3))
    assert edges(worm) == {(str(BIG), str(BIG + 1)): (3, 0)}
    rows = frame(library, {"a": ["x", "y"], "b": ["y", None], "kind": ["EJ", "C"]})
    with pytest.raises(ConnectomeError, match="data frame: there is no column 'pre'; found 'a'"):
        read(rows)
    with pytest.raises(ConnectomeError, match="row 2, column 'b': the cell name is empty"):
        read(rows, pre="a", post="b")
    with pytest.warns(ConnectomeWarning, match="1 row without pre, post or weight gave no edge"):
        assert read(rows, pre="a", post="b", missing="").n_gap_junctions == 1
    with pytest.raises(UsageError, match="unknown option 'header' of format frame"):
        read(rows, header=False)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_ids_with_gaps_stay_exact(library):
    cells = frame(library, {"name": ["A", "B"], "root": [BIG, None], "size": [0.5, None]})
    table = read_cells(cells)
    np.testing.assert_array_equal(table.attributes["size"], [0.5, math.nan])
    if library == "pandas":  # such a column holds floats there
        assert table.attributes["root"].dtype == float
    else:
        assert table.attributes["root"] == (str(BIG), "")
    with pytest.raises(ConnectomeError, match="holds float64 numbers, which cannot be exact ids"):
        read(frame(library, {"pre": [1.0, 2.0], "post": [2, 1]}))


def test_a_square_frame_of_numbers_is_a_matrix():
    pandas = pytest.importorskip("pandas")
    square = pandas.DataFrame([[0, 2.0], [-1, math.nan]], index=["A", "B"], columns=["A", "B"])
    assert edges(read(square)) == {("A", "B"): (2, 1), ("B", "A"): (1, -1)}
    square = pandas.DataFrame([[0, 3], [0, 0]], columns=["A", "B"])  # an index that names nothing
    assert edges(read(square)) == {("A", "B"): (3, 0)}
    plain = frame("polars", {"7": [0, 1], "8": [2, 0]})
    assert edges(read(plain)) == {("7", "8"): (2, 0), ("8", "7"): (1, 0)}


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    worm = cc.load("celegans-haspel2011-segment")
    with pytest.raises(UsageError, match="a polars frame needs polars; pip install polars"):
        worm.edges_frame("polars")
    with pytest.raises(UsageError, match="unknown library 'excel'"):
        worm.cells_frame("excel")
