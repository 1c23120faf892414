"""What a table adds to the cells of a connectome."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError


def eye(**changes):
    given = {"names": ["R1", "R2", "OUT"], "classes": ["R", "R", "O"]}
    return Connectome.from_edges("eye", [0, 1], [2, 2], **{**given, **changes})


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "cells.csv"
        path.write_text(text)
        return path

    return write


def test_a_body_map_from_a_table(table):
    path = table(
        "name,class,role,segment,side\nR1,,motor,0,dorsal\nOUT,M,muscle,1,ventral\nR2,,,,\n"
    )
    moving = eye().with_cells(path)
    assert moving.body.role == ("motor", "", "muscle")
    assert moving.body.cell_class == ("R", "", "")
    assert moving.body.segment.tolist() == [0, -1, 1]
    assert moving.classes == ("R", "R", "M")
    labelled = moving.with_cells(table("name,transmitter\nR1,ACh\n"))
    assert labelled.body is moving.body
    assert labelled.transmitters == ("ACh", "", "")
    assert moving.with_cells(table("name,role\nR1,\n")).body is None


def test_other_columns_are_attributes(table):
    path = table("region,name,confidence,flow\nlobe,OUT,0.5,\neye,R1,,\n")
    labelled = eye(attributes={"flow": ["a", "b", "c"], "u": [1, 2, 3]}).with_cells(path)
    assert labelled.attributes["region"] == ("eye", "", "lobe")
    np.testing.assert_array_equal(labelled.attributes["confidence"], [np.nan, np.nan, 0.5])
    assert labelled.attributes["flow"] == ("", "", "")
    assert labelled.attributes["u"].tolist() == [1, 2, 3]
    pairs = eye().with_cells(table("name,pair\nR1,720575940623374877\nR2,\n"))
    assert pairs.attributes["pair"] == ("720575940623374877", "", "")
    assert labelled.subset(where={"region": "eye"}).names == ("R1",)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("R9,,motor,0,dorsal", "line 2: there is no cell 'R9'"),
        ("R1,,motor,first,dorsal", "line 2: 'first' is not a segment"),
        ("R1,,motor,0,left", "line 2: unknown side 'left'"),
        ("R1,,motor,0,dorsal\nR1,,motor,1,dorsal", "lines 2 and 3 are of the same cell"),
        ("R1,,motor", "line 2 has 3 fields"),
    ],
)
def test_a_wrong_table_names_its_line(table, rows, message):
    path = table(f"name,class,role,segment,side\n{rows}\n")
    with pytest.raises(ConnectomeError, match=message):
        eye().with_cells(path)


@pytest.mark.parametrize("text", ["", "cell,class\nR1,R\n", "name,name\nR1,R2\n"])
def test_a_table_has_a_column_of_names(table, text):
    with pytest.raises(ConnectomeError, match="each column once, name among them"):
        eye().with_cells(table(text))
