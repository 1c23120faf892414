"""Readers of the field's own files: small files in each source's layout, counted by hand."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
import zipfile

import pytest

from conncore.errors import ConnectomeError, UsageError
from conncore.formats import READERS, detect, read
from format_files import BIG, FILES, edges, gaps, installed

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
    assert fly.attributes["confidence"].tolist() == [0.62, 0.9, 0.81, 0.0]
    assert fly.attributes["hemilineage"] == ("", "", "EBa1", "")
    assert fly.attributes["side"] == ("left", "right", "left", "")
    sure = fly.sign_by_transmitter("fly", min_confidence=0.7)
    assert edges(sure)[B, A][1] == 1
    assert edges(sure)[C, A][1] == 0
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
    assert fly.attributes["instance"] == ("EPG(PB08)_L3", "ER4d(ring)_L", "")
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
        "bodyId_pre,bodyId_post,weight,type_pre,type_post,name_pre,name_post\n"
        "1,2,5,EPG,ER2,EPG_L3,ER2_R\n2,1,1,ER2,EPG,ER2_R,EPG_L3\n"
    )
    assert read(joined).classes == ("EPG", "ER2")
    assert read(joined).attributes["instance"] == ("EPG_L3", "ER2_R")


def test_winding_takes_types_and_sides_from_the_annotations():
    fly = read(FILES / "winding.zip")
    assert fly.classes == ("KC", "KC")
    assert fly.attributes["side"] == ("left", "right")


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
    assert read(FILES / "flyvis.json", extent=2).n_cells == 19 + 19 + 3 + 1
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


def test_a_formula_is_not_worked_out(tmp_path):
    """Totals beyond the names may be formulas; a number may not, unless its value was saved."""
    path = tmp_path / "cook.xlsx"
    with zipfile.ZipFile(FILES / "cook.xlsx") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    place = b'<c r="E4" t="n"><v>3</v></c>'
    assert place in parts[sheet]
    for cell, message in (
        (b'<c r="E4"><f>D4+9</f></c>', "sheet 'hermaphrodite chemical', cell E4: '=D4\\+9' is not"),
        (b'<c r="E4"><f>D4+9</f><v>x</v></c>', "cell E4: 'x' is not a number of sections"),
        (b'<c r="E4"><f>D4+9</f><v>5</v></c>', ""),
    ):
        with zipfile.ZipFile(path, "w") as new:
            for name, part in parts.items():
                new.writestr(name, part.replace(place, cell) if name == sheet else part)
        if message:
            with pytest.raises(ConnectomeError, match=message):
                read(path)
        else:
            assert edges(read(path))["I1L", "VB01"] == (5, 0)
