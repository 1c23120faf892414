"""Adjacency matrices: text separated by commas, tabs or blanks, NumPy's .npy, and workbooks.

Rows are presynaptic and columns postsynaptic (``orientation="post_pre"``: the other way round).
0 and empty fields mean no edge. If the matrix holds a negative number, a minus means inhibition;
otherwise all signs are unknown. A matrix has no duplicates. With ``type="gap"`` the whole matrix
holds gap junctions, and each entry stays as listed, in both directions if the file lists both.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from os import PathLike

import numpy as np

from conncore.connectome import Connectome
from conncore.errors import choose
from conncore.formats._arrays import load_array
from conncore.formats._delimited import guess_delimiter, last_comment, read_rows
from conncore.formats._files import OpenedFile, Source, open_file
from conncore.formats._matrix import (
    ORIENTATIONS,
    TYPES,
    EntryWords,
    Matrix,
    connectome_of_matrix,
    read_lines,
)
from conncore.formats._tables import number
from conncore.formats._xlsx import Workbook, address


def read_matrix(
    path: str | PathLike[str],
    *,
    orientation: str = "pre_post",
    type: str = "chemical",
    names: str | PathLike[str] | None = None,
    classes: str | PathLike[str] | None = None,
    missing: str | Iterable[str] | None = None,
    delimiter: str | None = None,
    decimal: str = ".",
    comment: str = "",
    sheet: str | None = None,
) -> Connectome:
    """Read a connectome from an adjacency matrix.

    Parameters
    ----------
    path : path
        Text, a .npy file, or a workbook (.xlsx). The reader finds a line of names at the top and
        a column of names at the left; a workbook needs both. If rows and columns have different
        names, all of them are cells. A first line of different whole numbers names the columns if
        as many lines follow as there are columns.
    orientation : {"pre_post", "post_pre"}
        "pre_post": rows are presynaptic; "post_pre": columns are.
    type : {"chemical", "gap"}
        "gap": all entries are gap junctions.
    names, classes : path, optional
        Files with the name or the class of each cell, one per line, in the order of the matrix.
        Without names, cells are called "0", "1", ...
    missing : str or sequence of str, optional
        Words that mean no edge, in any case; in a str, commas separate them: "NA,NaN".
    delimiter : str, optional
        The character between two fields. If not given, the first line decides.
    decimal : {".", ","}
        The decimal sign.
    comment : str
        Lines that begin with this text are left out. Lines at the top that begin with "#" are left
        out in any case.
    sheet : str, optional
        The sheet of a workbook; needed if it has several.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        With file, line and column, if the file cannot be understood.
    UsageError
        If `orientation`, `type` or `decimal` is not known.
    """
    choose("orientation", orientation, ORIENTATIONS)
    choose("type", type, TYPES)
    words = EntryWords(missing, decimal)
    file = open_file(path)
    if file.path.suffix.lower() == ".xlsx":
        source, matrix = _read_sheet(file, sheet, words)
    else:
        source = file.source
        if source.content.startswith(b"\x93NUMPY"):
            matrix = _read_npy(source)
        else:
            matrix = parse_matrix(source, delimiter, words, comment)
    return connectome_of_matrix(
        source, matrix, orientation, read_lines(names), read_lines(classes), type
    )


def is_matrix(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the first two rows of a text are those of a matrix, not those of a table."""
    numbers = all(number(word or "0") is not None for word in second[1:])
    corner = len(first) > 1 and not first[0]
    word = number(first[0]) is None  # in the corner
    named = word and len(first) == len(second) > 2 and second[0] in first[1:]
    return corner or (numbers and (named or len(second) > 3))


def parse_matrix(
    source: Source,
    delimiter: str | None = None,
    words: EntryWords | None = None,
    comment: str = "",
) -> Matrix:
    """The matrix in a text; its first line and first column may hold names."""
    words = EntryWords() if words is None else words
    if delimiter is None:
        delimiter = guess_delimiter(source, comment, words.decimal)
    if len(delimiter) != 1 or delimiter in '"\r\n' or delimiter == words.decimal:
        raise source.error(f"a delimiter is one character, not {delimiter!r}")
    rows = read_rows(source, delimiter, comment)
    _, first = next(rows, (0, []))
    if not first:
        raise source.error("the file is empty; it should hold a matrix")
    _, second = next(rows, (0, []))
    # A line of column names may lack the corner above the row names.
    longer = len(second) == len(first) + 1 and (
        not words.is_number(second[0]) or second[0] in first
    )
    header = (
        any(field and not words.is_number(field) for field in first[1:])
        or not first[0]
        or (not words.is_number(first[0]) and (not second or words.is_number(second[0])))
        or longer
    )
    body = second if header else first
    if not body:
        raise source.error("there is no row below the line of names")
    index = bool(body[0]) and not words.is_number(body[0])
    index = index or (header and (not first[0] or longer or body[0] in first[1:]))
    n_columns = len(body) - index
    columns = first[len(first) - n_columns :] if header else None
    if header and len(first) not in (n_columns, len(body)):
        raise source.error(f"line 1 has {len(first)} names for {n_columns} columns")
    if not header:
        columns = _names_said(last_comment(source, delimiter), n_columns)
    names: list[str] = []
    row, column, value = array("i"), array("i"), array("d")
    rows = read_rows(source, delimiter, comment)
    if header:
        next(rows)
    n_rows = 0
    for i, (line, fields) in enumerate(rows):
        n_rows = i + 1
        if len(fields) != len(body):
            hint = "; if it is a comment, use the option comment=#" if fields[0][:1] == "#" else ""
            raise source.error(f"line {line} has {len(fields)} fields; expected {len(body)}{hint}")
        if index:
            names.append(fields.pop(0))
        for j, word in enumerate(fields):
            if word == "0" or word == "0.0":
                continue
            entry = words[word]
            if entry is None:
                where = f"line {line}, column {j + index + 1}"
                raise source.error(f"{where}: {words.complaint(word)}")
            if entry:
                row.append(i)
                column.append(j)
                value.append(entry)
        if len(row) > source.most_rows:
            source.check_rows(len(row))
    matrix = Matrix(
        names if index else None,
        columns,
        (n_rows, n_columns),
        np.array(row, np.int32),
        np.array(column, np.int32),
        np.array(value, np.float64),
    )
    unnamed = matrix.rows is None and matrix.columns is None
    return _without_header(matrix, first) if unnamed and n_rows == n_columns + 1 else matrix


def _without_header(matrix: Matrix, first: list[str]) -> Matrix:
    """The matrix below a first line of numeric ids; the same if this line holds no ids."""
    if len(set(first)) < len(first) or not all(word.isdecimal() for word in first):
        return matrix
    body = matrix.row > 0
    n_rows, n_columns = matrix.shape
    return Matrix(
        None,
        first,
        (n_rows - 1, n_columns),
        matrix.row[body] - 1,
        matrix.column[body],
        matrix.value[body],
    )


def _names_said(said: list[str], n_columns: int) -> list[str] | None:
    """The names of the columns in the comment above a matrix, as `numpy.savetxt` writes them."""
    names = said[-n_columns:]
    return names if len(set(names)) == n_columns and all(names) else None


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


def _read_sheet(file: OpenedFile, sheet: str | None, words: EntryWords) -> tuple[Source, Matrix]:
    """The matrix in a sheet, whose first row and first column hold names."""
    book = Workbook(file)
    sheet = book.choose(sheet)
    source = Source(f"{file}: sheet {sheet!r}", file.path.name, b"", len(file.packed))
    cells = book.read(sheet)
    top, left = (min((place[k] for place in cells), default=0) for k in (0, 1))
    columns = {j: name for (i, j), name in sorted(cells.items()) if i == top and j > left}
    rows = {i: name for (i, j), name in sorted(cells.items()) if j == left and i > top}
    if not rows or not columns:
        raise source.error("its first row and its first column hold no names of cells")
    row, column, value = array("i"), array("i"), array("d")
    place_of_row, place_of_column = ({k: n for n, k in enumerate(ks)} for ks in (rows, columns))
    for (i, j), word in sorted(cells.items()):
        if i == top or j == left:
            continue
        entry = words[word]
        if entry is None:
            raise source.error(f"cell {address(i, j)}: {words.complaint(word)}")
        if i not in rows or j not in columns:
            raise source.error(f"cell {address(i, j)} has a number, but its row or column no name")
        if entry:
            row.append(place_of_row[i])
            column.append(place_of_column[j])
            value.append(entry)
    return source, Matrix(
        list(rows.values()),
        list(columns.values()),
        (len(rows), len(columns)),
        np.array(row, np.int32),
        np.array(column, np.int32),
        np.array(value, np.float64),
    )
