"""Rows and columns of a text: fields between commas, tabs, blanks or another character."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence

import numpy as np

from conncore.formats._build import Words
from conncore.formats._files import Source

DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
#: The most characters in a line; a row of a matrix of a million cells has half as many.
MOST_CHARACTERS = 4 << 20
#: pyarrow, if it is installed, reads text from this size on.
LARGE = 8 << 20


def guess_delimiter(source: Source, comment: str = "", decimal: str = ".") -> str:
    """The delimiter of the first line; that of the file name's end comes first, if it occurs."""
    promised = DELIMITERS.get(source.suffix, ",")
    marks = ("#", comment) if comment else ("#",)
    lines = source.content[: 1 << 16].decode("utf-8", "replace").lstrip("\ufeff").splitlines()
    filled = [line for line in lines if line.strip()]
    first = next((line for line in filled if not line.startswith(marks)), "")
    usual = [d for d in (promised, "\t", ",", ";", " ") if d != decimal]
    found = [d for d in usual if d in first.strip()]
    return found[0] if found else usual[0]


class _Lines:
    """The lines of a text without comments; `first` is the line where the current row begins."""

    def __init__(self, source: Source, comment: str) -> None:
        self._lines = enumerate(read_lines(source), 1)
        self._comment = comment
        self._at_top = True
        self.first = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        for number, line in self._lines:
            if self._at_top and line.startswith("#"):
                continue
            if self._comment and line.startswith(self._comment):
                continue
            if line.strip():
                self._at_top = False
            self.first = self.first or number
            return line
        raise StopIteration


def read_rows(source: Source, delimiter: str, comment: str = "") -> Iterator[tuple[int, list[str]]]:
    """The line number and the stripped fields of each row that is not blank.

    Lines at the top that begin with "#" are left out, and everywhere those that begin with
    `comment`, if it is given.
    """
    lines = _Lines(source, comment)
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter == " ")
    try:
        for row in reader:
            fields = [value.strip() for value in row]
            if delimiter == " " and fields and not fields[-1]:
                fields.pop()  # blanks at the end of a line separate nothing
            if any(fields):
                yield lines.first, fields
            lines.first = 0
    except csv.Error as error:
        raise source.error(f"line {lines.first} cannot be split into fields ({error})") from None


def last_comment(source: Source, delimiter: str) -> list[str]:
    """The fields of the last of the lines at the top that begin with "#"; some name columns."""
    last = ""
    for line in read_lines(source):
        if not line.startswith("#"):
            break
        last = line
    return [field.strip() for field in last.lstrip("#").strip().split(delimiter)] if last else []


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


def load_columns(
    source: Source, rows: Iterator[tuple[int, list[str]]], n_columns: int, loaded: Sequence[int]
) -> tuple[list[Words], int]:
    """The columns at these places, and the number of rows."""
    places: list[dict[str, int]] = [{} for _ in loaded]
    codes = [array("i") for _ in loaded]
    columns = list(zip(loaded, places, codes, strict=True))
    most = source.most_rows
    n_rows = 0
    for line, fields in rows:
        if len(fields) != n_columns:
            hint = "; if it is a comment, use the option comment=#" if fields[0][:1] == "#" else ""
            raise source.error(
                f"line {line} has {len(fields)} fields, but there are {n_columns} columns{hint}"
            )
        n_rows += 1
        if n_rows > most:
            source.check_rows(n_rows)
        for place, known, numbers in columns:
            word = fields[place]
            numbers.append(known.setdefault(word, len(known)))
    found = [
        Words(np.array(numbers, np.int32), list(known))
        for known, numbers in zip(places, codes, strict=True)
    ]
    return found, n_rows


def load_with_pyarrow(
    source: Source, delimiter: str, skipped: int, n_columns: int, loaded: Sequence[int]
) -> tuple[list[Words], int] | None:
    """The result of `load_columns`, ten times as fast; None if that one must check the text."""
    try:
        import pyarrow as pa
        from pyarrow import csv as reader
    except ImportError:
        return None
    if delimiter == " " or not loaded:
        return None
    names = [str(k) for k in range(n_columns)]
    text = pa.dictionary(pa.int32(), pa.string())
    try:
        table = reader.read_csv(
            pa.BufferReader(source.content),
            read_options=reader.ReadOptions(column_names=names, skip_rows=skipped),
            parse_options=reader.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in source.content
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
        words = Words(np.asarray(column.indices), column.dictionary.to_pylist()).stripped()
        columns.append(words)
        blank &= words.codes == (words.words.index("") if "" in words.words else -1)
    return None if blank.any() else (columns, len(blank))
