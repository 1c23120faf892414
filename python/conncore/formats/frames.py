"""Data frames of pandas, polars and pyarrow: a table of edges, a table of cells, or a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.formats._edge_options import edge_options
from conncore.formats._edge_rows import connectome_of_table
from conncore.formats._frame_table import FRAME, frame_matrix, frame_table
from conncore.formats._matrix import Matrix, connectome_of_matrix
from conncore.formats._vocabulary import TITLES, normal_title
from conncore.formats.cells import read_cells


def read_frame(
    frame: Any,
    *,
    cells: Any = None,
    pre: str | None = None,
    post: str | None = None,
    weight: str | None = None,
    type: str | None = None,
    sign: str | None = None,
    type_map: str | Mapping[str, str] | None = None,
    ignore: str | Iterable[str] | None = None,
    missing: str | Iterable[str] | None = None,
    where: str | Iterable[str] | Mapping[str, str | Iterable[str]] | None = None,
    duplicates: str = "error",
    name: str = "frame",
) -> Connectome:
    """Read a connectome from a data frame with one edge per row, or from a square of numbers.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        The edges. Ids must be integers or text: a column of floats cannot hold exact ids. A frame
        of as many rows as columns that holds only numbers, and no column with a usual name of an
        end, is an adjacency matrix [pre, post]; NaN means no edge.
    cells : path or data frame, optional
        The table of cells, see `conncore.formats.read_cells`. It sets the order of the cells.
    pre, post, weight, type, sign, type_map, ignore, missing, where, duplicates
        As for `conncore.formats.read_edges`.
    name : str
        The name of the connectome.

    Returns
    -------
    Connectome

    Raises
    ------
    DuplicateEdgesError
        If several rows give the same edge and `duplicates` is "error".
    ConnectomeError
        With row and column, if the frame cannot be understood.
    """
    options = edge_options(
        pre=pre,
        post=post,
        weight=weight,
        type=type,
        sign=sign,
        type_map=type_map,
        ignore=ignore,
        missing=missing,
        where=where,
        duplicates=duplicates,
    )
    table = frame_table(frame)
    named = {normal_title(title) for title in table.titles} & {*TITLES["pre"], *TITLES["post"]}
    matrix = None if named or pre or post else frame_matrix(frame)
    if matrix is not None:
        return _of_matrix(matrix, name)
    known = None if cells is None else read_cells(cells)
    return connectome_of_table(table, options, known, name)


def _of_matrix(matrix: tuple[list[str], list[str], NDArray[np.float64]], name: str) -> Connectome:
    rows, columns, values = matrix
    values = np.nan_to_num(values, nan=0.0)
    row, column = (places.astype(np.int32) for places in np.nonzero(values))
    entries = Matrix(rows, columns, values.shape, row, column, values[row, column])
    return replace(connectome_of_matrix(FRAME, entries), name=name)
