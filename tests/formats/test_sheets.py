"""Sheets of edges in workbooks, and lists of records in JSON."""

from __future__ import annotations

import json

import pytest

from conncore.errors import ConnectomeError, ConnectomeWarning
from conncore.formats import detect, read
from format_files import edges, write_book


def test_a_sheet_of_edges_is_read(tmp_path):
    path = tmp_path / "e.xlsx"
    rows = [["pre", "post", "type", "synapses"], ["A", "B", "chemical", 3], ["B", "A", "gap", 2]]
    write_book(path, **{"any name": rows})
    assert detect(path) == "edges"
    worm = read(path)
    assert (worm.name, edges(worm), worm.gap_weight.tolist()) == ("e", {("A", "B"): (3, 0)}, [2])
    write_book(path, **{"one": rows, "two": [["a", "b"], ["X", "Y"]]})
    with pytest.raises(ConnectomeError, match=r"holds the sheets 'one', 'two'; name one with the"):
        read(path)
    assert edges(read(path, sheet="two", pre="a", post="b")) == {("X", "Y"): (1, 0)}
    assert read(path, sheet="two", header=False).names == ("a", "b", "X", "Y")
    with pytest.raises(ConnectomeError, match="there is no sheet 'three'; it has 'one', 'two'"):
        read(path, sheet="three")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "sheet 's' is empty"),
        ([["pre", "post"], ["A", ""]], "row 2, column 'post': the cell name is empty"),
        ([[], ["pre", "post", "weight"], ["A", "B", "x"]], "row 3, column 'weight': 'x' is not"),
        ([["pre", "post"], ["A", "B", "9"]], "row 2 has a value in column 3, which has no title"),
        ([["pre", "post", "pre"], ["A", "B", "C"]], "row 1 names the column 'pre' twice"),
        ([["pre", "post"], ["A", "B"], ["A", "B"]], "rows 2, 3 give the same chemical edge"),
    ],
)
def test_bad_sheets_are_refused_with_their_row(tmp_path, rows, message):
    path = tmp_path / "e.xlsx"
    write_book(path, **{"s": rows})
    with pytest.raises(ConnectomeError, match=message):
        read(path, format="edges")


RECORDS = [
    {"pre": "A", "post": "B", "syn": [2, 3], "typ": 0, "ids": [1, 2]},
    {"pre": "B", "post": "A", "syn": [1], "typ": 2, "note": None},
]


def test_a_list_of_records_is_read(tmp_path):
    path = tmp_path / "e.json"
    path.write_text(json.dumps(RECORDS))
    assert detect(path) == "edges"
    with pytest.raises(ConnectomeError, match=r"record 1, key 'typ': unknown type '0'.*type_map="):
        read(path)
    kinds = {"0": "chemical", "2": "gap"}
    with pytest.warns(ConnectomeWarning, match=r"no key of weights.*weight=sum\(syn\)"):
        assert edges(read(path, type_map=kinds)) == {("A", "B"): (1, 0)}
    worm = read(path, type_map=kinds, weight="sum(syn)")
    assert (edges(worm), worm.gap_weight.tolist()) == ({("A", "B"): (5, 0)}, [1])
    assert read(path, type_map=kinds, weight="len(syn)").weight.tolist() == [2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "line 1, column 2: this is not JSON"),
        ("[1]", "is not a list of records"),
        ("[]", "holds no record"),
        ('[{"pre": "A"}]', "there is no key 'post'; found 'pre'"),
        ('[{"pre": "A", "post": null}]', "record 1, key 'post': the cell name is empty"),
        ('[{"pre": "A", "post": "B", "weight": [1, "x"]}]', "is not a number; give a positive"),
    ],
)
def test_bad_records_are_refused(tmp_path, text, message):
    path = tmp_path / "e.json"
    path.write_text(text)
    with pytest.raises(ConnectomeError, match=message):
        read(path)
