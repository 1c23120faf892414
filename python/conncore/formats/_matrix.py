"""What the readers of matrices share: entries and names become a connectome."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.errors import choose
from conncore.formats._build import check_names, make, signed, summed
from conncore.formats._files import Source, open_source
from conncore.formats._tables import number
from conncore.formats._vocabulary import words_of

ORIENTATIONS = ("pre_post", "post_pre")
TYPES = ("chemical", "gap")
#: Usual words for a value that is not there, in lower case. Only the message about them knows them.
USUAL_MISSING = ("na", "n/a", "nan", "none", "null", "-", ".", "?", "#n/a")


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


class EntryWords(dict[str, float | None]):
    """What the words of a matrix mean as numbers; each word is parsed once.

    ``words[word]`` is a finite number, 0 if the word means no edge, and None if it is no number.

    Parameters
    ----------
    missing : str or sequence of str, optional
        Words that mean no edge, in any case; in a str, commas separate them.
    decimal : {".", ","}
        The decimal sign.
    """

    def __init__(self, missing: str | Iterable[str] | None = None, decimal: str = ".") -> None:
        self.decimal = choose("decimal sign", decimal, (".", ","))
        self._missing = {word.lower() for word in words_of(missing)} - {""}
        super().__init__({"": 0.0})

    def __missing__(self, word: str) -> float | None:
        """Parse a word that was not met before."""
        self[word] = 0.0 if word.lower() in self._missing else self._number(word)
        return self[word]

    def is_number(self, word: str) -> bool:
        """Whether a word may stand in a matrix; NaN and infinity count as numbers here."""
        return word.lower() in self._missing or number(word, self.decimal) is not None

    def _number(self, word: str) -> float | None:
        value = number(word, self.decimal)
        return value if value is not None and math.isfinite(value) else None

    def complaint(self, word: str) -> str:
        """The message about a word that is no number."""
        hint = ""
        if word.lower() in USUAL_MISSING:
            hint = f"; if it means no edge, use the option missing={word}"
        elif self.decimal == "." and re.fullmatch(r"[+-]?\d+,\d+", word):
            hint = "; if the comma is the decimal sign, use the option decimal=,"
        return f"{word!r:.60} is not a finite number{hint}"


def connectome_of_matrix(
    source: Source,
    matrix: Matrix,
    orientation: str = "pre_post",
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    type: str = "chemical",
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
    if type == "gap":
        none = np.empty(0, np.int32)
        return make(
            source,
            pre=none,
            post=none,
            names=cells,
            classes=classes,
            gap_pre=pre,
            gap_post=post,
            gap_weight=matrix.value,
        )
    weight, sign = signed(matrix.value)
    return make(source, pre=pre, post=post, weight=weight, sign=sign, names=cells, classes=classes)


def summed_matrix(source: Source, matrix: Matrix) -> Matrix:
    """The same matrix with one entry at each place: the sum of those that the file lists."""
    places = [str(i) for i in range(max(matrix.shape))]
    row, column, value = summed(source, places, matrix.row, matrix.column, matrix.value)
    return replace(matrix, row=row, column=column, value=value)


def read_lines(path: str | PathLike[str] | None) -> list[str] | None:
    """The lines of a file without blank lines at its end; None without a file."""
    if path is None:
        return None
    source = open_source(path)
    lines = [line.strip() for line in source.text().rstrip().splitlines()]
    source.check_rows(len(lines))
    return lines
