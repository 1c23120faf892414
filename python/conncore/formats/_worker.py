"""Runs the C and C++ libraries that read binary files in a process of their own.

Damaged files have made these libraries crash, hang or fill the memory. The process gets the file's
content, has a limit on memory and time, and returns plain arrays. If it crashes, we do not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import ConnectomeError

if TYPE_CHECKING:
    from conncore.formats._files import Source

PROGRAM = Path(__file__).with_name("_worker_program.py")
PACKAGES = {
    "parquet": "pyarrow",
    "feather": "pyarrow",
    "mat": "scipy",
    "matlab": "scipy",
    "matlab 7.3": "h5py",
    "mtx": "scipy",
    "hdf5": "h5py",
    **dict.fromkeys(("gml", "pajek", "gexf"), "networkx"),
}


def run_worker(
    source: Source, kind: str, **request: Any
) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Read a binary file in another process.

    Parameters
    ----------
    source : Source
        The file.
    kind : str
        A key of `PACKAGES`.
    **request
        The parameters of the reader in `_worker_program`.

    Returns
    -------
    facts : dict
        All results that are not arrays.
    arrays : list of array
        The arrays, in the order in which the program returned them.

    Raises
    ------
    ConnectomeError
        If the package is missing, or the file is damaged or takes too much time or memory.
    """
    size = len(source.content)
    request |= {"kind": kind, "memory": (256 << 20) + 40 * size, "seconds": 5 + size / 1e6}
    head = json.dumps(request).encode() + b"\n"
    try:
        done = subprocess.run(
            [sys.executable, str(PROGRAM)],
            input=head + source.content,
            capture_output=True,
            timeout=60 + size / 1e6,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise source.error(f"takes too long to read as {kind}; it may be damaged") from None
    except OSError as error:
        raise source.error(f"a process to read it does not start ({error.strerror})") from None
    head, _, body = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise source.error(f"cannot be read as {kind}; it is damaged, or far too large unpacked")
    facts = json.loads(head)
    if "missing" in facts:
        raise ConnectomeError(
            f"{source.label}: reading {kind} files needs {PACKAGES[kind]}; "
            "pip install 'conncore[formats]'"
        )
    if "error" in facts:
        raise source.error(f"cannot be read as {kind} ({facts['error']})")
    arrays, start = [], 0
    for dtype, shape in facts["arrays"]:
        n_bytes = np.dtype(dtype).itemsize * int(np.prod(shape, dtype=np.int64))
        values = np.frombuffer(body[start : start + n_bytes], dtype)
        arrays.append(values.reshape(shape))
        start += n_bytes
    return facts, arrays
