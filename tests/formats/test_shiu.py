"""Shiu 2024: a table alone, and what is refused."""

from __future__ import annotations

import pytest

from conncore.errors import ConnectomeError
from conncore.formats import read
from format_files import BIG, FILES, installed

A, B, C, D = (str(BIG + k) for k in range(4))


def test_shiu_names_what_it_lacks(tmp_path):
    installed("shiu")
    alone = read(FILES / "shiu" / "Connectivity_783.parquet")
    assert alone.names == (A, B, C)
    with pytest.raises(ConnectomeError, match=r"must hold one Connectivity\*\.parquet"):
        read(tmp_path, format="shiu2024")
    table = tmp_path / "c.csv"
    table.write_text("Presynaptic_ID,Postsynaptic_ID,Connectivity,Excitatory\n1,2,3,1\n1,2,4,-1\n")
    with pytest.raises(ConnectomeError, match="rows of edge '1' -> '2' have different signs"):
        read(table)
