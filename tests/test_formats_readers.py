"""Readers of the field's own files: small files in each source's layout, counted by hand."""

from __future__ import annotations

import gzip
import importlib.util
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from conncore.errors import ConnectomeError, UsageError
from conncore.formats import READERS, detect, parse_options, read

FILES = Path(__file__).parent / "files" / "formats"
BIG = 720575940621280688  # as floats, BIG + 1 is the same
NEEDS = {
    ".parquet": "pyarrow",
    ".feather": "pyarrow",
    "shiu": "pyarrow",
    ".mat": "scipy",
    ".h5": "h5py",
}


def installed(name):
    package = NEEDS.get(Path(name).suffix or name)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"needs {package}")
    return FILES / name


def edges(worm):
    ends = zip(worm.pre, worm.post, worm.weight.tolist(), worm.sign.tolist(), strict=True)
    return {(worm.names[i], worm.names[j]): (w, s) for i, j, w, s in ends}


def gaps(worm):
    ends = zip(worm.gap_pre, worm.gap_post, worm.gap_weight.tolist(), strict=True)
    return [(worm.names[i], worm.names[j], w) for i, j, w in ends]


A, B, C, D = (str(BIG + k) for k in range(4))
CASES = [
    (
        "codex",
        "codex",
        {},
        (C, B, A, D),
        {(A, B): (12, 0), (B, A): (6, 0), (B, C): (9, 0), (C, A): (5, 0)},
        [],
    ),
    (
        "neuprint",
        "neuprint",
        {},
        ("387364605", "1167295872", "1167641412"),
        {
            ("387364605", "1167295872"): (4, 0),
            ("387364605", "1167641412"): (10, 0),
            ("1167641412", "387364605"): (3, 0),
        },
        [],
    ),
    (
        "shiu",
        "shiu2024",
        {},
        (B, A, C),
        {(A, B): (3, 1), (A, C): (4, 1), (B, A): (5, -1), (C, A): (6, 1)},
        [],
    ),
    (
        "winding.zip",
        "winding2023",
        {},
        ("29", "84"),
        {("29", "84"): (9, 0), ("84", "29"): (6, 0)},
        [],
    ),
    ("winding.zip", "winding2023", {"part": "ad"}, ("29", "84"), {("29", "84"): (2, 0)}, []),
    ("square.csv", "matrix", {}, ("29", "84"), {("29", "84"): (9, 0), ("84", "29"): (6, 0)}, []),
    (
        "haspel.mat",
        "haspel2011",
        {},
        ("AS01", "DD01", "MDlr01"),
        {("AS01", "DD01"): (1.5, 1), ("AS01", "MDlr01"): (10.3, 1), ("DD01", "MDlr01"): (2, -1)},
        [("DD01", "AS01", 1.0)],
    ),
    (
        "cook.xlsx",
        "cook2019",
        {},
        ("I1L", "VB01", "dBWML1"),
        {("I1L", "VB01"): (3, 0), ("VB01", "I1L"): (1, 0), ("VB01", "dBWML1"): (9, 0)},
        [("I1L", "VB01", 2.0), ("VB01", "VB01", 4.0)],
    ),
    (
        "cect.json",
        "cect",
        {},
        ("PVCL", "DD4", "VD6"),
        {("PVCL", "DD4"): (7, 0), ("DD4", "VD6"): (2, 0)},
        [("PVCL", "VD6", 3.0)],
    ),
    (
        "cect_edges.csv",
        "cect",
        {},
        ("I1L", "I2L", "MCL"),
        {("I1L", "I2L"): (10, 0), ("I2L", "I1L"): (3, 0)},
        [("I1L", "MCL", 2.0)],
    ),
    (
        "small.graphml",
        "graphml",
        {},
        ("AVAL", "AVAR"),
        {("AVAL", "AVAR"): (3.5, 0), ("AVAR", "AVAL"): (2, 0)},
        [],
    ),
    (
        "small.nml",
        "neuroml",
        {},
        ("PopDD[0]", "PopDD[1]", "AVAL"),
        {("AVAL", "PopDD[1]"): (1, 1), ("PopDD[0]", "AVAL"): (0.5, -1)},
        [("PopDD[0]", "PopDD[1]", 0.25)],
    ),
    (
        "sonata.h5",
        "sonata",
        {},
        ("0", "1", "2"),
        {("0", "1"): (7, 0), ("2", "0"): (5, 0), ("0", "2"): (1, 0)},
        [],
    ),
    (
        "sonata.h5",
        "sonata",
        {"weight": "syn_weight"},
        ("0", "1", "2"),
        {("0", "1"): (1, 1), ("2", "0"): (0.25, -1), ("0", "2"): (0.125, 1)},
        [],
    ),
    (
        "signed.npy",
        "matrix",
        {},
        ("0", "1", "2"),
        {("0", "1"): (2, -1), ("1", "0"): (1, 1), ("2", "2"): (0.5, 1)},
        [],
    ),
    ("sparse.npz", "sparse", {}, ("0", "1"), {("0", "1"): (2, 0), ("1", "0"): (3, 0)}, []),
    (
        "edges.parquet",
        "edges",
        {},
        (A, B, C),
        {(A, B): (1.5, 0), (A, C): (2, 0), (B, A): (3, 0), (C, A): (4, 0)},
        [],
    ),
    (
        "edges.feather",
        "edges",
        {},
        ("A", "B", "C"),
        {("A", "B"): (1, 1), ("B", "A"): (1, -1), ("A", "C"): (1, 0), ("C", "A"): (1, 1)},
        [],
    ),
]


@pytest.mark.parametrize(("name", "format", "options", "names", "chemical", "gap"), CASES)
def test_a_small_file_of_each_layout(name, format, options, names, chemical, gap):
    path = installed(name)
    assert detect(path) == format
    worm = read(path, **options)
    assert worm.names == names
    assert edges(worm) == chemical
    assert gaps(worm) == gap


def test_every_format_has_a_case():
    assert set(READERS) - {format for _, format, *_ in CASES} == {"flyvis", "npz"}


def test_a_gzipped_file_is_the_same(tmp_path):
    for name in ("small.nml", "cect.json", "square.csv", "flyvis.json"):
        path = tmp_path / f"{name}.gz"
        path.write_bytes(gzip.compress((FILES / name).read_bytes()))
        assert read(path).checksum == read(FILES / name).checksum
        assert read(path).name == read(FILES / name).name


def test_a_zip_of_one_file_is_the_same(tmp_path):
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.write(FILES / "square.csv", "deep/../../square.csv")
    assert read(tmp_path / "one.zip").checksum == read(FILES / "square.csv").checksum
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "pre,post\nA,B\n")
        archive.writestr("b.csv", "pre,post\nA,B\n")
    with pytest.raises(ConnectomeError, match=r"two\.zip: holds a\.csv, b\.csv; name the format"):
        read(tmp_path / "two.zip")


# Codex, neuPrint, Shiu


def test_codex_takes_transmitters_and_classes_from_its_tables(tmp_path):
    fly = read(FILES / "codex")
    assert fly.transmitters == ("Glu", "ACh", "GABA", "")
    assert fly.classes == ("olfactory", "CX", "CX", "")
    assert read(FILES / "codex", min_score=0.7).transmitters == ("", "ACh", "GABA", "")
    assert read(FILES / "codex", classes="flow").classes[:2] == ("afferent", "intrinsic")
    alone = read(FILES / "codex" / "connections.csv")
    assert alone.names == (A, B, C)
    assert alone.transmitters == ("GABA", "ACh", "Glu")
    assert alone.sign_by_transmitter("fly").sign.tolist() == [-1, 1, 1, -1]
    only = read(FILES / "codex" / "connections.csv", neuropil="eb")
    assert edges(only) == {(A, B): (5, 0), (B, A): (6, 0), (C, A): (5, 0)}
    with pytest.raises(ConnectomeError, match=r"connections\.csv: there is no synapse in neuropil"):
        read(FILES / "codex" / "connections.csv", neuropil="FB")
    with pytest.raises(ConnectomeError, match=r"line 1: there is no column 'colour'; found 'root"):
        read(FILES / "codex", classes="colour")


def test_codex_transmitters_are_those_of_most_synapses(tmp_path):
    path = tmp_path / "connections.csv"
    head = "pre_root_id,post_root_id,neuropil,syn_count,nt_type\n"
    path.write_text(head + "1,2,EB,5,ACH\n1,3,EB,6,GABA\n2,1,EB,5,ACH\n2,3,EB,5,GABA\n3,1,EB,1,\n")
    assert read(path).transmitters == ("GABA", "", "")


def test_codex_in_pieces_is_the_same_as_by_pyarrow(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    path = FILES / "codex" / "connections.csv"
    slow = read(path)
    monkeypatch.setattr("conncore.formats._tables.LARGE", 0)
    fast = read(path)
    assert fast.names == slow.names
    assert fast.transmitters == slow.transmitters
    assert fast.checksum == slow.checksum
    bad = tmp_path / "connections.csv"
    bad.write_text(path.read_text().replace(",6,ACH", ",many,ACH"))
    with pytest.raises(ConnectomeError, match=r"line 4, column 'syn_count': 'many' is not a num"):
        read(bad)
    bad.write_text(path.read_text().replace(",6,ACH", ",6"))
    with pytest.raises(ConnectomeError, match="line 4 has 4 fields, but there are 5 columns"):
        read(bad)


def test_neuprint_classes_regions_and_archives(tmp_path):
    fly = read(FILES / "neuprint")
    assert fly.classes == ("EPG", "ER4d", "ER4m")
    ring = read(FILES / "neuprint", roi="EB")
    assert edges(ring) == {
        ("387364605", "1167295872"): (3, 0),
        ("387364605", "1167641412"): (10, 0),
    }
    with tarfile.open(tmp_path / "exported.tar.gz", "w:gz") as archive:
        archive.add(FILES / "neuprint", "exported")
    assert read(tmp_path / "exported.tar.gz").checksum == fly.checksum
    shutil.make_archive(str(tmp_path / "exported"), "zip", FILES / "neuprint")
    assert read(tmp_path / "exported.zip").checksum == fly.checksum
    rois = tmp_path / "rois"
    rois.mkdir()
    shutil.copy(FILES / "neuprint" / "traced-roi-connections.csv", rois)
    assert edges(read(rois))["387364605", "1167295872"] == (4, 0)
    joined = tmp_path / "joined.csv"
    joined.write_text(
        "bodyId_pre,bodyId_post,weight,type_pre,type_post\n1,2,5,EPG,ER2\n2,1,1,ER2,EPG\n"
    )
    assert read(joined).classes == ("EPG", "ER2")


def test_shiu_names_what_it_lacks(tmp_path):
    installed("shiu")
    alone = read(FILES / "shiu" / "Connectivity_783.parquet")
    assert alone.names == (A, B, C)
    with pytest.raises(ConnectomeError, match=r"holds not one Connectivity\*\.parquet"):
        read(tmp_path, format="shiu2024")
    table = tmp_path / "c.csv"
    table.write_text("Presynaptic_ID,Postsynaptic_ID,Connectivity,Excitatory\n1,2,3,1\n1,2,4,-1\n")
    with pytest.raises(ConnectomeError, match="rows of edge '1' -> '2' have different signs"):
        read(table)


# flyvis


def test_flyvis_tiles_a_hexagon():
    eye = read(FILES / "flyvis.json", extent=1)
    assert [eye.classes.count(t) for t in ("R1", "L1", "Lawf1", "Am")] == [7, 7, 1, 1]
    wires = edges(eye)
    # A cell sends to the column that lies an offset beyond its own.
    assert wires["R1_-1_0", "L1_-1_0"] == (40, -1)
    assert wires["R1_-1_0", "L1_0_0"] == (2.5, -1)
    assert ("R1_0_0", "L1_-1_0") not in wires
    assert wires["L1_0_-1", "Lawf1_0_0"] == (4, 1)
    assert wires["R1_1_0", "Am_0_0"] == (1, -1)
    assert len(wires) == 7 + 4 + 1 + 1
    assert read(FILES / "flyvis.json", extent=2).n_neurons == 19 + 19 + 3 + 1
    with pytest.raises(UsageError, match="extent goes from 0 to 100"):
        read(FILES / "flyvis.json", extent=-1)


def test_flyvis_can_fill_the_gaps_of_its_data(tmp_path):
    eye = json.loads((FILES / "flyvis.json").read_text())
    ring = [[[u, v], 2] for u, v in ((-2, 0), (2, 0), (0, 2), (0, -2), (2, -2), (-2, 2))]
    eye["edges"] = [{"src": "R1", "tar": "R1", "alpha": 1, "offsets": ring}]
    path = tmp_path / "ring.json"
    path.write_text(json.dumps(eye))
    wires = edges(read(path, extent=2, fill=1))
    inside = [(u, v) for u in (-1, 0, 1) for v in (-1, 0, 1) if abs(u + v) < 2]
    assert len(inside) == 7
    for u, v in inside:
        assert wires["R1_0_0", f"R1_{u}_{v}"] == (1, 1)
    assert wires["R1_0_0", "R1_2_0"] == (2, 1)
    assert len(read(path, extent=2).pre) == len(wires) - sum(w == 1 for w, _ in wires.values())


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
    with pytest.raises(ConnectomeError, match="first line is an edge, read with header=False, if"):
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
    assert parse_options(FILES / "flyvis.json", None, words) == {"extent": 2, "fill": 0.5}
    edge_words = ["header=no", "pre=a=b"]
    assert parse_options("x.csv", "edges", edge_words) == {"header": False, "pre": "a=b"}
    with pytest.raises(UsageError, match="'extent' is no option; write key=value"):
        parse_options(FILES / "flyvis.json", None, ["extent"])
    with pytest.raises(UsageError, match="option extent takes a number, not 'two'"):
        parse_options(FILES / "flyvis.json", None, ["extent=two"])
    with pytest.raises(UsageError, match="option header takes yes or no, not '0'"):
        parse_options("x.csv", "edges", ["header=0"])


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
    monkeypatch.syspath_prepend(str(tmp_path))
    assert read("cect:Test").n_neurons == 3
    with pytest.raises(UsageError, match="has no data set 'Tset'; choose one of: TestDataReader"):
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
