"""FlyWire Codex: transmitters, classes, neuropils, and the fast path of large files."""

from __future__ import annotations

import pytest

from conncore.errors import ConnectomeError
from conncore.formats import detect, read
from format_files import BIG, FILES, edges

A, B, C, D = (str(BIG + k) for k in range(4))


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
    monkeypatch.setattr("conncore.formats._open_table.LARGE", 0)
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


def test_synapse_coordinates_repeat_the_ids_above(tmp_path):
    path = tmp_path / "synapse_coordinates.csv"
    head = "pre_root_id,post_root_id,x,y,z\n"
    path.write_text(f"{head}{A},{B},1,2,3\n,,4,5,6\n,{C},7,8,9\n{B},,1,1,1\n")
    assert detect(path) == "codex"
    fly = read(path)
    assert fly.names == (A, B, C)
    assert edges(fly) == {(A, B): (2, 0), (A, C): (1, 0), (B, C): (1, 0)}
    path.write_text(f"{head},{B},1,2,3\n{A},{B},4,5,6\n")
    with pytest.raises(ConnectomeError, match="line 2, column 'pre_root_id': the first row has no"):
        read(path)
    # With a column of counts nothing is filled.
    path.write_text(f"pre_root_id,post_root_id,x,syn_count\n{A},{B},1,2\n,{B},1,2\n")
    with pytest.raises(ConnectomeError, match=r"line 3, .* the cell name is empty"):
        read(path)


def test_large_tables_of_synapses_repeat_ids_too(tmp_path):
    path = tmp_path / "synapse_coordinates.csv"
    rows = "".join(f",,{k},{k},{k}\n" for k in range(500_000))
    path.write_text(f"pre_root_id,post_root_id,x,y,z\n{A},{B},0,0,0\n{rows}")
    assert path.stat().st_size > 8 << 20
    assert edges(read(path)) == {(A, B): (500_001, 0)}


def test_words_for_a_missing_transmitter_are_none(tmp_path):
    path = tmp_path / "connections.csv"
    head = "pre_root_id,post_root_id,neuropil,syn_count,nt_type\n"
    path.write_text(f"{head}1,2,EB,5,NA\n2,3,EB,6,nan\n3,1,EB,5,None\n3,2,EB,5,GABA\n")
    assert read(path).transmitters == ("", "", "GABA")
