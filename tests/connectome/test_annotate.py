"""What a cell table adds to the cells of a connectome."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.connectome import Connectome
from conncore.connectome.annotate import BodyColumns, CellTable
from conncore.connectome.labels import Labels
from conncore.errors import ConnectomeError
from conncore.formats import read_cells


def eye(**changes):
    given = {"names": ["R1", "R2", "OUT"], "classes": ["R", "R", "O"]}
    return Connectome.from_edges("eye", [0, 1], [2, 2], **{**given, **changes})


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "cells.csv"
        path.write_text(text)
        return read_cells(path)

    return write


def test_a_body_map_from_a_table(table):
    cells = table(
        "name,class,role,segment,side\nR1,,motor,0,dorsal\nOUT,M,muscle,1,ventral\nR2,,,,\n"
    )
    moving = eye().annotate(cells)
    assert moving.body.role == ("motor", "", "muscle")
    assert moving.body.cell_class == ("R", "", "")
    assert moving.body.segment.tolist() == [0, -1, 1]
    assert moving.classes == ("R", "R", "M")
    labelled = moving.annotate(table("name,transmitter\nR1,ACh\n"))
    assert labelled.body is moving.body
    assert labelled.transmitters == ("ACh", "", "")
    assert moving.annotate(table("name,role\nR1,\n")).body is None


def test_other_columns_are_attributes(table):
    cells = table("region,name,confidence,flow\nlobe,OUT,0.5,\neye,R1,,\n")
    labelled = eye(attributes={"flow": ["a", "b", "c"], "u": [1, 2, 3]}).annotate(cells)
    assert labelled.attributes["region"] == ("eye", "", "lobe")
    np.testing.assert_array_equal(labelled.attributes["confidence"], [np.nan, np.nan, 0.5])
    assert labelled.attributes["flow"] == ("", "", "")
    assert labelled.attributes["u"].tolist() == [1, 2, 3]
    pairs = eye().annotate(table("name,pair\nR1,720575940623374877\nR2,\n"))
    assert pairs.attributes["pair"] == ("720575940623374877", "", "")
    assert labelled.subset(where={"region": "eye"}).names == ("R1",)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("R9,,motor,0,dorsal", "line 2: there is no cell 'R9'"),
        ("R1,,motor,0,left", "line 2: unknown side 'left'"),
        ("R1,,,,\nOUT,,motor,,dorsal", "line 3: a cell with role motor needs a segment"),
    ],
)
def test_a_table_that_does_not_fit_names_its_line(table, rows, message):
    cells = table(f"name,class,role,segment,side\n{rows}\n")
    with pytest.raises(ConnectomeError, match=rf"cells\.csv: {message}"):
        eye().annotate(cells)


def test_a_motor_neuron_takes_its_class_from_the_connectome_or_the_table(table):
    row = "name,role,segment,side\nR1,motor,0,dorsal\n"
    assert eye().annotate(table(row)).body.cell_class == ("R", "", "")
    with pytest.raises(ConnectomeError, match="line 2: a cell with role motor needs a class"):
        eye(classes=["", "", ""]).annotate(table(row))


def test_a_table_made_in_python():
    body = BodyColumns(Labels.of(["muscle"]), np.array([2]), Labels.of(["ventral"]))
    cells = CellTable(["OUT"], body=body, attributes={"size": [1.5], "region": ["lobe"]})
    labelled = eye().annotate(cells)
    assert labelled.body.segment.tolist() == [-1, -1, 2]
    assert labelled.attributes["region"] == ("", "", "lobe")
    np.testing.assert_array_equal(labelled.attributes["size"], [np.nan, np.nan, 1.5])
    with pytest.raises(ConnectomeError, match="cell table: row 1: there is no cell 'R9'"):
        eye().annotate(CellTable(["R9"]))
    with pytest.raises(ConnectomeError, match="classes has 2 entries for 1 cells"):
        CellTable(["R1"], classes=Labels.of(["R", "R"]))
    with pytest.raises(ConnectomeError, match="attribute 'size' has 2 entries for 1 cells"):
        CellTable(["R1"], attributes={"size": [1.0, 2.0]})
