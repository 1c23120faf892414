"""The compiled tables of the BANC project: labels, neurons without a row, and what is refused."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from conncore.errors import ConnectomeError, ConnectomeWarning
from conncore.formats import read
from format_files import BIG, installed

A, B, C, D = (str(BIG + k) for k in range(4))


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(installed("banc"), tmp_path / "banc")


def test_labels_and_transmitters(folder):
    brain = read(folder)
    assert brain.names == (D, B, A, C)
    assert brain.attributes["type"] == ["GRN", "DNp01", "", ""]
    assert brain.attributes["side"] == ["left", "right", "", ""]
    np.testing.assert_array_equal(brain.attributes["confidence"], [0.9, 0.75, np.nan, np.nan])
    assert brain.classes == ["sensory", "descending", "", ""]
    assert brain.transmitters == ["ACh", "GABA", "", ""]
    signed = brain.sign_by_transmitter("fly")
    assert signed.sign[signed.pre == 1].tolist() == [-1]
    other = read(folder, classes="cell_class")
    assert other.classes == ["gustatory", "", "", ""]


def test_the_list_of_edges_alone(folder):
    edges, meta = sorted(folder.iterdir())
    alone = read(edges, "banc")
    assert alone.names == (A, B, C)
    assert set(alone.classes) == {""}
    assert read(edges, "banc", meta=meta).names == (D, B, A, C)


def test_cells_without_a_row_are_counted(folder):
    feather = pytest.importorskip("pyarrow.feather")
    meta = folder / "banc_888_meta.feather"
    feather.write_feather(feather.read_table(meta).take([1, 2]), meta)
    with pytest.warns(ConnectomeWarning, match=r"edgelist_simple_v2.feather: 1 of 3 cells are not"):
        brain = read(folder)
    assert brain.names == (B, A, C)
    assert brain.attributes["type"] == ["DNp01", "", ""]
    assert brain.transmitters == ["GABA", "", ""]


def test_what_is_refused(folder):
    feather = pytest.importorskip("pyarrow.feather")
    with pytest.raises(ConnectomeError, match=r"there is no column 'colour'"):
        read(folder, classes="colour")
    meta = folder / "banc_888_meta.feather"
    table = feather.read_table(meta)
    feather.write_feather(table.rename_columns(["id", *table.column_names[1:]]), meta)
    with pytest.raises(ConnectomeError, match=r"no column 'NAME_VERSION_id'.*such as banc_888_id"):
        read(folder)
    feather.write_feather(table.take([0, 0]), meta)
    with pytest.raises(ConnectomeError, match="column 'banc_888_id' has a neuron twice"):
        read(folder)
    shutil.copy(folder / "banc_888_edgelist_simple_v2.feather", folder / "edgelist_simple.feather")
    with pytest.raises(ConnectomeError, match=r"must hold one \*edgelist\*.feather"):
        read(folder)
