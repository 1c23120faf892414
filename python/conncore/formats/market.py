"""Matrix Market (.mtx): sparse and dense matrices of numbers, and patterns of ones.

Rows are presynaptic and columns postsynaptic (``orientation="post_pre"``: the other way round).
SciPy reads the file: an entry of a pattern is 1, and a symmetric or skew-symmetric matrix is
expanded to both triangles. The reader sums entries at the same place, as SciPy does. If the matrix
holds a negative number, a minus means inhibition; otherwise all signs are unknown. Cells are called
"0", "1", ... unless a file names them.
"""

from __future__ import annotations

from os import PathLike

import numpy as np

from conncore.connectome import Connectome
from conncore.errors import choose
from conncore.formats._files import open_source
from conncore.formats._matrix import (
    ORIENTATIONS,
    TYPES,
    Matrix,
    connectome_of_matrix,
    read_lines,
    summed_matrix,
)
from conncore.formats._worker import run_worker


def read_market(
    path: str | PathLike[str],
    *,
    orientation: str = "pre_post",
    type: str = "chemical",
    names: str | PathLike[str] | None = None,
    classes: str | PathLike[str] | None = None,
) -> Connectome:
    """Read a connectome from a Matrix Market file; needs SciPy.

    Parameters
    ----------
    path : path
        The .mtx file.
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
    source = open_source(path)
    facts, (row, column, value) = run_worker(source, "mtx", most_rows=source.most_rows)
    n_rows, n_columns = facts["shape"]
    matrix = Matrix(
        None, None, (n_rows, n_columns), row.astype(np.int32), column.astype(np.int32), value
    )
    matrix = summed_matrix(source, matrix)
    return connectome_of_matrix(
        source, matrix, orientation, read_lines(names), read_lines(classes), type
    )
