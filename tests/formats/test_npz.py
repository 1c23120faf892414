"""Connectomes as .npz: exact round trips, and what is refused."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError
from conncore.formats import load_npz, read, save_npz
from random_connectomes import connectomes, same


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "worm.npz"
    save_npz(Connectome.from_edges("x", [0, 1], [1, 0], names=["A", "B"]), path)
    return path


def test_npz_is_written_whole_and_holds_no_pickle(saved):
    first = saved.read_bytes()
    save_npz(load_npz(saved), saved)
    assert saved.read_bytes() == first  # the same connectome gives the same bytes
    assert [file.name for file in saved.parent.iterdir()] == ["worm.npz"]
    with np.load(saved, allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_a_failed_write_leaves_the_old_file(saved, monkeypatch):
    old = saved.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_npz(Connectome.from_edges("y", [0], [1]), saved)
    assert saved.read_bytes() == old
    assert [file.name for file in saved.parent.iterdir()] == ["worm.npz"]


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.9, -1])
def test_a_cut_npz_is_refused(saved, keep):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(ConnectomeError, match=r"worm\.npz: .*damaged"):
        load_npz(saved)


def test_a_flipped_byte_is_noticed(saved):
    content = bytearray(saved.read_bytes())
    with zipfile.ZipFile(saved) as archive:
        start = archive.getinfo("weight.npy").header_offset
    content[start + 60] ^= 0xFF
    saved.write_bytes(content)
    with pytest.raises(ConnectomeError, match=r"worm\.npz: .*damaged"):
        load_npz(saved)


def rewrite(path, **changes):
    """Change or (with None) leave out arrays of an npz file."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays.update(changes)
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def test_a_file_of_another_version_is_refused(saved):
    with np.load(saved) as file:
        text = json.loads(bytes(file["text"]))
    text["version"] = 99
    rewrite(saved, text=np.frombuffer(json.dumps(text).encode(), np.uint8))
    with pytest.raises(ConnectomeError, match="has format version 99; this conncore reads"):
        load_npz(saved)


def test_npz_content_is_checked_like_any_other(saved):
    rewrite(saved, post=np.array([1, 7], np.int32))
    with pytest.raises(ConnectomeError, match=r"worm\.npz: post holds 7"):
        load_npz(saved)
    rewrite(saved, post=None)
    with pytest.raises(ConnectomeError, match=r"worm\.npz: lacks the field 'post'"):
        load_npz(saved)


def test_other_npz_files_are_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    with pytest.raises(ConnectomeError, match="is not a connectome written by conncore"):
        load_npz(tmp_path / "other.npz")
    np.savez(tmp_path / "pickled.npz", text=np.array([{"version": 1}], dtype=object))
    with pytest.raises(ConnectomeError, match="is not a connectome written by conncore"):
        load_npz(tmp_path / "pickled.npz")


@given(worm=connectomes(st.text(max_size=5), st.text(min_size=1, max_size=5)))
def test_npz_round_trip(tmp_path_factory, worm):
    """Any text at all, with NULs, line ends and lone surrogates."""
    path = tmp_path_factory.mktemp("npz") / "worm.npz"
    save_npz(worm, path)
    back = read(path)
    assert same(worm, back)
    assert worm.checksum == back.checksum


def test_attributes_are_kept(tmp_path):
    worm = Connectome.from_edges(
        "w", [0], [1], attributes={"region": ["eye", ""], "u/v": [1.5, float("nan")]}
    )
    save_npz(worm, tmp_path / "w.npz")
    back = load_npz(tmp_path / "w.npz")
    assert back.attributes["region"] == ("eye", "")
    np.testing.assert_array_equal(back.attributes["u/v"], [1.5, np.nan])
    assert list(back.attributes) == ["region", "u/v"]
