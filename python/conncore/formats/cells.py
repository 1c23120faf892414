"""Cell tables: one cell per row, as text (.csv, .tsv, .txt) or as columns (Parquet, Feather).

The column `name` is needed. `class` and `transmitter` are optional, and so is the body map: `role`,
`segment` and `side`, see `conncore.connectome.BodyMap`. Each other column is an attribute of the
cells, such as `region` or `confidence`.
"""

from __future__ import annotations

import math
from os import PathLike

import numpy as np

from conncore.connectome.annotate import BodyColumns, CellTable
from conncore.connectome.attributes import Column
from conncore.connectome.labels import Labels
from conncore.formats._build import Words
from conncore.formats._files import open_source
from conncore.formats._tables import Table, number, open_table

FIELDS = ("name", "class", "transmitter", "role", "segment", "side")


def read_cells(path: str | PathLike[str]) -> CellTable:
    """Read a table of cells, for `Connectome.annotate` or for `read_edges(cells=...)`.

    Parameters
    ----------
    path : path
        A .csv, .tsv or .txt file in UTF-8, or a Parquet or Feather file; also gzipped.

    Returns
    -------
    CellTable
        An attribute holds numbers (NaN where a cell has none) if all its words are numbers below
        2**53. Otherwise it holds words, so that long ids are never rounded.

    Raises
    ------
    ConnectomeError
        With file and line, if the table cannot be understood or lists a cell twice.
    """
    table = open_table(open_source(path), None)
    titles = {field: table.find(field, None) for field in FIELDS}
    if titles["name"] is None:
        raise table.missing("name")
    others = [title for title in table.titles if title and title not in titles.values()]
    for title in others:
        table.need(title)  # refuses a column that appears twice
    if not table.n_rows:
        raise table.source.error("there are no cells below the line of column names")
    names = table.names(titles["name"]).tolist()
    seen: dict[str, int] = {}
    for row, name in enumerate(names):
        if seen.setdefault(name, row) != row:
            both = table.list_rows([seen[name], row])
            raise table.source.error(f"{both} name the same cell {name!r}")
    none = Labels(np.zeros(table.n_rows, np.intp), ("",))
    columns = {
        field: none if title is None else _labels(table, title)
        for field, title in titles.items()
        if field != "name"
    }
    body = None
    if any(titles[field] is not None for field in ("role", "segment", "side")):
        segments = [_segment(table, *cell) for cell in enumerate(columns["segment"])]
        body = BodyColumns(columns["role"], np.array(segments), columns["side"])
    return CellTable(
        names=names,
        classes=columns["class"],
        transmitters=columns["transmitter"],
        body=body,
        attributes={title: _attribute(table, title) for title in others},
        source=table.source.label,
        where=table.where,
    )


def _labels(table: Table, title: str) -> Labels:
    words = table.words(title)
    return Labels(words.codes, words.words)


def _segment(table: Table, row: int, word: str) -> int:
    if not word:
        return -1
    if not word.isdecimal():
        message = f"{word!r} is not a segment; use 0, 1, ... or nothing"
        raise table.error(row, "segment", message)
    return int(word[:9])  # nine digits are more than any segment has


def _attribute(table: Table, title: str) -> Column:
    """A column as numbers if it holds nothing else, or as words."""
    column = table.columns[title]
    if not isinstance(column, Words) and column.dtype.kind == "f":
        return column.astype(np.float64)
    words = table.words(title)
    numbers = [number(word) if word else math.nan for word in words.words]
    # Floats from 2**53 on are rounded, and numbers of this size are ids.
    if not any(words.words) or any(n is None or abs(n) >= 2**53 for n in numbers):
        return Labels(words.codes, words.words)
    return np.array(numbers, np.float64)[words.codes]
