"""Opens tables of text (CSV, TSV, blanks) and tables of columns (Parquet, Feather)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from conncore.formats._build import Words
from conncore.formats._delimited import (
    LARGE,
    guess_delimiter,
    last_comment,
    load_columns,
    load_with_pyarrow,
    read_rows,
)
from conncore.formats._files import Source
from conncore.formats._tables import Column, Table
from conncore.formats._vocabulary import normal_title
from conncore.formats._worker import run_worker

COLUMNAR = (".parquet", ".pq", ".feather", ".arrow")
#: The rows at the top of a text that show what its columns hold.
SAMPLE = 1000


def open_table(
    source: Source,
    wanted: Collection[str] | None,
    *,
    delimiter: str | None = None,
    header: bool | Sequence[str] = True,
    comment: str = "",
    decimal: str = ".",
) -> Table:
    """Open a table, and load the columns that have one of these titles.

    Parameters
    ----------
    source : Source
        The file.
    wanted : collection of str or None
        The titles to load at once, in any form with the same `normal_title`; None for all.
    delimiter : str, optional
        The character between two fields. If not given, the first line decides.
    header : bool or sequence of str
        Whether the first line names the columns. Without a header the columns are called "1",
        "2", ..., or have the names given here.
    comment : str
        What lines begin with that are left out. At the top of a text, lines that begin with "#"
        are left out in any case.
    decimal : {".", ","}
        The decimal sign of numbers.

    Raises
    ------
    ConnectomeError
        With file and line, if the table cannot be understood.
    """
    if decimal not in (".", ","):
        raise source.error(f"the decimal sign is a point or a comma, not {decimal!r}")
    low = None if wanted is None else {normal_title(title) for title in wanted}
    if source.suffix in COLUMNAR:
        return _open_columnar(source, low)
    return _open_text(source, low, delimiter, header, comment, decimal)


def _open_columnar(source: Source, wanted: set[str] | None) -> Table:
    kind = "feather" if source.content[:6] in (b"ARROW1", b"FEA1") else "parquet"
    low = None if wanted is None else sorted(wanted)
    facts, arrays = run_worker(source, kind, wanted=low, most_rows=source.most_rows)
    columns: dict[str, Column] = {}
    for title, words, values in zip(facts["loaded"], facts["words"], arrays, strict=True):
        text = words is not None
        columns[title] = Words(values.astype(np.int32), words).stripped() if text else values
    numeric = set(facts["numeric"])

    def load(titles: Sequence[str]) -> dict[str, Column]:
        return _open_columnar(source, {normal_title(title) for title in titles}).columns

    def sample(title: str) -> list[str]:
        return ["1" if title in numeric else "word"]

    return Table(source, facts["titles"], columns, facts["n_rows"], load, sample)


def _open_text(
    source: Source,
    wanted: set[str] | None,
    delimiter: str | None,
    header: bool | Sequence[str],
    comment: str,
    decimal: str,
) -> Table:
    delimiter = guess_delimiter(source, comment, decimal) if delimiter is None else delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise source.error(f"a delimiter is one character, not {delimiter!r}")

    def rows() -> Iterator[tuple[int, list[str]]]:
        """The rows below the titles."""
        found = read_rows(source, delimiter, comment)
        return islice(found, int(header_line == first_line), None)

    first_line, first = next(read_rows(source, delimiter, comment), (0, []))
    if not first:
        raise source.error("the file is empty; its first line names the columns")
    header_line, titles = first_line, first
    if header is not True:
        header_line, titles = 0, [str(k + 1) for k in range(len(first))]
        if header is not False:
            titles[: len(header)] = header[: len(titles)]
    elif wanted and not any(normal_title(title) in wanted for title in first):
        # Some files name their columns in the last line of a comment.
        said = last_comment(source, delimiter)
        if len(said) == len(first) and sum(normal_title(title) in wanted for title in said) > 1:
            header_line, titles = first_line - 1, said
    places = {title: k for k, title in reversed(list(enumerate(titles)))}

    def load(names: Sequence[str]) -> tuple[dict[str, Column], int]:
        loaded = [places[title] for title in names]
        result = None
        if len(source.content) >= LARGE and not comment and first_line <= 1:
            skipped = int(header_line == first_line)
            result = load_with_pyarrow(source, delimiter, skipped, len(titles), loaded)
        columns, n_rows = result or load_columns(source, rows(), len(titles), loaded)
        return dict(zip(names, columns, strict=True)), n_rows

    def lines(which: Iterable[int]) -> list[int]:
        asked = list(which)
        needed = sorted(set(asked))
        found: dict[int, int] = {}
        for row, (line, _) in enumerate(rows()):
            if row == needed[len(found)]:
                found[row] = line
                if len(found) == len(needed):
                    break
        return [found[row] for row in asked]

    def sample(title: str) -> list[str]:
        return [fields[places[title]] for _, fields in islice(rows(), SAMPLE)]

    chosen = [t for t in places if wanted is None or normal_title(t) in wanted]
    columns, n_rows = load(chosen)
    source.check_rows(n_rows)
    return Table(
        source,
        titles,
        columns,
        n_rows,
        load=lambda names: load(names)[0],
        sample=sample,
        lines=lines,
        header_line=header_line,
        decimal=decimal,
    )
