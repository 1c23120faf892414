"""Sparse matrices as `scipy.sparse.save_npz` writes them: csr, csc and coo.

Rows are presynaptic and columns postsynaptic. The reader sums entries at the same place, as SciPy
does. If the matrix holds a negative number, a minus means inhibition; otherwise all signs are
unknown. Cells are called "0", "1", ... unless a file names them.
"""

from __future__ import annotations

import io
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.errors import choose
from conncore.formats._arrays import load_arrays
from conncore.formats._files import Source, open_file
from conncore.formats._matrix import (
    ORIENTATIONS,
    TYPES,
    Matrix,
    connectome_of_matrix,
    read_lines,
    summed_matrix,
)
from conncore.storage import write_atomically

KINDS = ("csr", "csc", "coo")


def read_sparse(
    path: str | PathLike[str],
    *,
    orientation: str = "pre_post",
    type: str = "chemical",
    names: str | PathLike[str] | None = None,
    classes: str | PathLike[str] | None = None,
) -> Connectome:
    """Read a connectome from a sparse matrix.

    Parameters
    ----------
    path : path
        A .npz file of `scipy.sparse.save_npz`.
    orientation : {"pre_post", "post_pre"}
        "pre_post": rows are presynaptic; "post_pre": columns are.
    type : {"chemical", "gap"}
        "gap": all entries are gap junctions.
    names, classes : path, optional
        Files with the name or the class of each cell, one per line.

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
    file = open_file(path)
    source = Source(str(file), file.path.name, b"", len(file.packed))
    arrays = load_arrays(file)
    n_cells, row, column, value = _entries(source, arrays)
    matrix = Matrix(None, None, (n_cells, n_cells), row, column, value)
    matrix = summed_matrix(source, matrix)
    return connectome_of_matrix(
        source, matrix, orientation, read_lines(names), read_lines(classes), type
    )


def _entries(source: Source, arrays: dict[str, NDArray[Any]]) -> tuple[int, Any, Any, Any]:
    """Number of cells, and row, column and value of each entry."""
    kind = arrays.get("format", np.array("")).item() if "format" in arrays else ""
    kind = kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)
    if kind not in KINDS:
        raise source.error(
            f"is not a sparse matrix of the formats {', '.join(KINDS)} (its format is {kind!r})"
        )
    needed = {"coo": ("row", "col")}.get(kind, ("indptr", "indices"))
    for field in ("shape", "data", *needed):
        if field not in arrays:
            raise source.error(f"lacks the array {field!r}; save it again with SciPy")
    shape, data = arrays["shape"].ravel().tolist(), arrays["data"]
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 1:
        raise source.error(f"has the shape {shape}; a connectome's matrix is square")
    if any(arrays[field].dtype.kind not in "iu" or arrays[field].ndim != 1 for field in needed):
        raise source.error(f"{' and '.join(needed)} must be lists of integers")
    if data.dtype.kind not in "iufb" or data.ndim != 1:
        raise source.error(f"data holds {data.dtype}, not numbers")
    n_cells = int(shape[0])
    source.check_rows(n_cells)  # a matrix of a few bytes may claim any shape
    major, minor = (arrays[field] for field in needed)
    if kind != "coo":
        steps = major[1:].astype(np.int64) - major[:-1].astype(np.int64)
        if len(major) != n_cells + 1 or major[0] or np.any(steps < 0) or major[-1] != len(data):
            raise source.error("indptr does not ascend from 0 to the number of entries")
        major = np.repeat(np.arange(n_cells), steps)
    for places in (major, minor):
        if len(places) != len(data):
            raise source.error(f"has {len(data)} values, but {len(places)} places for them")
        if len(places) and not 0 <= places.min() <= places.max() < n_cells:
            raise source.error(f"has an entry outside its {n_cells} rows and columns")
    if kind == "csc":
        major, minor = minor, major
    return n_cells, major.astype(np.int32), minor.astype(np.int32), data.astype(np.float64)


def write_sparse(connectome: Connectome, path: str | PathLike[str]) -> str:
    """Write sign times weight of the chemical edges as a csr matrix that SciPy loads.

    An edge of unknown sign is written as its weight alone.

    Returns
    -------
    str
        A list of what the file left out; "" if nothing.
    """
    value = np.where(connectome.sign == -1, -1.0, 1.0) * connectome.weight
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        indices=connectome.indices,
        indptr=connectome.indptr,
        format=np.array(b"csr"),
        shape=np.array([connectome.n_cells] * 2),
        data=value,
    )
    write_atomically(Path(path), buffer.getvalue())
    lost = ["names"]
    for field in ("classes", "transmitters"):
        if any(getattr(connectome, field)):
            lost.append(field)
    if connectome.n_gap_junctions:
        lost.append(f"{connectome.n_gap_junctions} gap junctions")
    if connectome.body is not None:
        lost.append("body map")
    if connectome.n_edges:
        lost.append("sign sources")
        if connectome.n_unknown or not connectome.n_inhibitory:
            lost.append("which signs are unknown")
    lost += [f for f in ("citation", "licence", "source") if getattr(connectome, f)]
    return ", ".join(lost)
