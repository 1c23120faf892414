"""A made-up MNIST, small and quick to learn, in the four files of the real one."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from conncore.errors import UsageError

TRAIN, TEST = "train", "t10k"


def idx_bytes(array):
    """An array of bytes as an IDX file."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def make_digits(n, seed):
    """Images with a bright row per digit, and their labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    images = rng.integers(0, 60, (n, 28, 28))
    images[np.arange(n), 2 * labels + 4] = rng.integers(150, 256, (n, 28))
    return images, labels


def write_mnist(directory, n_train=120, n_test=30, gz=True):
    """Write the four files and return their contents: train and test (images, labels)."""
    directory.mkdir(parents=True, exist_ok=True)
    sets = make_digits(n_train, seed=1), make_digits(n_test, seed=2)
    for name, arrays in zip((TRAIN, TEST), sets, strict=True):
        for kind, array in zip(("images-idx3", "labels-idx1"), arrays, strict=True):
            path = directory / f"{name}-{kind}-ubyte{'.gz' if gz else ''}"
            content = idx_bytes(array)
            path.write_bytes(gzip.compress(content, mtime=0) if gz else content)
    return sets


def refused(call, *parts):
    """The call ends in one line with all these parts."""
    with pytest.raises(UsageError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert str(part) in message
