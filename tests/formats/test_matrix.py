"""Adjacency matrices: text and .npy files, names, orientation, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import ConnectomeError
from conncore.formats import read
from format_files import FILES, edges


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
        (",A,A\nA,0,1\nB,1,0\n", "column 2: the cell name 'A' appears twice"),
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
