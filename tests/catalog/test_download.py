"""Downloads of several files from a server on this machine: resumed, verified, cited, and read."""

from __future__ import annotations

import gzip
import hashlib
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from conncore.catalog import remote
from conncore.catalog.entries import RemoteEntry, RemoteFile
from conncore.catalog.remote import list_remote
from conncore.catalog.shipped import load
from conncore.errors import ConnectomeError

A, B, C = "720575940600000001", "720575940600000002", "720575940600000003"
CODEX = {
    "connections.csv.gz": "pre_root_id,post_root_id,neuropil,syn_count,nt_type\n"
    f"{A},{B},LO_L,7,ACH\n{A},{B},PVLP_L,5,ACH\n{B},{C},GNG,6,GABA\n",
    "neurons.csv.gz": "root_id,group,nt_type,nt_type_score\n"
    f"{A},LO,ACH,0.9\n{B},GNG,GABA,0.8\n{C},GNG,,0\n",
    "classification.csv.gz": "root_id,flow,super_class,class,sub_class,side\n"
    f"{A},intrinsic,visual,LC,,left\n{B},efferent,descending,DN,,left\n{C},,,,,\n",
    "consolidated_cell_types.csv.gz": "root_id,primary_type,additional_type(s)\n"
    f"{A},LPLC2,\n{B},DNp01,GF\n",
}


# Large enough for several chunks.
MANY = CODEX["connections.csv.gz"].encode() + b"".join(
    f"{int(A) + k},{B},GNG,1,ACH\n".encode() for k in range(10, 5000)
)
CUT = 3 << 16


def packed(text):
    return gzip.compress(text.encode(), mtime=0)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serves bytes by name, ranges too; `server.cut` breaks off after so many bytes of a file."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            found = server.files.get(self.path[1:])
            if found is None:
                self.send_error(404)
                return
            start = int(self.headers.get("Range", "bytes=0-")[6:-1]) if server.ranges else 0
            server.asked.append((self.path[1:], start))
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(found) - start))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(found[start:] if server.cut is None else found[start : server.cut])

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.cut, server.ranges = {}, [], None, True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)

    def know(format, files, **changed):
        address = f"http://127.0.0.1:{server.server_address[1]}"
        server.files = dict(files)
        known = tuple(
            RemoteFile(
                name, f"{address}/{name}",
                changed.get("sha256") or hashlib.sha256(content).hexdigest(), len(content),
            )
            for name, content in files.items()
        )  # fmt: skip
        entry = RemoteEntry(
            "brain", "A brain", "Cite me", "CC BY 4.0", "https://brain.example", "read it",
            format=format, files=known,
        )  # fmt: skip
        monkeypatch.setattr(remote, "list_remote", lambda: {"brain": entry})
        monkeypatch.setitem(load.__globals__, "list_remote", lambda: {"brain": entry})

    server.know = know
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_codex_folder(server, capsys):
    server.know("codex", {name: packed(text) for name, text in CODEX.items()})
    brain = load("brain")
    assert brain.names == (A, B, C)
    assert brain.weight.tolist() == [12.0, 6.0]
    assert brain.attributes["type"] == ["LPLC2", "DNp01", ""]
    assert brain.classes == ["LC", "DN", ""]
    assert brain.transmitters[:2] == ["ACh", "GABA"]
    assert (brain.name, brain.licence, brain.citation) == ("brain", "CC BY 4.0", "Cite me")
    assert brain.source == "https://brain.example"
    shown = capsys.readouterr()
    assert "brain: A brain\nlicence: CC BY 4.0; cite: Cite me\n" in shown.err
    assert shown.out == ""
    server.files.clear()
    assert load("brain").checksum == brain.checksum  # from the cache
    assert capsys.readouterr().err == ""


def test_the_pair_of_shiu_2024(server):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    ids = np.array([int(A), int(B), int(C)])
    columns = {
        "Presynaptic_ID": ids[[0, 1]], "Postsynaptic_ID": ids[[1, 2]],
        "Presynaptic_Index": [0, 1], "Postsynaptic_Index": [1, 2], "Connectivity": [12, 6],
        "Excitatory": [1, -1], "Excitatory x Connectivity": [12, -6],
    }  # fmt: skip
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink)
    completeness = f",Completed\n{A},True\n{B},True\n{C},True\n".encode()
    server.know(
        "shiu2024",
        {
            "2023_03_23_connectivity_630_final.parquet": sink.getvalue().to_pybytes(),
            "2023_03_23_completeness_630_final.csv": completeness,
        },
    )
    brain = load("brain")
    assert brain.names == (A, B, C)
    assert (brain.weight * brain.sign).tolist() == [12.0, -6.0]


def test_a_download_that_broke_off_goes_on_where_it_stopped(server):
    server.know("codex", {"connections.csv": MANY})
    server.cut = CUT
    with pytest.raises(ConnectomeError, match=r"cannot be downloaded .*; 196,608 bytes are kept"):
        load("brain")
    server.cut = None
    assert load("brain").n_edges == 4992
    assert server.asked == [("connections.csv", 0), ("connections.csv", CUT)]


def test_a_server_without_ranges_sends_the_whole_file_again(server):
    server.know("codex", {"connections.csv": MANY})
    server.cut, server.ranges = CUT, False
    with pytest.raises(ConnectomeError, match="196,608 bytes are kept"):
        load("brain")
    server.cut = None
    assert load("brain").n_edges == 4992


def test_a_part_of_another_file_is_noticed_and_fetched_again(server, tmp_path):
    server.know("codex", {"connections.csv": MANY})
    server.cut = CUT
    with pytest.raises(ConnectomeError):
        load("brain")
    (part,) = (tmp_path / "cache").rglob("*.part")
    part.write_bytes(b"x" * CUT)
    server.cut = None
    with pytest.raises(ConnectomeError, match="is not the file that conncore knows"):
        load("brain")
    assert load("brain").n_edges == 4992


def test_another_file_than_the_known_one_is_refused(server):
    server.know("codex", {"connections.csv.gz": b"changed"}, sha256="0" * 64)
    with pytest.raises(ConnectomeError, match=r"is not the file .*https://brain\.example"):
        load("brain")


def test_the_files_of_the_catalog_have_names_that_their_readers_know():
    several = {name: entry for name, entry in list_remote().items() if entry.files}
    assert {"flywire-783", "flywire-630", "shiu-630", "banc-888", "manc-1.2.1"} <= set(several)
    for entry in several.values():
        assert entry.format in ("codex", "shiu2024", "banc")
        names = [file.name for file in entry.files]
        assert len(set(names)) == len(names)
        assert sum("connecti" in name or "edgelist" in name for name in names) == 1
        for file in entry.files:
            assert file.url.startswith("https://")
            assert file.url.endswith(f"/{file.name}")
            assert len(file.sha256) == 64
            assert file.bytes > 100_000
