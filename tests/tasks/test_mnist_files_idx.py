"""IDX files: what is read, and what is refused."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from conncore.tasks.mnist_files import read_idx
from digits import idx_bytes, refused


@given(
    arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)),
    st.booleans(),
)
def test_an_array_comes_back_as_it_was_written(tmp_path_factory, array, gz):
    path = tmp_path_factory.getbasetemp() / "values.idx"
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content) if gz else content)
    found = read_idx(path, array.ndim)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("gz", [True, False])
def test_no_part_of_a_file_passes_for_the_whole(tmp_path, gz):
    content = idx_bytes(np.arange(12).reshape(3, 2, 2))
    content = gzip.compress(content) if gz else content
    path = tmp_path / "images"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        refused(lambda: read_idx(path, 3), path)


def test_wrong_files_are_one_line(tmp_path):
    path = tmp_path / "file"
    images = idx_bytes(np.zeros((2, 3, 3)))
    refused(lambda: read_idx(path, 3), path, "cannot be read: No such file")
    for content, said in (
        (b"", "starts with nothing"),
        (b"<html>", "starts with 3c68746d, not with 00000803"),
        (idx_bytes(np.zeros(4)), "starts with 00000801, not with 00000803"),
        (b"\0\0\x0d\x03" + images[4:], "starts with 00000d03"),  # floats
        (images[:9], "cut short within its header"),
        (images[:-1], "has 17 values after its header, which says 2 x 3 x 3 = 18"),
        (images + b"\0", "has 19 values"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "damaged"),  # sizes whose product is beyond 64 bits
    ):
        path.write_bytes(content)
        refused(lambda: read_idx(path, 3), path, said)
    whole = gzip.compress(images)
    damaged = whole[:12] + bytes([whole[12] ^ 0xFF]) + whole[13:]
    for content in (whole[:-9], damaged, whole[:1] + whole[1:2] + b"junk"):
        path.write_bytes(content)
        refused(lambda: read_idx(path, 3), path, "not a whole gzip file")
