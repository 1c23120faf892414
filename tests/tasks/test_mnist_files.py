"""The four files of MNIST: finding, downloading and checking them."""

from __future__ import annotations

import hashlib
import http.server
import os
import threading
import time
from functools import partial

import numpy as np
import pytest

from conncore.tasks import mnist_files
from conncore.tasks.mnist_files import FILES, load_mnist
from digits import idx_bytes, refused, write_mnist

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = FILES


@pytest.mark.parametrize("gz", [True, False])
def test_a_directory_is_read(tmp_path, gz):
    sets = write_mnist(tmp_path, gz=gz)
    for found, (images, labels) in zip(load_mnist(tmp_path), sets, strict=True):
        np.testing.assert_array_equal(found.images, images.reshape(-1, 784))
        np.testing.assert_array_equal(found.labels, labels)


def test_the_variable_names_the_directory_or_the_one_above(tmp_path, monkeypatch):
    write_mnist(tmp_path / "a")
    write_mnist(tmp_path / "b" / "mnist", n_train=36)
    for named, n_train in (("a", 120), ("b", 36)):
        monkeypatch.setenv("CONNCORE_DATA", str(tmp_path / named))
        assert len(load_mnist()[0]) == n_train
    assert len(load_mnist(tmp_path / "a")[0]) == 120  # what is given comes first


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    write_mnist(tmp_path)
    (tmp_path / LABELS).unlink()
    refused(lambda: load_mnist(tmp_path), tmp_path, LABELS, "data=", "$CONNCORE_DATA")
    monkeypatch.setenv("CONNCORE_DATA", str(tmp_path))
    refused(load_mnist, tmp_path, LABELS)
    refused(lambda: load_mnist(tmp_path / "nowhere"), "nowhere", *FILES)


def test_contents_that_do_not_fit_are_refused(tmp_path):
    write_mnist(tmp_path)

    def put(name, array):
        (tmp_path / name).write_bytes(idx_bytes(array))

    put(TEST_LABELS, np.r_[np.zeros(29), 10])
    refused(lambda: load_mnist(tmp_path), TEST_LABELS, "label 29 (from 0) is 10, must be 0 to 9")
    put(TEST_LABELS, np.zeros(29))
    refused(lambda: load_mnist(tmp_path), TEST_LABELS, "29 labels for 30 images")
    put(TEST_IMAGES, np.zeros((30, 28, 27)))
    refused(lambda: load_mnist(tmp_path), TEST_IMAGES, "28 x 27 pixels, must be 28 x 28")
    put(TEST_IMAGES, np.zeros((0, 28, 28)))
    put(TEST_LABELS, np.zeros(0))
    refused(lambda: load_mnist(tmp_path), TEST_IMAGES, "has 0 images, must have 12 or more")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and remembers what was asked for."""

    def do_GET(self):
        self.server.asked.append(self.path.removeprefix("/"))
        super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror of the made-up files on this machine: its folder, the cache, what was asked for."""
    folder, cache = tmp_path / "mirror", tmp_path / "cache"
    write_mnist(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    server.asked = []
    monkeypatch.setattr(mnist_files, "MIRROR", f"http://127.0.0.1:{server.server_port}/")
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    monkeypatch.setattr(mnist_files, "FILES", sums)
    monkeypatch.delenv("CONNCORE_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda project: cache / project)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield folder, cache / "conncore" / "mnist", server.asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_files_are_downloaded_once(mirror, capsys):
    _, cache, asked = mirror
    assert len(load_mnist()[0]) == 120
    assert asked == list(FILES)
    assert capsys.readouterr().err.count("\n") == 1  # says what it does
    assert len(load_mnist()[1]) == 30
    assert asked == list(FILES)
    assert capsys.readouterr().err == ""
    assert sorted(path.name for path in cache.iterdir()) == sorted(FILES)


def test_a_file_that_is_not_the_one_expected_is_not_kept(mirror):
    folder, cache, asked = mirror
    (folder / LABELS).write_bytes(b"something else")
    refused(load_mnist, "wrong checksum", "data=", "$CONNCORE_DATA", *FILES)
    assert asked == [IMAGES, LABELS]
    assert [path.name for path in cache.iterdir()] == [IMAGES]


def test_a_mirror_without_the_file_is_one_line(mirror):
    folder, cache, _ = mirror
    (folder / IMAGES).unlink()
    refused(load_mnist, "HTTPError", "data=", "$CONNCORE_DATA", *FILES)
    assert list(cache.iterdir()) == []


def test_without_a_network_it_is_soon_said_how_to_get_the_files(mirror, monkeypatch):
    _, cache, asked = mirror
    monkeypatch.setattr(mnist_files, "MIRROR", "http://127.0.0.1:9/")  # nobody listens
    began = time.monotonic()
    refused(load_mnist, "ConnectionError", "data=", "$CONNCORE_DATA", *FILES)
    assert time.monotonic() - began < 5
    assert asked == []
    assert list(cache.iterdir()) == []


def test_the_real_files_have_the_published_sizes():
    """Skipped unless $CONNCORE_DATA has MNIST."""
    if not os.environ.get("CONNCORE_DATA"):
        pytest.skip("CONNCORE_DATA is not set")
    train, test = load_mnist()
    assert (len(train), len(test)) == (60_000, 10_000)
    # Counts of the digits, from the labels' files as everyone has them.
    assert np.bincount(train.labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949
    ]  # fmt: skip
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert test.labels[:5].tolist() == [7, 2, 1, 0, 4]
