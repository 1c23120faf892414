"""A table: its columns, and how messages name its rows.

A column of text is a list of different words, and the place of each row's word in this list. Each
word is parsed once. Ids are text or int64, so they are never rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import ConnectomeError
from conncore.formats._build import Words
from conncore.formats._files import Source
from conncore.formats._vocabulary import normal_title, normal_word

Column = Words | NDArray[Any]


@dataclass(frozen=True)
class Table:
    """A table whose columns are loaded when they are needed.

    Parameters
    ----------
    source : Source
        The file.
    titles : list of str
        The titles of all columns, also of those that are not loaded.
    columns : dict of str to Words or array, (n_rows,)
        The loaded columns by title; text as `Words`, numbers of Parquet and Feather files as
        arrays.
    n_rows : int
        Number of rows.
    load : callable, optional
        Returns the columns of the file with these titles.
    sample : callable, optional
        Returns words at the top of a column that is not loaded.
    lines : callable, optional
        Returns the lines in the file of some rows (ascending); None if the file has no lines.
    header_line : int
        The line of the titles; 0 if there is none.
    chosen : array of int, (n_rows,), optional
        The rows of the file that this table holds; None for all.
    row_name : callable, optional
        Returns the name of a row of the file in messages. If not given, it is its line or number.
    decimal : {".", ","}
        The decimal sign.
    column_word, row_word, line_word : str
        What messages call a column, a row, and a line of the file.
    """

    source: Source
    titles: list[str]
    columns: dict[str, Column]
    n_rows: int
    load: Callable[[Sequence[str]], dict[str, Column]] | None = None
    sample: Callable[[str], list[str]] | None = None
    lines: Callable[[Iterable[int]], list[int]] | None = None
    header_line: int = 0
    chosen: NDArray[np.int64] | None = None
    row_name: Callable[[int], str] | None = None
    decimal: str = "."
    column_word: str = "column"
    row_word: str = "row"
    line_word: str = "line"

    def where(self, row: int) -> str:
        """The name of a row in messages."""
        if self.row_name is not None:
            return self.row_name(row if self.chosen is None else int(self.chosen[row]))
        return f"{self._place} {self._lines([row])}"

    def list_rows(self, rows: Sequence[int]) -> str:
        """The name of several rows (ascending) in messages: "lines 2, 4"; ten at most."""
        more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
        return f"{self._place}s {self._lines(rows[:10])}{more}"

    @property
    def _place(self) -> str:
        return self.row_word if self.lines is None else self.line_word

    def _lines(self, rows: Sequence[int]) -> str:
        places = rows if self.chosen is None else self.chosen[list(rows)].tolist()
        shown = [row + 1 for row in places] if self.lines is None else self.lines(places)
        return ", ".join(map(str, shown))

    def error(self, row: int, title: str, message: str) -> ConnectomeError:
        """An error at one place of the table."""
        return self.source.error(f"{self.where(row)}, {self.column_word} {title!r}: {message}")

    def column(self, title: str) -> Column:
        """A column; it is loaded now if it is not loaded yet."""
        if title not in self.columns:
            loaded = {} if self.load is None else self.load([title])
            if self.chosen is not None:
                loaded = {key: _take(values, self.chosen) for key, values in loaded.items()}
            self.columns.update(loaded)
        return self.columns[title]

    def take(self, rows: NDArray[np.int64]) -> Table:
        """The table with these rows alone, in this order."""
        columns = {title: _take(values, rows) for title, values in self.columns.items()}
        chosen = rows if self.chosen is None else self.chosen[rows]
        return replace(self, columns=columns, n_rows=len(rows), chosen=chosen)

    def find(self, column: str, title: str | None, others: Sequence[str] = ()) -> str | None:
        """The title of a column: the given one, or else the first of its usual names.

        Parameters
        ----------
        column : str
            The usual title.
        title : str or None
            The title that the caller gave. Only upper and lower case may differ.
        others : sequence of str
            More usual titles in their normal form, see `normal_title`.

        Returns
        -------
        str or None
            None if no title was given and the table has none of the usual names.

        Raises
        ------
        ConnectomeError
            If the given title is missing, or a title appears twice.
        """
        wanted = [title] if title is not None else [column]
        for word in wanted:
            exact = [name for name in self.titles if name == word]
            same = exact or [name for name in self.titles if name.lower() == word.lower()]
            if same:
                return self._once(same)
        if title is not None:
            raise self.missing(title)
        normal = [normal_title(name) for name in self.titles]
        for other in others:
            same = [name for name, low in zip(self.titles, normal, strict=True) if low == other]
            if same:
                return self._once(same)
        return None

    def _once(self, same: Sequence[str]) -> str:
        if len(same) > 1:
            place = f"line {self.header_line} names" if self.header_line else "there is"
            raise self.source.error(f"{place} the column {same[0]!r} twice")
        return same[0]

    def need(self, title: str) -> str:
        """The title of a column, in upper or lower case as in the file.

        Raises
        ------
        ConnectomeError
            If the title is missing or appears twice.
        """
        return str(self.find(title, title))

    def missing(self, title: str, hint: str = "") -> ConnectomeError:
        """The error for a missing column; `hint` applies if the titles are words."""
        place = f"line {self.header_line}: " if self.header_line else ""
        shown = ", ".join(map(repr, self.titles[:20])) + (", ..." if self.titles[20:] else "")
        if len(self.titles) == 1 and self.header_line:
            hint = "; are its columns separated by commas or tabs? If not, name the character "
            hint += "with the option delimiter"
        elif any(number(title) is not None for title in self.titles):
            hint = "; if the first line is an edge, use the option header=False, if it is a row "
            hint += "of a matrix, format=matrix"
        return self.source.error(
            f"{place}there is no {self.column_word} {title!r}; found {shown}{hint}"
        )

    def words(self, title: str) -> Words:
        """A column as text, with whole numbers exactly as written."""
        column = self.column(title)
        if isinstance(column, Words):
            return column
        if column.dtype.kind not in "iub":
            raise self.source.error(
                f"{self.column_word} {title!r} holds {column.dtype} numbers, which cannot be exact "
                "ids; store ids as int64 or text"
            )
        return _as_words(column)

    def text(self, title: str) -> Words:
        """A column as text, numbers with decimals too; a missing number is "nan"."""
        column = self.column(title)
        return column if isinstance(column, Words) else _as_words(column)

    def names(self, title: str) -> Words:
        """A column of cell names, none empty."""
        column = self.words(title)
        if "" in column.words:
            empty = np.flatnonzero(column.codes == column.words.index(""))
            if empty.size:
                raise self.error(int(empty[0]), title, "the cell name is empty")
        return column

    def numbers(
        self, title: str, hint: Callable[[str], str] = lambda word: ""
    ) -> NDArray[np.float64]:
        """A column of numbers; `hint` ends the message about a word that is not a number."""
        column = self.column(title)
        if not isinstance(column, Words):
            return column.astype(np.float64)
        numbers = [number(word, self.decimal) for word in column.words]
        bad = np.array([n is None for n in numbers], bool)
        wrong = np.flatnonzero(bad[column.codes]) if bad.any() else np.empty(0, int)
        if wrong.size:
            word = column.words[column.codes[wrong[0]]]
            if self.decimal == "." and number(word, ",") is not None:
                end = "; if its decimal sign is a comma, use the option decimal=,"
            else:
                end = hint(word)
            raise self.error(int(wrong[0]), title, f"{word!r} is not a number{end}")
        return np.array([math.nan if n is None else n for n in numbers])[column.codes]

    def weights(self, title: str) -> NDArray[np.float64]:
        """A column of numbers, positive and finite."""
        values = self.numbers(title, lambda word: "; give a positive weight")
        wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
        if wrong.size:
            word = self.text(title).tolist()[wrong[0]]
            message = f"weight {word} is not positive and finite"
            raise self.error(int(wrong[0]), title, message)
        return values

    def choices(
        self,
        title: str,
        known: Mapping[str, int],
        message: Callable[[str], str],
        form: Callable[[str], str] = normal_word,
    ) -> NDArray[np.int8]:
        """A column of words that mean small numbers; `known` has their normal forms."""
        column = self.text(title)
        values = column.map(lambda word: known.get(form(word), 127), np.int8)
        wrong = np.flatnonzero(values == 127)
        if wrong.size:
            word = column.words[column.codes[wrong[0]]]
            raise self.error(int(wrong[0]), title, message(word))
        return values

    def top(self, title: str) -> list[str]:
        """Different words at the top of a column; a column of numbers gives "1"."""
        if title not in self.columns and self.sample is not None:
            return list(dict.fromkeys(self.sample(title)))
        column = self.column(title)
        if isinstance(column, Words):
            return column.words
        return ["1" if column.dtype.kind in "iuf" else "word"]


def _take(column: Column, rows: NDArray[np.int64]) -> Column:
    return column.take(rows) if isinstance(column, Words) else column[rows]


def _as_words(column: NDArray[Any]) -> Words:
    numbers, codes = np.unique(column, return_inverse=True)
    return Words(codes.astype(np.int32), [str(number) for number in numbers.tolist()])


def number(text: str, decimal: str = ".") -> float | None:
    """The number in a text, or None; unlike `float`, it does not accept "1_000"."""
    if decimal != ".":
        text = text.replace(decimal, ".") if "." not in text else "_"
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def text_of(value: Any) -> str:
    """The text of an attribute; None and NaN are no value."""
    if value is None or value != value:
        return ""
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return str(int(value)) if isinstance(value, (bool, np.bool_)) else str(value)


def table_of_columns(
    source: Source, columns: Mapping[str, Sequence[Any] | NDArray[Any]], n_rows: int, **facts: Any
) -> Table:
    """A table of columns in memory: arrays of numbers, or sequences of str."""
    found: dict[str, Column] = {
        title: values if isinstance(values, np.ndarray) else Words.of(values).stripped()
        for title, values in columns.items()
    }
    return Table(source, list(found), found, n_rows, **facts)
