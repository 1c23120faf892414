"""Adjacency matrices: text separated by commas, tabs or blanks, and NumPy's .npy.

Rows are presynaptic and columns postsynaptic (``orientation="post_pre"``: the other way round).
0 and empty fields mean no edge. If the matrix holds a negative number, a minus means inhibition;
otherwise all signs are unknown. A matrix has no duplicates.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.errors import choose
from conncore.formats._arrays import load_array
from conncore.formats._build import check_names, make, signed
from conncore.formats._delimited import guess_delimiter, read_rows
from conncore.formats._files import Source, open_source
from conncore.formats._tables import number

ORIENTATIONS = ("pre_post", "post_pre")


@dataclass(frozen=True)
class Matrix:
    """The entries of a matrix that are not 0, and the names of its rows and columns.

    Parameters
    ----------
    rows, columns : lists of str or None
        Names, if the file has them.
    shape : (int, int)
        Numbers of rows and columns.
    row, column : arrays of int32, (n_entries,)
        The rows and columns of the entries.
    value : array of float64, (n_entries,)
        The entries.
    """

    rows: list[str] | None
    columns: list[str] | None
    shape: tuple[int, int]
    row: NDArray[np.int32]
    column: NDArray[np.int32]
    value: NDArray[np.float64]


def read_matrix(
    path: str | PathLike[str],
    *,
    orientation: str = "pre_post",
    names: str | PathLike[str] | None = None,
    classes: str | PathLike[str] | None = None,
    separator: str | None = None,
) -> Connectome:
    """Read a connectome from an adjacency matrix.

    Parameters
    ----------
    path : path
        Text, or a .npy file. The reader finds a line of names at the top and a column of names at
        the left. If rows and columns have different names, all of them are cells.
    orientation : {"pre_post", "post_pre"}
        "pre_post": rows are presynaptic; "post_pre": columns are.
    names, classes : path, optional
        Files with the name or the class of each cell, one per line, in the order of the matrix.
        Without names, cells are called "0", "1", ...
    separator : str, optional
        The character between two fields. If not given, the first line decides.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        With file, line and column, if the file cannot be understood.
    UsageError
        If `orientation` is not known.
    """
    choose("orientation", orientation, ORIENTATIONS)
    source = open_source(path)
    if source.content.startswith(b"\x93NUMPY"):
        matrix = _read_npy(source)
    else:
        matrix = parse_matrix(source, separator)
    own = None if names is None else read_lines(names)
    labels = None if classes is None else read_lines(classes)
    return connectome_of_matrix(source, matrix, orientation, own, labels)


def connectome_of_matrix(
    source: Source,
    matrix: Matrix,
    orientation: str = "pre_post",
    names: list[str] | None = None,
    classes: Sequence[str] | None = None,
) -> Connectome:
    """The connectome of a matrix. Cells have the order of the rows, then that of the columns."""
    rows, columns = matrix.rows or names, matrix.columns or names
    n_rows, n_columns = matrix.shape
    if rows is None or columns is None:
        if n_rows != n_columns:
            raise source.error(
                f"the matrix has {n_rows} rows and {n_columns} columns; name its rows and columns, "
                "or give a square one"
            )
        rows = rows or columns or [str(i) for i in range(n_rows)]
        columns = columns or rows
    for found, n, what in ((rows, n_rows, "rows"), (columns, n_columns, "columns")):
        if len(found) != n:
            raise source.error(f"there are {len(found)} names for {n} {what}")
        check_names(source, found, lambda k, what=what: f"{what[:-1]} {k + 1}")  # type: ignore[misc]
    cells = list(dict.fromkeys((*rows, *columns)))
    places = {name: i for i, name in enumerate(cells)}
    row = np.array([places[name] for name in rows], np.int32)[matrix.row]
    column = np.array([places[name] for name in columns], np.int32)[matrix.column]
    pre, post = (row, column) if orientation == "pre_post" else (column, row)
    weight, sign = signed(matrix.value)
    return make(source, pre=pre, post=post, weight=weight, sign=sign, names=cells, classes=classes)


def read_lines(path: str | PathLike[str]) -> list[str]:
    """The lines of a file without blank lines at its end."""
    source = open_source(path)
    lines = [line.strip() for line in source.text().rstrip().splitlines()]
    source.check_rows(len(lines))
    return lines


def parse_matrix(source: Source, separator: str | None = None) -> Matrix:
    """The matrix in a text; its first line and first column may hold names."""
    separator = guess_delimiter(source) if separator is None else separator
    rows = read_rows(source, separator)
    _, first = next(rows, (0, []))
    if not first:
        raise source.error("the file is empty; it should hold a matrix")
    _, second = next(rows, (0, []))
    # A line of column names may lack the corner above the row names.
    longer = len(second) == len(first) + 1 and (number(second[0]) is None or second[0] in first)
    header = (
        any(number(field) is None and field for field in first[1:])
        or not first[0]
        or (number(first[0]) is None and (not second or number(second[0]) is not None))
        or longer
    )
    body = second if header else first
    if not body:
        raise source.error("there is no row below the line of names")
    index = number(body[0]) is None and bool(body[0])
    index = index or (header and (not first[0] or longer or body[0] in first[1:]))
    n_columns = len(body) - index
    columns = first[len(first) - n_columns :] if header else None
    if header and len(first) not in (n_columns, len(body)):
        raise source.error(f"line 1 has {len(first)} names for {n_columns} columns")
    names: list[str] = []
    row, column, value = array("i"), array("i"), array("d")
    known = {"": 0.0}
    rows = read_rows(source, separator)
    if header:
        next(rows)
    n_rows = 0
    for i, (line, fields) in enumerate(rows):
        n_rows = i + 1
        if len(fields) != len(body):
            raise source.error(f"line {line} has {len(fields)} fields; expected {len(body)}")
        if index:
            names.append(fields.pop(0))
        for j, word in enumerate(fields):
            if word == "0" or word == "0.0":
                continue
            if word not in known:
                entry = number(word)
                if entry is None or not math.isfinite(entry):
                    where = f"line {line}, column {j + index + 1}"
                    raise source.error(f"{where}: {word!r} is not a finite number")
                known[word] = entry
            if known[word]:
                row.append(i)
                column.append(j)
                value.append(known[word])
        if len(row) > source.most_rows:
            source.check_rows(len(row))
    return Matrix(
        names if index else None,
        columns,
        (n_rows, n_columns),
        np.array(row, np.int32),
        np.array(column, np.int32),
        np.array(value, np.float64),
    )


def _read_npy(source: Source) -> Matrix:
    values = load_array(source, source.content, "the file")
    if values.ndim != 2 or values.dtype.kind not in "iufb" or not values.size:
        raise source.error(
            f"holds an array of shape {values.shape} and type {values.dtype}; "
            "an adjacency matrix has two dimensions and numbers"
        )
    source.check_rows(int(np.count_nonzero(values)))
    row, column = np.nonzero(values)
    entries = values[row, column].astype(np.float64)
    wrong = np.flatnonzero(~np.isfinite(entries))
    if wrong.size:
        i, j = row[wrong[0]], column[wrong[0]]
        raise source.error(f"row {i + 1}, column {j + 1}: {entries[wrong[0]]} is not finite")
    shape = (values.shape[0], values.shape[1])
    return Matrix(None, None, shape, row.astype(np.int32), column.astype(np.int32), entries)
