"""Tables without a header, with other delimiters, and in Parquet."""

from __future__ import annotations

import pytest

from conncore.errors import ConnectomeError
from conncore.formats import read
from format_files import edges


def test_headerless_and_other_delimiters(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("29 8419602 9.0\n29 9469519 1.0 \n")
    worm = read(path, header=False)
    assert edges(worm) == {("29", "8419602"): (9, 0), ("29", "9469519"): (1, 0)}
    with pytest.raises(ConnectomeError, match="first line is an edge, use the option header=False"):
        read(path)
    path.write_text("A|B\nB|C\n")
    assert edges(read(path, header=False, delimiter="|")) == {
        ("A", "B"): (1, 0),
        ("B", "C"): (1, 0),
    }
    path.write_text("9\tA\tB\n")
    assert edges(read(path, header=False, pre="2", post="3", weight="1")) == {("A", "B"): (9, 0)}


def test_parquet_ids_must_be_exact(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "e.parquet"
    parquet.write_table(pa.table({"pre": [1.0, 2.0], "post": [2, 1]}), path)
    with pytest.raises(ConnectomeError, match="column 'pre' holds float64 numbers, which cannot"):
        read(path)
    parquet.write_table(pa.table({"pre": [1, None], "post": [2, 1]}), path)
    with pytest.raises(ConnectomeError, match="row 2 has an empty number"):
        read(path)
    parquet.write_table(pa.table({"pre": ["A", ""], "post": ["B", "A"]}), path)
    with pytest.raises(ConnectomeError, match="row 2, column 'pre': the cell name is empty"):
        read(path)
    parquet.write_table(pa.table({"pre": ["A", "A"], "post": ["B", "B"]}), path)
    with pytest.raises(ConnectomeError, match="rows 1, 2 give the same chemical edge 'A' -> 'B'"):
        read(path)
