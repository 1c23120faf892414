"""Reads IDX files, the format of MNIST's images and labels: a header with sizes, then bytes."""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError

_UNSIGNED_BYTES = 8  # the type code
_GZIP = b"\x1f\x8b"


def read_idx(path: Path, n_dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes; the function detects gzip from the content.

    The format: two zero bytes, the type of the values, the number of dimensions; the size of each
    dimension as a big-endian 32-bit number; the values, the last dimension fastest. Described at
    http://yann.lecun.com/exdb/mnist.

    Parameters
    ----------
    path : Path
    n_dimensions : int
        Number of dimensions that the file must have.

    Returns
    -------
    ndarray, n_dimensions dimensions, uint8, read-only

    Raises
    ------
    UsageError
        If the file cannot be read, or is not a complete IDX file of this kind.
    """
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UsageError(f"{path} is damaged or cut short: not a whole gzip file") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    magic = bytes([0, 0, _UNSIGNED_BYTES, n_dimensions])
    if content[:4] != magic:
        raise UsageError(
            f"{path} starts with {content[:4].hex() or 'nothing'}, not with {magic.hex()}: "
            f"it is not an IDX file of bytes in {n_dimensions} dimensions"
        )
    start = 4 + 4 * n_dimensions
    if len(content) < start:
        raise UsageError(f"{path} is cut short within its header")
    shape = tuple(int(n) for n in np.frombuffer(content[4:start], dtype=">u4"))
    n_values = prod(shape)
    if len(content) - start != n_values:
        sizes = " x ".join(map(str, shape))
        raise UsageError(
            f"{path} has {len(content) - start} values after its header, which says "
            f"{sizes} = {n_values}: it is damaged or cut short"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
