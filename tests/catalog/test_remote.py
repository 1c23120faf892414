"""Fetching by name: from a server on this machine, with right and wrong checksums, or refused."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conncore.catalog import remote
from conncore.catalog.remote import RemoteEntry, list_remote
from conncore.catalog.shipped import load, open_connectome
from conncore.errors import ConnectomeError, UsageError

CONTENT = b"pre,post,sign\nA,B,1\nB,C,-1\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A server with one file, an empty cache, and a way to say what `load` knows of the file."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "brain.csv").write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)

    def know(file="brain.csv", sha256=SHA256):
        url = f"http://127.0.0.1:{server.server_address[1]}/{file}"
        entry = RemoteEntry(
            "brain", "A brain", "Cite me", "CC0", "https://brain.example", "read it", url, sha256
        )
        monkeypatch.setattr(remote, "list_remote", lambda: {"brain": entry})
        monkeypatch.setitem(load.__globals__, "list_remote", lambda: {"brain": entry})
        return folder / "brain.csv"

    yield know
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_is_fetched_once_and_verified(source):
    file = source()
    brain = load("brain")
    assert brain.names == ("A", "B", "C")
    assert (brain.name, brain.citation, brain.licence) == ("brain", "Cite me", "CC0")
    assert brain.source.endswith("/brain.csv")
    file.unlink()
    assert open_connectome("brain").checksum == brain.checksum


def test_another_file_than_the_known_one_is_refused(source, tmp_path):
    source(sha256="0" * 64)
    with pytest.raises(ConnectomeError, match=r"is not the file that conncore knows .*read it"):
        load("brain")
    assert not list((tmp_path / "cache").rglob("*.csv"))


def test_a_file_that_changed_in_the_cache_is_fetched_again(source, tmp_path):
    source()
    load("brain")
    (cached,) = (tmp_path / "cache").rglob("*.csv")
    cached.write_bytes(CONTENT.replace(b"-1", b"1"))
    assert load("brain").n_inhibitory == 1
    assert cached.read_bytes() == CONTENT


def test_a_source_that_is_gone_says_where_else(source):
    source(file="moved.csv")
    with pytest.raises(ConnectomeError, match=r"cannot be downloaded .*https://brain\.example"):
        load("brain")


@pytest.mark.parametrize("name", ["hemibrain"])
def test_where_terms_must_be_accepted_a_line_says_where(name):
    with pytest.raises(UsageError) as caught:
        load(name)
    line = str(caught.value)
    assert "\n" not in line
    assert f"accept its terms ({list_remote()[name].licence}) at https://" in line
    assert "conncore connectome check" in line


def test_remote_connectomes_are_cited_and_pinned():
    for entry in list_remote().values():
        assert "doi:10." in entry.citation
        assert bool(entry.url) == (len(entry.sha256) == 64)
        assert not (entry.url and entry.files)
    # Computed from a copy of the file.
    assert list_remote()["larva-brain"].sha256.startswith("8c1f43809ed5d527")
