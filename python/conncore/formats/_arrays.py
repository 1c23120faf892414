"""NumPy arrays out of .npy and .npz files: never a pickle, within the limits of archives."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.formats._files import Source, brief, unzip


def load_array(source: Source, content: bytes, what: str) -> NDArray[Any]:
    """The array in the bytes of a .npy file."""
    try:
        return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
    except Exception as error:  # damaged headers make NumPy raise almost anything
        raise source.error(
            f"{brief(what)} is not a NumPy array, or damaged ({brief(error)})"
        ) from None


def load_arrays(path: Path, content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file by name."""
    source = Source(str(path), path.name, b"", len(content))
    return {
        name.removesuffix(".npy"): load_array(source, member.content, name)
        for name, member in unzip(path, content).items()
    }
