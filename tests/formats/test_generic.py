"""Matrices, tables of edges beyond CSV, and how formats and options are named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from conncore.errors import ConnectomeError, UsageError
from conncore.formats import parse_options, read
from format_files import FILES, edges

# Matrices


@pytest.mark.parametrize(
    "text",
    [
        "0 4 0\n1 0 0\n2 0 3\n",
        "0,4,0\n1,0,0\n2,0,3\n",
        "\ufeff0\t4\t0\r\n1\t0\t\r\n2\t\t3\r\n",
        "0;4;0\n1;0;0\n2;0;3",
        "A,B,C\n0,4,0\n1,0,0\n2,0,3\n",
        ",A,B,C\nA,0,4,0\nB,1,0,0\nC,2,0,3\n",
        "cell,A,B,C\nA,0,4,0\nB,1,0,0\nC,2,0,3\n",
        '"A","B","C"\n"A",0,4,0\n"B",1,0,0\n"C",2,0,3\n',
        "A 0 4 0\nB 1 0 0\nC 2 0 3\n",
        ",29,84,90\n29,0,4,0\n84,1,0,0\n90,2,0,3\n",
        "id,29,84,90\n29,0,4,0\n84,1,0,0\n90,2,0,3\n",
    ],
)
def test_a_matrix_with_and_without_names(tmp_path, text):
    path = tmp_path / "m.csv"
    path.write_bytes(text.encode())
    worm = read(path, format="matrix")
    assert worm.names in {("A", "B", "C"), ("29", "84", "90"), ("0", "1", "2")}
    assert worm.names[0] in text
    assert worm.pre.tolist() == [0, 1, 2, 2]
    assert worm.post.tolist() == [1, 0, 0, 2]
    assert worm.weight.tolist() == [4, 1, 2, 3]
    turned = read(path, format="matrix", orientation="post_pre")
    assert turned.pre.tolist() == [0, 0, 1, 2]
    assert turned.post.tolist() == [1, 2, 0, 2]


def test_a_matrix_between_different_cells(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(",M1,M2\nN1,1,0\nN2,0,2\nN3,3,0\n")
    assert edges(read(path)) == {("N1", "M1"): (1, 0), ("N2", "M2"): (2, 0), ("N3", "M1"): (3, 0)}


def test_names_and_classes_come_from_other_files(tmp_path):
    (tmp_path / "names.txt").write_text("X\nY\nZ\n\n")
    (tmp_path / "classes.txt").write_text("K\nK\nO\n")
    options = {"names": tmp_path / "names.txt", "classes": tmp_path / "classes.txt"}
    worm = read(FILES / "blanks.csv", format="matrix", **options)
    assert (worm.names, worm.classes) == (("X", "Y", "Z"), ("K", "K", "O"))
    sparse = read(FILES / "signed.npy", names=tmp_path / "names.txt")
    assert sparse.names == ("X", "Y", "Z")
    (tmp_path / "names.txt").write_text("X\nY\n")
    with pytest.raises(ConnectomeError, match="there are 2 names for 3 rows"):
        read(FILES / "blanks.csv", format="matrix", names=tmp_path / "names.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; it should hold a matrix"),
        ("A,B\n", "there is no row below the line of names"),
        ("0,1\n5,0,2\n", "line 2 has 3 fields; expected 2"),
        ("A,B\n0,1\n1,x\n", "line 3, column 2: 'x' is not a finite number"),
        ("0,1,0\n1,0,nan\n0,0,0\n", "line 2, column 3: 'nan' is not a finite number"),
        ("0,1,0\n1,0,1\n", "the matrix has 2 rows and 3 columns; name its rows and columns"),
        (",A,A\nA,0,1\nB,1,0\n", "column 2: the cell name 'A' stands there twice"),
        (",A,\nA,0,1\nB,1,0\n", "column 2: the cell name is empty"),
    ],
)
def test_bad_matrices_are_refused_with_their_place(tmp_path, text, message):
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(ConnectomeError, match=message) as caught:
        read(path, format="matrix")
    assert str(caught.value).startswith(f"{path}: ")


def test_bad_arrays_are_refused(tmp_path):
    path = tmp_path / "m.npy"
    for values, message in (
        (np.zeros((2, 2, 2)), r"an array of shape \(2, 2, 2\)"),
        (np.array([["a"]]), "and type <U1"),
        (np.array([[np.nan]]), "row 1, column 1: nan is not finite"),
        (np.zeros((0, 0)), r"shape \(0, 0\)"),
    ):
        np.save(path, values)
        with pytest.raises(ConnectomeError, match=message):
            read(path)
    np.save(path, np.array([[None]], object), allow_pickle=True)
    with pytest.raises(ConnectomeError, match="is not a NumPy array, or damaged"):
        read(path)


# Tables of edges beyond CSV


def test_headerless_and_other_separators(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("29 8419602 9.0\n29 9469519 1.0 \n")
    worm = read(path, header=False)
    assert edges(worm) == {("29", "8419602"): (9, 0), ("29", "9469519"): (1, 0)}
    with pytest.raises(ConnectomeError, match="first line is an edge, read with header=False"):
        read(path)
    path.write_text("A|B\nB|C\n")
    assert edges(read(path, header=False, separator="|")) == {
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


# Options, formats, packages


def test_unknown_formats_and_options_are_named():
    with pytest.raises(UsageError, match="unknown format 'excel'; choose one of: cect, codex"):
        read(FILES / "square.csv", format="excel")
    with pytest.raises(UsageError, match="unknown option of format flyvis 'size'; choose one of"):
        read(FILES / "flyvis.json", size=2)
    with pytest.raises(UsageError, match="format graphml has no options, and so no 'size'"):
        read(FILES / "small.graphml", size=2)


def test_options_come_from_words():
    words = ["extent=2", "fill=0.5"]
    assert parse_options("flyvis", words) == {"extent": 2, "fill": 0.5}
    edge_words = ["header=no", "pre=a=b"]
    assert parse_options("edges", edge_words) == {"header": False, "pre": "a=b"}
    with pytest.raises(UsageError, match="'extent' is no option; write key=value"):
        parse_options("flyvis", ["extent"])
    with pytest.raises(UsageError, match="option extent takes a number, not 'two'"):
        parse_options("flyvis", ["extent=two"])
    with pytest.raises(UsageError, match="option header takes yes or no, not '0'"):
        parse_options("edges", ["header=0"])


@pytest.mark.parametrize(
    ("name", "package"),
    [("edges.parquet", "pyarrow"), ("haspel.mat", "scipy"), ("sonata.h5", "h5py")],
)
def test_a_missing_package_is_named_with_what_to_do(name, package, tmp_path, monkeypatch):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("raise ModuleNotFoundError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    with pytest.raises(
        ConnectomeError, match=rf"needs {package}; pip install 'conncore\[formats\]'"
    ):
        read(FILES / name)


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
    with pytest.raises(ConnectomeError, match="holds no synapses but Contact; name what to read"):
        read(path)
    assert edges(read(path, layers="Contact")) == {("A", "B"): (1.5, 0)}


def test_the_readers_import_no_optional_package():
    code = (
        "import sys, conncore.formats as f; f.read(sys.argv[1]); "
        "print([m for m in ('pyarrow', 'networkx', 'scipy', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, FILES / "cook.xlsx"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
