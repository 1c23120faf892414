"""Adjacency matrices: text and .npy files, names, orientation, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import ConnectomeError, UsageError
from conncore.formats import detect, read
from format_files import FILES, edges, gaps


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
        '"29","84","90"\n0,4,0\n1,0,0\n2,0,3\n',
        "pre\\post,A,B,C\nA,,4,\nB,1,,\nC,2,,3\n",
        "# A,B,C\n0,4,0\n1,0,0\n2,0,3\n",
        "\ufeff# made by hand\n\n#A,B,C\nA,0,4,0\nB,1,0,0\nC,2,0,3\n",
        "# a comment of its own, with names below\nA,B,C\n0,4,0\n1,0,0\n2,0,3\n",
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


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (",A,B,C\nA,,3,nan\nB,NaN,,2\nC,1,NA,\n", {"missing": "NA, NaN"}),
        (",A,B,C\nA,-,3,-\nB,-,-,2\nC,1,-,0\n", {"missing": "-"}),
        ("NA,3,NA\nNA,NA,2\n1,NA,NA\n", {"missing": ["na"]}),
        (";A;B;C\nA;0;3,0;0\nB;0;0;2\nC;1;0;0,0\n", {"decimal": ","}),
        ("0,0;3,0;0\n0;0;2\n1;0;0,0\n", {"decimal": ","}),
        ("|A|B|C\nA|0|3|0\nB|0|0|2\nC|1|0|0\n", {"delimiter": "|"}),
        ("% x,y\n,A,B,C\nA,0,3,0\n% z\nB,0,0,2\nC,1,0,0\n", {"comment": "%"}),
        ("\ufeff%%\n,A,B,C\nA,0,3,0\nB,0,0,2\nC,1,0,0\n", {"comment": "%%"}),
    ],
)
def test_words_and_marks_of_other_tables(tmp_path, text, options):
    path = tmp_path / "m.csv"
    path.write_text(text)
    worm = read(path, "matrix", **options)
    assert worm.pre.tolist() == [0, 1, 2]
    assert worm.post.tolist() == [1, 2, 0]
    assert worm.weight.tolist() == [3, 2, 1]
    assert worm.names in {("A", "B", "C"), ("0", "1", "2")}


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (",A,B\nA,0,NA\nB,1,0\n", {}, "column 3: 'NA' .* if it means no edge, .* missing=NA$"),
        (",A,B\nA,0,x\nB,1,0\n", {"missing": "NA"}, "column 3: 'x' is not a finite number$"),
        (",A,B\nA,0,inf\nB,1,0\n", {"missing": "NA"}, "column 3: 'inf' is not a finite number$"),
        (";A;B\nA;0;1,5\nB;1;0\n", {}, "'1,5' is .* the decimal sign, use the option decimal=,$"),
        (";A;B\nA;0;1.500\nB;1;0\n", {"decimal": ","}, "column 3: '1.500' is not a finite"),
        (",A,B\nA,0,1\n#x\nB,1,0\n", {}, "line 3 has 1 fields; .* use the option comment=#$"),
        (",A,B\nA,0,1\nB,1,0\n", {"delimiter": "||"}, "a delimiter is one character, not '||'"),
        (",A,B\nA,0,1\nB,1,0\n", {"delimiter": ",", "decimal": ","}, "a delimiter is one"),
        ("5,7,7\n0,4,0\n1,0,0\n2,0,3\n", {}, "the matrix has 4 rows and 3 columns"),
        ("5,7,8.5\n0,4,0\n1,0,0\n2,0,3\n", {}, "the matrix has 4 rows and 3 columns"),
    ],
)
def test_the_message_that_refuses_names_the_option(tmp_path, text, options, message):
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(ConnectomeError, match=message):
        read(path, "matrix", **options)


def test_a_square_matrix_of_different_numbers_has_no_header(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("5,7,8\n1,0,0\n2,0,3\n")
    assert read(path, "matrix").weight.tolist() == [5, 7, 8, 1, 2, 3]


def test_a_word_in_the_corner_is_detected(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("pre\\post,A,B\nA,0,2\nB,1,0\n")
    assert detect(path) == "matrix"
    assert edges(read(path)) == {("A", "B"): (2, 0), ("B", "A"): (1, 0)}
    path.write_text("from,to,count\nA,B,2\nB,A,1\n")
    assert detect(path) == "edges"


@pytest.mark.parametrize("name", ["m.csv", "m.npy", "m.npz"])
def test_a_whole_matrix_of_gap_junctions(tmp_path, name):
    """Entries stay as listed: one way, both ways, and with weights that differ."""
    path = tmp_path / name
    values = np.array([[0, 2, 0], [5, 0, 1], [0, 0, 3]])
    if name == "m.csv":
        np.savetxt(path, values, delimiter=",")
    elif name == "m.npy":
        np.save(path, values)
    else:
        pytest.importorskip("scipy").sparse.save_npz(
            path, pytest.importorskip("scipy.sparse").csr_array(values)
        )
    worm = read(path, None if name != "m.csv" else "matrix", type="gap")
    assert (worm.n_edges, worm.n_cells) == (0, 3)
    assert gaps(worm) == [("0", "1", 2), ("1", "0", 5), ("1", "2", 1), ("2", "2", 3)]
    turned = read(path, None if name != "m.csv" else "matrix", type="gap", orientation="post_pre")
    assert sorted(gaps(turned)) == [("0", "1", 5), ("1", "0", 2), ("2", "1", 1), ("2", "2", 3)]
    with pytest.raises(UsageError, match="unknown type 'electrical'"):
        read(path, None if name != "m.csv" else "matrix", type="electrical")


def test_a_negative_gap_junction_is_refused(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(",A,B\nA,0,-2\nB,1,0\n")
    with pytest.raises(ConnectomeError, match=r"m\.csv: .*gap"):
        read(path, type="gap")


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
