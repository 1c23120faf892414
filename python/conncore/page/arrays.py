"""Arrays inside a page: packed into bytes that the page's script reads."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = {"float32": "<f4", "uint8": "u1"}


def pack(arrays: Mapping[str, NDArray[Any]]) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the place of each array in the packed bytes, and these bytes in base64.

    Parameters
    ----------
    arrays : mapping of str to ndarray of float32 or uint8

    Returns
    -------
    dict of str to {"type": str, "shape": list of int, "start": int}
        `start` is the first byte after decompression, a multiple of 4.
    str
        Little-endian bytes, compressed by gzip, in base64.
    """
    places, parts, start = {}, [], 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array, _TYPES[array.dtype.name]).tobytes()
        places[name] = {"type": array.dtype.name, "shape": list(array.shape), "start": start}
        padded = content + b"\0" * (-len(content) % 4)
        parts.append(padded)
        start += len(padded)
    packed = gzip.compress(b"".join(parts), 9, mtime=0)
    return places, base64.b64encode(packed).decode()


def script_json(value: object, indent: int | None = None) -> str:
    """Return JSON that is safe inside a script element: names come from strangers' files."""
    text = json.dumps(value, indent=indent, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
