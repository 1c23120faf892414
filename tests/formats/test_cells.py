"""Cell tables: one reader for `read_cells`, for edge tables and for `connectome label`."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError
from conncore.formats import read, read_cells, read_edges, write_edges


def table(path, text):
    path.write_text(text)
    return path


CELLS = "name,class,transmitter,role,segment,side\n"


def test_cells_give_order_classes_and_body_map(tmp_path):
    table(tmp_path / "worm.edges.csv", "pre,post\nDA1,MDL01\n")
    text = CELLS + "MDL01,MDL,,muscle,2,dorsal\nAVAL,AVA,ACh,,,\nDA1,DA,ACh,motor,0,dorsal\n"
    cells = table(tmp_path / "worm.cells.csv", text)
    worm = read(tmp_path / "worm.edges.csv")  # finds the cells beside it
    assert worm.name == "worm"
    assert worm.names == ("MDL01", "AVAL", "DA1")
    assert worm.classes == ("MDL", "AVA", "DA")
    assert worm.transmitters == ("", "ACh", "ACh")
    assert worm.body.cell_class == ("", "", "DA")
    assert worm.body.role == ("muscle", "", "motor")
    assert worm.body.segment.tolist() == [2, -1, 0]
    assert worm.body.side == ("dorsal", "", "dorsal")
    named = read_edges(table(tmp_path / "other.csv", "pre,post\nDA1,MDL01\n"), cells=cells)
    assert named.checksum == worm.checksum


def test_cells_without_roles_make_no_body_map(tmp_path):
    cells = table(tmp_path / "c.tsv", "name\tclass\nA\tx\nB\ty\n")
    worm = read(table(tmp_path / "e.csv", "pre,post\nB,A\n"), cells=cells)
    assert worm.names == ("A", "B")
    assert worm.classes == ("x", "y")
    assert worm.body is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cell\nA\n", "line 1: there is no column 'name'; found 'cell'"),
        (CELLS, "there are no cells below the line of column names"),
        (CELLS + "A,,,,,\nB,,,,,\nA,,,,,\n", "lines 2, 4 name the same cell 'A'"),
        (CELLS + ",X,,,,\n", "column 'name': the cell name is empty"),
        (CELLS + "A,DA,,motor,one,dorsal\n", "line 2, column 'segment': 'one' is not a segment"),
        (CELLS + "A,DA,,motor,-1,dorsal\n", "line 2, column 'segment': '-1' is not a segment"),
        (CELLS + "A,DA,,motor,99999,dorsal\n", "line 2: segment 99999 is too high"),
        (CELLS + "A,DA,,moter,1,dorsal\n", "line 2: unknown role 'moter'"),
        (CELLS + "A,DA,,motor,1,left\n", "line 2: unknown side 'left'"),
        (CELLS + "A,DA,,motor,,dorsal\n", "line 2: a cell with role motor needs a segment"),
        (CELLS + "A,,,motor,1,dorsal\n", "line 2: a cell with role motor needs a class"),
    ],
)
def test_bad_cells_are_refused_with_file_line_and_column(tmp_path, text, message):
    cells = table(tmp_path / "c.csv", text)
    with pytest.raises(ConnectomeError) as caught:
        read(table(tmp_path / "e.csv", "pre,post\nA,A\n"), cells=cells)
    assert str(caught.value).startswith(f"{cells}: ")
    assert message in str(caught.value)


def test_an_edge_to_a_cell_that_is_not_listed_is_refused(tmp_path):
    cells = table(tmp_path / "c.csv", "name\nA\n")
    path = table(tmp_path / "e.csv", "pre,post\nA,A\nA,B\n")
    with pytest.raises(
        ConnectomeError, match=r"line 3, column 'post': cell 'B' is not in .*c\.csv"
    ):
        read(path, cells=cells)


def test_a_stated_cells_file_must_exist(tmp_path):
    with pytest.raises(ConnectomeError, match=r"c\.csv: no such file"):
        read(table(tmp_path / "e.csv", "pre,post\nA,B\n"), cells=tmp_path / "c.csv")


MORE = "region,name,confidence,Class,root\nlobe,B,0.5,K,720575940623374877\n,A,,L,\n"


def test_other_columns_are_attributes_of_words_or_numbers(tmp_path):
    cells = read_cells(table(tmp_path / "c.csv", MORE))
    assert cells.names == ["B", "A"]
    assert cells.classes == ("K", "L")
    assert cells.body is None
    assert list(cells.attributes) == ["region", "confidence", "root"]
    assert cells.attributes["region"] == ("lobe", "")
    np.testing.assert_array_equal(cells.attributes["confidence"], [0.5, np.nan])
    assert cells.attributes["root"] == ("720575940623374877", "")


def test_edges_keep_every_column_of_the_cells_beside_them(tmp_path):
    table(tmp_path / "x.cells.csv", MORE)
    worm = read(table(tmp_path / "x.edges.csv", "pre,post\nA,B\n"))
    assert worm.names == ("B", "A")
    assert worm.classes == ("K", "L")
    assert worm.attributes["region"] == ("lobe", "")
    np.testing.assert_array_equal(worm.attributes["confidence"], [0.5, np.nan])
    assert worm.attributes["root"] == ("720575940623374877", "")
    write_edges(worm, tmp_path / "y.csv")
    labelled = read(tmp_path / "y.csv").annotate(read_cells(tmp_path / "x.cells.csv"))
    assert labelled.subset(["A"]).attributes["region"] == worm.subset(["A"]).attributes["region"]


def test_cells_come_from_every_kind_of_table(tmp_path):
    plain = read_cells(table(tmp_path / "c.csv", MORE))
    table(tmp_path / "c.tsv", MORE.replace(",", "\t"))
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(MORE.encode()))
    for name in ("c.tsv", "c.csv.gz"):
        other = read_cells(tmp_path / name)
        assert other.names == plain.names
        assert other.classes == plain.classes
        assert other.attributes["region"] == plain.attributes["region"]
        np.testing.assert_array_equal(
            other.attributes["confidence"], plain.attributes["confidence"]
        )


def test_cells_come_from_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "c.parquet"
    columns = {"name": [7, 8], "region": ["eye", None], "size": [1.5, None], "column": [3, 4]}
    columns |= {"role": ["muscle", ""], "segment": [2, 0], "side": ["ventral", ""]}
    parquet.write_table(pa.table(columns), path)
    cells = read_cells(path)
    assert cells.names == ["7", "8"]
    assert cells.attributes["region"] == ("eye", "")
    np.testing.assert_array_equal(cells.attributes["size"], [1.5, np.nan])
    assert cells.attributes["column"].tolist() == [3, 4]
    assert cells.body.segment.tolist() == [2, 0]
    worm = Connectome.from_edges("w", [0], [1], names=["8", "7"])
    assert worm.annotate(cells).body.role == ("", "muscle")
    parquet.write_table(pa.table({"name": ["a", "a"]}), path)
    with pytest.raises(ConnectomeError, match="rows 1, 2 name the same cell 'a'"):
        read_cells(path)


@pytest.mark.parametrize("word", ["1_000", "ten", "9007199254740993", "inf"])
def test_a_column_with_one_word_that_is_no_exact_number_holds_words(tmp_path, word):
    cells = read_cells(table(tmp_path / "c.csv", f"name,u\nA,1\nB,{word}\n"))
    assert cells.attributes["u"] == ("1", word)


def test_a_column_appears_once(tmp_path):
    path = table(tmp_path / "c.csv", "name,region,region\nA,x,y\n")
    with pytest.raises(ConnectomeError, match=r"c\.csv: line 1 names the column 'region' twice"):
        read_cells(path)


def test_sides_and_roles_that_are_no_body_map_are_attributes(tmp_path):
    path = table(tmp_path / "c.csv", "name,class,side,role\nA,PN,left,sensory\nB,KC,right,\n")
    cells = read_cells(path)
    assert cells.body is None
    assert cells.attributes["side"] == ("left", "right")
    assert cells.attributes["role"] == ("sensory", "")
    path = table(tmp_path / "c.csv", "name,role,segment,side\nA,sensory,1,left\nB,,2,\n")
    cells = read_cells(path)
    assert cells.body is None
    assert cells.attributes["segment"].tolist() == [1, 2]


def test_roles_and_sides_have_several_spellings(tmp_path):
    text = "name,class,role,segment,side\nA,DA,Motor neuron,1,D\nB,MDL,Muscle,2,ventral\n"
    body = read_cells(table(tmp_path / "c.csv", text)).body
    assert (body.role, body.side) == (("motor", "muscle"), ("dorsal", "ventral"))


def test_names_can_be_in_another_column_and_words_can_be_missing(tmp_path):
    text = "root_id\tclass\tnt\tsize\n1\tNA\tgaba\t2\n2\tORN\tNA\tNA\n"
    path = table(tmp_path / "c.tsv", text)
    with pytest.raises(ConnectomeError, match=r"no column 'name'.*with the option name=TITLE"):
        read_cells(path)
    cells = read_cells(path, name="root_id")
    assert cells.names == ["1", "2"]
    assert cells.classes == ("NA", "ORN")  # kept as written
    np.testing.assert_array_equal(cells.attributes["size"], [2, np.nan])
    cells = read_cells(path, name="root_id", missing="na")
    assert cells.classes == ("", "ORN")
    assert cells.attributes["nt"] == ("gaba", "")
