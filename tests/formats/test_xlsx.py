"""Workbooks: which format they hold, and matrices in a sheet."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conncore.errors import ConnectomeError
from conncore.formats import detect, read
from format_files import FILES, edges, gaps, write_book

DATA = Path(os.environ.get("CONNCORE_DATA", "/nowhere"))


MATRIX = [[None, "A", "B", "C"], ["A", None, 3, None], ["B", 0, None, 2.5], ["C", 1]]
EDGES = [["pre", "post", "type", "synapses"], ["A", "B", "chemical", 3]]


def test_the_sheets_decide_the_format(tmp_path):
    path = tmp_path / "x.xlsx"
    ids = [["pre", 29, 84], [29, None, 3], [84, 1, None]]
    for rows, format in (
        (MATRIX, "matrix"),
        (ids, "matrix"),
        ([[], [], [None, *MATRIX[0]], *([None, *row] for row in MATRIX[1:])], "matrix"),
        ([[None, "M1", "M2"], ["A", 1, None], ["B", None, 2]], "matrix"),
        ([[None, "A", "B"], ["A", "NA", 2], ["B", 1, "NaN"]], "matrix"),
        (EDGES, "edges"),
        ([["pre", "post", "weight"], [29, 84, 3], [84, 29, 1]], "edges"),
        ([[None, "pre", "post", "weight"], [0, 29, 84, 3], [1, 84, 29, 1]], "edges"),
        ([["A"]], "edges"),
        ([], "edges"),
    ):
        write_book(path, Sheet1=rows)
        assert detect(path) == format
    assert detect(FILES / "cook.xlsx") == "cook2019"
    write_book(path, readme=[["x"]], **{"herm chemical": []})
    assert detect(path) == "cook2019"


def test_a_matrix_in_a_sheet(tmp_path):
    path = tmp_path / "x.xlsx"
    write_book(path, Sheet1=MATRIX)
    worm = read(path)
    assert (worm.names, worm.name) == (("A", "B", "C"), "x")
    assert edges(worm) == {("A", "B"): (3, 0), ("B", "C"): (2.5, 0), ("C", "A"): (1, 0)}
    assert edges(read(path, orientation="post_pre"))[("B", "A")] == (3, 0)
    assert gaps(read(path, type="gap")) == [("A", "B", 3), ("B", "C", 2.5), ("C", "A", 1)]
    write_book(path, Sheet1=[[None, "A", "B"], ["A", "NA", "2,5"], ["B", -1, None]])
    worm = read(path, "matrix", missing="NA", decimal=",")
    assert edges(worm) == {("A", "B"): (2.5, 1), ("B", "A"): (1, -1)}


def test_one_of_several_sheets_is_named(tmp_path):
    path = tmp_path / "x.xlsx"
    write_book(path, chemical=MATRIX, gap=[[None, "A", "B"], ["A", None, 7]])
    assert detect(path) == "matrix"
    assert gaps(read(path, sheet="gap", type="gap")) == [("A", "B", 7)]
    with pytest.raises(ConnectomeError, match="the sheets 'chemical', 'gap'; name one with the op"):
        read(path)
    with pytest.raises(ConnectomeError, match="no sheet 'Gap'; it has 'chemical', 'gap'"):
        read(path, sheet="Gap")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[None, "A", "B"], ["A", None, "x"], ["B", 1]], "cell C2: 'x' is not a finite number$"),
        ([[None, "A", "B"], ["A", None, "NA"], ["B", 1]], "cell C2: 'NA' .* missing=NA$"),
        (
            [[None, "A", "B"], ["A", None, 2], ["B", 1, 1, 9]],
            "cell D3 has a number, but its row or",
        ),
        (
            [[None, "A", "B"], ["A", None, 2], [None, 1, 1]],
            "cell B3 has a number, but its row or c",
        ),
        ([[None, "A", "A"], ["A", None, 2]], "column 2: the cell name 'A' appears twice"),
        ([["A"]], "its first row and its first column hold no names"),
        ([], "its first row and its first column hold no names"),
    ],
)
def test_sheets_that_hold_no_matrix_are_refused(tmp_path, rows, message):
    path = tmp_path / "x.xlsx"
    write_book(path, Sheet1=rows)
    with pytest.raises(ConnectomeError, match=message) as caught:
        read(path, "matrix")
    assert str(caught.value).startswith(f"{path}: sheet 'Sheet1': ")


def test_a_workbook_of_the_field():
    path = DATA / "field" / "n2u_chemical.xlsx"
    if not path.exists():
        pytest.skip("CONNCORE_DATA has no field/n2u_chemical.xlsx")
    worm = read(path)
    assert (worm.n_cells, worm.n_edges, worm.weight.sum()) == (300, 3419, 18643)
