"""Reads tables of text (CSV, TSV, spaces) and tables of columns (Parquet, Feather).

A column of text is a list of different words, and the place of each row's word in this list. Each
word is parsed once. Ids are text or int64, so they are never rounded.
"""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import ConnectomeError
from conncore.formats._build import Words
from conncore.formats._files import Source
from conncore.formats._worker import run_worker

SUFFIXES = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
COLUMNAR = (".parquet", ".pq", ".feather", ".arrow")
#: The most characters in a line; a row of a matrix of a million cells has half as many.
MOST_CHARACTERS = 4 << 20
#: pyarrow, if it is installed, reads text from this size on.
LARGE = 8 << 20


@dataclass(frozen=True)
class Table:
    """The columns of a table that a reader asked for.

    Parameters
    ----------
    source : Source
        The file.
    titles : list of str
        The titles of all columns, also of those that the reader did not ask for.
    columns : dict of str to Words or array, (n_rows,)
        Columns by title; text as `Words`, numbers of Parquet and Feather files as arrays.
    n_rows : int
        Number of rows.
    lines : callable
        Returns the lines in the file of some rows (ascending); None if the file has no lines.
    header_line : int
        The line of the titles; 0 if there is none.
    """

    source: Source
    titles: list[str]
    columns: dict[str, Words | NDArray[Any]]
    n_rows: int
    lines: Callable[[Iterable[int]], list[int]] | None
    header_line: int

    def where(self, row: int) -> str:
        """The name of a row in messages."""
        return f"row {row + 1}" if self.lines is None else f"line {self.lines([row])[0]}"

    def list_rows(self, rows: Sequence[int]) -> str:
        """The name of several rows (ascending) in messages: "lines 2, 4"; ten at most."""
        shown = list(rows[:10])
        more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
        if self.lines is None:
            return "rows " + ", ".join(str(row + 1) for row in shown) + more
        return "lines " + ", ".join(map(str, self.lines(shown))) + more

    def error(self, row: int, title: str, message: str) -> ConnectomeError:
        """An error at one place of the table."""
        return self.source.error(f"{self.where(row)}, column {title!r}: {message}")

    def find(self, column: str, title: str | None, others: Sequence[str] = ()) -> str | None:
        """The title of a column: the given one, or else the first of its usual names.

        Returns
        -------
        str or None
            None if no title was given and the table has none of the usual names.

        Raises
        ------
        ConnectomeError
            If the given title is missing, or a title appears twice.
        """
        lower = [name.lower() for name in self.titles]
        for wanted in (column, *others) if title is None else (title,):
            exact = [name for name in self.titles if name == wanted]
            same = exact or [
                name for name, low in zip(self.titles, lower, strict=True) if low == wanted.lower()
            ]
            if len(same) > 1:
                place = f"line {self.header_line} names" if self.header_line else "there is"
                raise self.source.error(f"{place} the column {same[0]!r} twice")
            if same:
                return same[0]
        if title is not None:
            raise self.missing(title)
        return None

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
            hint = "; are its columns separated by commas or tabs?"
        elif any(number(title) is not None for title in self.titles):
            hint = "; if the first line is an edge, read with header=False (--option header=no), "
            hint += 'if it is a row of a matrix, with format="matrix" (--format matrix)'
        return self.source.error(f"{place}there is no column {title!r}; found {shown}{hint}")

    def words(self, title: str) -> Words:
        """A column as text, with whole numbers exactly as written."""
        column = self.columns[title]
        if isinstance(column, Words):
            return column
        if column.dtype.kind not in "iub":
            raise self.source.error(
                f"column {title!r} holds {column.dtype} numbers, which cannot be exact ids; "
                "store ids as int64 or text"
            )
        numbers, codes = np.unique(column, return_inverse=True)
        return Words(codes.astype(np.int32), [str(number) for number in numbers.tolist()])

    def names(self, title: str) -> Words:
        """A column of cell names, none empty."""
        column = self.words(title)
        if "" in column.words:
            empty = np.flatnonzero(column.codes == column.words.index(""))
            if empty.size:
                raise self.error(int(empty[0]), title, "the cell name is empty")
        return column

    def weights(self, title: str) -> NDArray[np.float64]:
        """A column of numbers, positive and finite."""
        column = self.columns[title]
        if not isinstance(column, Words):
            values = column.astype(np.float64)
            wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
            if wrong.size:
                k = int(wrong[0])
                raise self.error(k, title, _not_a_weight(str(values[k]), values[k]))
            return values
        numbers = [number(word) for word in column.words]
        bad = np.array([n is None or not (math.isfinite(n) and n > 0) for n in numbers], bool)
        wrong = np.flatnonzero(bad[column.codes]) if bad.any() else np.empty(0, int)
        if wrong.size:
            code = column.codes[wrong[0]]
            message = _not_a_weight(column.words[code], numbers[code])
            raise self.error(int(wrong[0]), title, message)
        return np.array([math.nan if n is None else n for n in numbers])[column.codes]

    def choices(
        self, title: str, known: dict[str, int], message: Callable[[str], str]
    ) -> NDArray[np.int8]:
        """A column of words, in any case, that mean small numbers."""
        column = self.words(title)
        values = column.map(lambda word: known.get(word.lower(), 127), np.int8)
        wrong = np.flatnonzero(values == 127)
        if wrong.size:
            word = column.words[column.codes[wrong[0]]]
            raise self.error(int(wrong[0]), title, message(word))
        return values


def _not_a_weight(text: str, value: float | None) -> str:
    if value is None:
        return f"{text!r} is not a number; give a positive weight"
    return f"weight {text} is not positive and finite; put signs in column sign"


def number(text: str) -> float | None:
    """The number in a text, or None; unlike `float`, it does not accept "1_000"."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def open_table(
    source: Source,
    wanted: Collection[str] | None,
    *,
    separator: str | None = None,
    header: bool | Sequence[str] = True,
) -> Table:
    """Read the columns of a table that have one of these titles, in any case.

    Parameters
    ----------
    source : Source
        Text, or Parquet or Feather by the end of its name.
    wanted : collection of str or None
        Titles of the columns to read; None reads all.
    separator : str, optional
        The character between two fields. If not given, the first line decides.
    header : bool or sequence of str
        Whether the first line names the columns. Without a header the columns are called "1",
        "2", ..., or have the names given here.

    Raises
    ------
    ConnectomeError
        With file and line, if the table cannot be understood.
    """
    low = None if wanted is None else {title.lower() for title in wanted}
    if source.suffix in COLUMNAR:
        return _open_columnar(source, low)
    return _open_text(source, low, separator, header)


def _open_columnar(source: Source, wanted: set[str] | None) -> Table:
    kind = "feather" if source.content[:6] in (b"ARROW1", b"FEA1") else "parquet"
    titles = None if wanted is None else sorted(wanted)
    facts, arrays = run_worker(source, kind, wanted=titles, most_rows=source.most_rows)
    columns: dict[str, Words | NDArray[Any]] = {}
    for k, (title, words) in enumerate(zip(facts["loaded"], facts["words"], strict=True)):
        values = arrays[k]
        if words is None:
            columns[title] = values
        else:
            columns[title] = _stripped(Words(values.astype(np.int32), words))
    return Table(source, facts["titles"], columns, facts["n_rows"], None, 0)


def _stripped(column: Words) -> Words:
    """The same column without blanks around its words."""
    words = [word.strip() for word in column.words]
    if words == column.words:
        return column
    merged = Words.of(words)
    return Words(merged.codes[column.codes], merged.words)


def _open_text(
    source: Source, wanted: set[str] | None, separator: str | None, header: bool | Sequence[str]
) -> Table:
    separator = guess_separator(source) if separator is None else separator
    if len(separator) != 1 or separator in '"\r\n':
        raise source.error(f"a separator is one character, not {separator!r}")
    rows = read_rows(source, separator)
    line, first = next(rows, (0, []))
    if not first:
        raise source.error("the file is empty; its first line names the columns")
    data_line = 0
    if header is True:
        titles, header_line, data_line = first, line, line
    else:
        titles = [str(k + 1) for k in range(len(first))]
        if header is not False:
            titles[: len(header)] = header[: len(titles)]
        header_line = 0
        rows = read_rows(source, separator)
    loaded = [k for k, t in enumerate(titles) if wanted is None or t.lower() in wanted]
    columns = None
    if len(source.content) >= LARGE:
        columns = _load_with_pyarrow(source, separator, data_line, len(titles), loaded)
    if columns is None:
        columns = _load(source, rows, len(titles), loaded)
    n_rows = len(columns[0]) if columns else sum(1 for _ in rows)
    source.check_rows(n_rows)

    def lines(which: Iterable[int]) -> list[int]:
        asked = sorted(which)
        found: list[int] = []
        again = read_rows(source, separator)
        if header_line:
            next(again)
        for row, (line, _) in enumerate(again):
            if row == asked[len(found)]:
                found.append(line)
                if len(found) == len(asked):
                    break
        return found

    by_title = {titles[place]: column for place, column in zip(loaded, columns, strict=True)}
    return Table(source, titles, {**by_title}, n_rows, lines, header_line)


def guess_separator(source: Source) -> str:
    """The separator of the first line; that of the file name's end comes first, if it occurs."""
    promised = SUFFIXES.get(source.suffix, ",")
    first = next((line for line in source.content[:65536].splitlines() if line.strip()), b"")
    found = [s for s in (promised, "\t", ",", ";", " ") if s.encode() in first.strip()]
    return found[0] if found else promised


def read_rows(source: Source, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The line number and the stripped fields of each row that is not blank."""
    lines = read_lines(source)
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=separator == " ")
    line = 1
    try:
        for row in reader:
            fields = [value.strip() for value in row]
            if separator == " " and fields and not fields[-1]:
                fields.pop()  # blanks at the end of a line separate nothing
            if any(fields):
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise source.error(f"line {line} cannot be split into fields ({error})") from None


def read_lines(source: Source) -> Iterator[str]:
    """The lines of a text with their line ends, decoded one by one."""
    stream = io.TextIOWrapper(io.BytesIO(source.content), "utf-8-sig", newline="")
    try:
        for number, line in enumerate(stream, 1):
            if len(line) > MOST_CHARACTERS:
                raise source.error(f"line {number} is longer than {MOST_CHARACTERS} characters")
            yield line
    except UnicodeDecodeError:
        source.text()  # raises with the line
        raise


def _load(
    source: Source, rows: Iterator[tuple[int, list[str]]], n_columns: int, loaded: Sequence[int]
) -> list[Words]:
    places: list[dict[str, int]] = [{} for _ in loaded]
    codes = [array("i") for _ in loaded]
    columns = list(zip(loaded, places, codes, strict=True))
    most = source.most_rows
    for k, (line, fields) in enumerate(rows):
        if len(fields) != n_columns:
            raise source.error(
                f"line {line} has {len(fields)} fields, but there are {n_columns} columns"
            )
        if k >= most:
            source.check_rows(k + 1)
        for place, known, numbers in columns:
            word = fields[place]
            numbers.append(known.setdefault(word, len(known)))
    return [
        Words(np.array(numbers, np.int32), list(known))
        for known, numbers in zip(places, codes, strict=True)
    ]


def _load_with_pyarrow(
    source: Source, separator: str, skipped: int, n_columns: int, loaded: Sequence[int]
) -> list[Words] | None:
    """The result of `_load`, ten times as fast; None if `_load` must check the text itself."""
    try:
        import pyarrow as pa
        from pyarrow import csv as reader
    except ImportError:
        return None
    if separator == " ":
        return None
    names = [str(k) for k in range(n_columns)]
    text = pa.dictionary(pa.int32(), pa.string())
    try:
        table = reader.read_csv(
            pa.BufferReader(source.content),
            read_options=reader.ReadOptions(column_names=names, skip_rows=skipped),
            parse_options=reader.ParseOptions(
                delimiter=separator, newlines_in_values=b'"' in source.content
            ),
            convert_options=reader.ConvertOptions(
                include_columns=[names[k] for k in loaded],
                column_types={names[k]: text for k in loaded},
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowException:
        return None
    columns = []
    blank = np.ones(table.num_rows, bool)
    for k in loaded:
        column = table.column(names[k]).unify_dictionaries().combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pa.array([], text)
        words = _stripped(Words(np.asarray(column.indices), column.dictionary.to_pylist()))
        columns.append(words)
        blank &= words.codes == (words.words.index("") if "" in words.words else -1)
    return None if blank.any() else columns
