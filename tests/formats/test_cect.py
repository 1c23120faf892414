"""ConnectomeToolbox: data sets of the installed package, and layers."""

from __future__ import annotations

import json
import shutil

import pytest

from conncore.errors import ConnectomeError, UsageError
from conncore.formats import read
from format_files import FILES, edges


def test_data_sets_of_an_installed_cect(tmp_path, monkeypatch):
    package = tmp_path / "cect"
    (package / "cache").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    shutil.copy(FILES / "cect.json", package / "cache" / "TestDataReader.json")
    (package / "cache" / "symmetry_measures.json").write_text("{}")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert read("cect:Test").n_cells == 3
    with pytest.raises(UsageError, match=r"has no data set 'Tset'; choose one of: TestDataReader$"):
        read("cect:Tset")


def test_cect_layers_that_are_no_synapses_are_read_when_named(tmp_path):
    path = tmp_path / "x.json"
    rows = [[0.0, 1.5], [0.0, 0.0]]
    path.write_text(json.dumps({"nodes": ["A", "B"], "connections": {"Contact": rows}}))
    with pytest.raises(
        ConnectomeError, match="holds no synapses, only Contact; to read these, name"
    ):
        read(path)
    assert edges(read(path, layers="Contact")) == {("A", "B"): (1.5, 0)}
