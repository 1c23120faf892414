"""MATLAB files (.mat) with a plain matrix, of all versions up to 7.3.

Rows are presynaptic and columns postsynaptic (``orientation="post_pre"``: the other way round), in
MATLAB's own order of rows and columns. If the matrix holds a negative number, a minus means
inhibition; otherwise all signs are unknown. A matrix has no duplicates. The file of Haspel &
O'Donovan 2011 has a reader of its own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from os import PathLike
from typing import Any

import numpy as np

from conncore.connectome import Connectome
from conncore.errors import choose
from conncore.formats._files import HDF5, Source, open_source
from conncore.formats._matrix import (
    ORIENTATIONS,
    TYPES,
    Matrix,
    connectome_of_matrix,
    read_lines,
)
from conncore.formats._worker import run_worker

#: MATLAB's classes of numbers.
NUMBERS = (
    "double",
    "single",
    "logical",
    "sparse",
    *(f"{u}int{8 << k}" for u in ("", "u") for k in range(4)),
)
#: Types of elements in a file of version 5: a matrix, and a packed one.
_MATRIX, _PACKED = 14, 15


def read_matlab(
    path: str | PathLike[str],
    *,
    variable: str | None = None,
    orientation: str = "pre_post",
    type: str = "chemical",
    names: str | PathLike[str] | None = None,
    classes: str | PathLike[str] | None = None,
) -> Connectome:
    """Read a connectome from a matrix in a MATLAB file; needs SciPy, or h5py for version 7.3.

    Parameters
    ----------
    path : path
        The .mat file.
    variable : str, optional
        The variable that holds the matrix; needed if the file has several square matrices.
    orientation : {"pre_post", "post_pre"}
        "pre_post": rows are presynaptic; "post_pre": columns are.
    type : {"chemical", "gap"}
        "gap": all entries are gap junctions.
    names, classes : str or path, optional
        The name or the class of each cell: a variable of text or numbers in the same file, or a
        file with one line per cell. Without names, cells are called "0", "1", ...

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If the file cannot be understood.
    UsageError
        If `orientation` or `type` is not known.
    """
    choose("orientation", orientation, ORIENTATIONS)
    choose("type", type, TYPES)
    source = open_source(path)
    kind = "matlab 7.3" if HDF5 in (source.content[:4], source.content[512:516]) else "matlab"
    request = {"most_rows": source.most_rows}
    found = run_worker(source, kind, matrix=None, texts=[], **request)[0]["variables"]
    shapes = {name: tuple(shape) for name, shape, _ in found}
    numeric = [name for name, shape, of in found if of in NUMBERS and len(shape) == 2]
    variable = _choose(source, variable, numeric, shapes)
    texts = [str(words) for words in (names, classes) if str(words) in shapes]
    facts, (row, column, value) = run_worker(source, kind, matrix=variable, texts=texts, **request)
    wrong = np.flatnonzero(~np.isfinite(value))
    if wrong.size:
        i, j = row[wrong[0]], column[wrong[0]]
        raise source.error(f"{variable}({i + 1},{j + 1}) is {value[wrong[0]]}, which is not finite")
    n_rows, n_columns = shapes[variable]
    matrix = Matrix(
        None, None, (n_rows, n_columns), row.astype(np.int32), column.astype(np.int32), value
    )
    own, labels = (
        None if words is None else facts["texts"].get(str(words)) or read_lines(words)
        for words in (names, classes)
    )
    return connectome_of_matrix(source, matrix, orientation, own, labels, type)


def _choose(
    source: Source, variable: str | None, numeric: list[str], shapes: dict[str, Any]
) -> str:
    """The variable that holds the matrix."""

    def shown(names: list[str]) -> str:
        sizes = [f"{name:.60} ({' x '.join(map(str, shapes[name]))})" for name in names[:20]]
        return ", ".join(sizes) + (", ..." if names[20:] else "") or "none"

    if variable is not None:
        if variable not in numeric:
            raise source.error(f"has no matrix {variable!r}; its matrices are {shown(numeric)}")
        return variable
    square = [name for name in numeric if shapes[name][0] == shapes[name][1] > 1]
    if not square:
        raise source.error(f"has no square matrix; its variables are {shown(list(shapes))}")
    if len(square) > 1:
        raise source.error(f"has the matrices {shown(square)}; name one with the option variable")
    return square[0]


def kind_of_mat(source: Source) -> str:
    """The format of a .mat file: "haspel2011" by the names of its variables, or "matlab"."""
    try:
        names = list(_variable_names(source.content))
    except (struct.error, zlib.error):
        return "matlab"  # its reader reports the damage
    return "haspel2011" if any(name.startswith(b"A_conn_") for name in names) else "matlab"


def _variable_names(content: bytes) -> Iterator[bytes]:
    """The names of the variables in a file of version 5, of which only the starts are unpacked."""
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    place = 128
    while order and place + 8 <= len(content):
        kind, size = struct.unpack_from(f"{order}II", content, place)
        start = content[place + 8 : place + 8 + min(size, 1024)]
        if kind == _PACKED:
            start = zlib.decompressobj().decompress(start, 256)[8:]
        elif kind != _MATRIX:
            return
        # Flags take 16 bytes; the sizes follow, padded to 8 bytes, and then the name.
        (n_bytes,) = struct.unpack_from(f"{order}I", start, 20)
        at = 24 + -(-n_bytes // 8) * 8
        short, length = struct.unpack_from(f"{order}II", start, at)
        if short >> 16:  # up to four characters lie in the element's head
            yield start[at + 4 : at + 4 + (short >> 16)]
        else:
            yield start[at + 8 : at + 8 + length]
        place += 8 + size
