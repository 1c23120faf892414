"""Reads NumPy arrays from .npy and .npz files: no pickles, and within the limits of archives."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.formats._files import OpenedFile, Source
from conncore.formats._unpack import brief


def load_array(source: Source, content: bytes, what: str) -> NDArray[Any]:
    """The array in the bytes of a .npy file."""
    try:
        if not content.startswith(b"\x93NUMPY"):  # np.load reads archives and pickles, too
            raise ValueError("its first bytes are others")
        return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
    except Exception as error:  # NumPy raises almost anything on damaged headers
        raise source.error(
            f"{brief(what)} is not a NumPy array, or damaged ({brief(error)})"
        ) from None


def load_arrays(file: OpenedFile) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file by name."""
    source = Source(str(file), file.path.name, b"", len(file.packed))
    return {
        name.removesuffix(".npy"): load_array(source, member.content, name)
        for name, member in file.unzip().items()
    }
