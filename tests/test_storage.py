"""Files of arrays come back as they were, or are refused in one line; locks hold."""

from __future__ import annotations

import io
import os
import sys

import numpy as np
import pytest

from conncore.errors import CheckpointError, ConncoreError, UsageError
from conncore.storage import (
    FORMAT,
    check_digest,
    disk_errors,
    downloads,
    lock_directory,
    pack_npz,
    read_npz,
)

ARRAYS = {"a": np.arange(4.0), "b": np.array("text"), "c": np.zeros((2, 3), np.int32)}


def written(tmp_path, content):
    file = tmp_path / "file.npz"
    file.write_bytes(content)
    return file


def test_arrays_come_back(tmp_path):
    read = read_npz(written(tmp_path, pack_npz(**ARRAYS)), "advice")
    check_digest(read)
    assert set(read) == {*ARRAYS, "format", "digest"}
    for name, array in ARRAYS.items():
        assert (read[name].dtype, read[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize(
    "change",
    [
        {"a": np.array([0.0, 1.0, 2.0, 4.0])},
        {"a": np.arange(4.0).reshape(2, 2)},
        {"a": np.arange(4.0).view(np.int64)},
        {"c": np.zeros((3, 2), np.int32)},
        {"d": np.array(1)},
        {"digest": np.array("0" * 64)},
    ],
)
def test_changed_arrays_are_noticed(tmp_path, change):
    read = read_npz(written(tmp_path, pack_npz(**ARRAYS)), "advice")
    with pytest.raises(ValueError, match="it was changed after conncore wrote it"):
        check_digest(read | change)
    check_digest({name: array for name, array in (read | change).items() if name != "digest"})


def test_a_lost_array_and_exchanged_names_are_noticed(tmp_path):
    read = read_npz(written(tmp_path, pack_npz(one=np.array(1), two=np.array(2))), "advice")
    for changed in (
        {name: array for name, array in read.items() if name != "one"},
        read | {"one": read["two"], "two": read["one"]},
    ):
        with pytest.raises(ValueError, match="it was changed"):
            check_digest(changed)


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is damaged"),
        (b"no zip at all", "is damaged"),
        (pack_npz(**ARRAYS)[:-30], "is damaged"),
        (pack_npz(a=np.arange(9.0)).replace(b"\x00\x40", b"\x00\x41", 1), "has a wrong checksum"),
        (npz(format=np.array(FORMAT), a=np.array([{}], object)), "is damaged"),
        (npz(a=np.zeros(3)), "'format' is missing"),
        (npz(format=np.array([FORMAT])), "'format' is missing"),
        (npz(format=np.array(FORMAT + 1)), f"has format {FORMAT + 1}, but this conncore reads"),
        (npz(format=np.array(FORMAT - 1)), f"has format {FORMAT - 1}, but this conncore reads"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path, content, message):
    file = written(tmp_path, content)
    with pytest.raises(CheckpointError, match=message) as error:
        read_npz(file, "what to do")
    assert str(error.value).endswith("; what to do")
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(CheckpointError, match=r"^cannot read .*none.npz: No such file.*; advice$"):
        read_npz(tmp_path / "none.npz", "advice")


@pytest.mark.parametrize(
    ("error", "reason"), [(OSError(28, "No space left"), "No space left"), (OSError("odd"), "odd")]
)
def test_disk_errors_say_what_to_do(tmp_path, error, reason):
    with pytest.raises(ConncoreError) as found, disk_errors(tmp_path, "make room"):
        raise error
    assert str(found.value) == f"cannot write {tmp_path}: {reason}; make room"
    with pytest.raises(KeyError), disk_errors(tmp_path, "make room"):
        raise KeyError("not of the disk")


def test_a_lock_holds_until_it_is_released(tmp_path):
    def next_handle():
        opened = os.open(tmp_path / "other", os.O_RDONLY | os.O_CREAT)
        os.close(opened)
        return opened

    lock = lock_directory(tmp_path)
    free = next_handle()
    with pytest.raises(UsageError, match="is in use by another process"):
        lock_directory(tmp_path)
    assert next_handle() == free  # the refusal left no file open
    lock.release()
    lock_directory(tmp_path).release()


def test_without_pooch_downloads_name_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(UsageError, match=r"pip install 'conncore\[download\]'"):
        downloads()
