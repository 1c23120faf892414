"""Cell tables: one cell per row, as text (.csv, .tsv, .txt) or as columns (Parquet, Feather).

The column `name` is needed. `class` and `transmitter` are optional, and so is the body map: `role`,
`segment` and `side`, see `conncore.connectome.BodyMap`. Each other column is an attribute of the
cells, such as `region` or `confidence`. The columns `role`, `segment` and `side` are attributes,
too, if they are no body map: if one of them is missing, or if no role is motor or muscle and no
side is dorsal or ventral.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from conncore.connectome import Connectome
from conncore.connectome.annotate import BodyColumns, CellTable
from conncore.connectome.attributes import FIELDS, PREFIX, Column, attribute_title
from conncore.connectome.labels import Labels
from conncore.formats._build import Words
from conncore.formats._files import open_source
from conncore.formats._frame_table import frame_table, is_frame
from conncore.formats._open_table import open_table
from conncore.formats._tables import Table, number
from conncore.formats._vocabulary import MISSING, ROLES, SIDES, missing_words, normal_word

BODY = ("role", "segment", "side")


def read_cells(
    path: Any,
    *,
    name: str | None = None,
    missing: str | Iterable[str] | None = None,
    delimiter: str | None = None,
    comment: str = "",
    decimal: str = ".",
) -> CellTable:
    """Read a table of cells, for `Connectome.annotate` or for `read_edges(cells=...)`.

    Parameters
    ----------
    path : path or data frame
        A .csv, .tsv or .txt file in UTF-8, or a Parquet or Feather file; also gzipped. Or a frame
        of pandas, polars or pyarrow.
    name : str, optional
        The title of the column of cell names. If not given, it is "name".
    missing : str or sequence of str, optional
        Words that mean "no value": "NA,None". If not given, only an empty field does. In a column
        of numbers, NA, NaN, None, null and N/A do in any case.
    delimiter, comment, decimal
        As for `conncore.formats.read_edges`.

    Returns
    -------
    CellTable
        An attribute holds numbers (NaN where a cell has none) if all its words are numbers below
        2**53. Otherwise it holds words, so that long ids are never rounded.

    Raises
    ------
    ConnectomeError
        With file and line, if the table cannot be understood or lists a cell twice.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("cells.csv").write_text("name,class,region\\nDB1,motor,head\\n")
    >>> cells = cc.read_cells("cells.csv")
    >>> list(cells.names), list(cells.classes), list(cells.attributes)
    (['DB1'], ['motor'], ['region'])
    """
    if is_frame(path):
        table = frame_table(path)
    else:
        source = open_source(path)
        table = open_table(source, None, delimiter=delimiter, comment=comment, decimal=decimal)
    return cells_of_table(table, name, missing)


def cells_of_table(
    table: Table, name: str | None = None, missing: str | Iterable[str] | None = None
) -> CellTable:
    """The cells of a table; `read_cells` explains the options and errors."""
    titles = {field: table.find(field, name if field == "name" else None) for field in FIELDS}
    if titles["name"] is None:
        raise table.missing("name", "; name the column of cell names with the option name=TITLE")
    for title in table.titles:
        if title:
            table.need(title)  # refuses a column that appears twice
    if not table.n_rows:
        raise table.source.error("there are no cells below the line of column names")
    names = table.names(titles["name"]).tolist()
    seen: dict[str, int] = {}
    for row, word in enumerate(names):
        if seen.setdefault(word, row) != row:
            both = table.list_rows([seen[word], row])
            raise table.source.error(f"{both} name the same cell {word!r}")
    lacks = missing_words(missing)
    classes = _labels(table, titles["class"], lacks)
    transmitters = _labels(table, titles["transmitter"], lacks)
    body = _body(table, titles, lacks)
    fields = ("name", "class", "transmitter", *(BODY if body is not None else ()))
    used = {titles[field] for field in fields}
    others = [title for title in table.titles if title and title not in used]
    return CellTable(
        names=names,
        classes=classes,
        transmitters=transmitters,
        body=body,
        attributes={
            title.removeprefix(PREFIX) or title: _attribute(table, title, lacks) for title in others
        },
        source=table.source.label,
        where=table.where,
    )


def _labels(table: Table, title: str | None, lacks: frozenset[str]) -> Labels:
    """A column of words; words that mean "no value" are empty."""
    if title is None:
        return Labels(np.zeros(table.n_rows, np.intp), ("",))
    words = table.words(title)
    plain = [_word(word, lacks) for word in words.words]
    merged = Labels.of(plain)
    return Labels(merged.codes[words.codes], merged.words)


def _word(word: str, lacks: frozenset[str]) -> str:
    return "" if normal_word(word) in lacks else word


def body_of(
    roles: Sequence[str], segments: Sequence[int], sides: Sequence[str]
) -> BodyColumns | None:
    """The columns of the body map, or None if no role and no side is one of a body map."""
    role = Labels.of([ROLES.get(normal_word(word), word) for word in roles])
    side = Labels.of([SIDES.get(normal_word(word), word) for word in sides])
    if not {*role.words} & {*ROLES.values()} and not {*side.words} & {*SIDES.values()}:
        return None
    return BodyColumns(role, np.array(segments, np.int64), side)


def _body(table: Table, titles: dict[str, str | None], lacks: frozenset[str]) -> BodyColumns | None:
    """The columns of the body map of a table, or None if it has none."""
    role, segment, side = (titles[field] for field in BODY)
    given = [title for title in (role, segment, side) if title is not None]
    if given and not any(any(table.text(title).words) for title in given):
        none = Labels(np.zeros(table.n_rows, np.intp), ("",))
        return BodyColumns(none, np.full(table.n_rows, -1), none)
    if role is None or segment is None or side is None:
        return None
    roles, sides = _labels(table, role, lacks), _labels(table, side, lacks)
    if body_of(roles, [-1] * len(roles), sides) is None:
        return None
    words = _labels(table, segment, lacks)
    if not isinstance(table.column(segment), Words):  # numbers have -1 where text has nothing
        words = words.relabel(np.array([word == "-1" for word in words]), "")
    segments = [_segment(table, *cell) for cell in enumerate(words)]
    return body_of(roles, segments, sides)


def _segment(table: Table, row: int, word: str) -> int:
    if not word:
        return -1
    if not word.isdecimal():
        message = f"{word!r} is not a segment; use 0, 1, ... or nothing"
        raise table.error(row, "segment", message)
    return int(word[:9])  # nine digits are more than any segment has


def _attribute(table: Table, title: str, lacks: frozenset[str]) -> Column:
    """A column as numbers if it holds nothing else, or as words."""
    column = table.column(title)
    if not isinstance(column, Words) and column.dtype.kind == "f":
        return column.astype(np.float64)
    words = table.words(title)
    gone = [normal_word(word) in lacks | MISSING for word in words.words]
    numbers = [
        math.nan if lack else number(word, table.decimal)
        for word, lack in zip(words.words, gone, strict=True)
    ]
    # Floats from 2**53 on are rounded, and numbers of this size are ids.
    if all(gone) or any(n is None or abs(n) >= 2**53 for n in numbers):
        return _labels(table, title, lacks)
    return np.array(numbers, np.float64)[words.codes]


def written_attributes(connectome: Connectome) -> tuple[dict[str, list[str]], list[str]]:
    """The attributes as columns of a table, by their titles, and those that it cannot hold.

    `read_cells` makes numbers of words that all look like numbers, and strips blanks. Such an
    attribute would come back changed, so a table does not hold it.
    """
    columns: dict[str, list[str]] = {}
    lost = []
    for key, values in connectome.attributes.items():
        title = attribute_title(key)
        if isinstance(values, Labels):
            words = list(values)
            filled = [word for word in values.words if word]
            exact = all(word == word.strip() for word in filled) and not _are_numbers(filled)
        else:
            words = ["" if value != value else repr(value) for value in values.tolist()]
            exact = _are_numbers([word for word in words if word])
        if exact and title == title.strip():
            columns[title] = words
        else:
            lost.append(key)
    return columns, lost


def _are_numbers(words: Sequence[str]) -> bool:
    """Whether a column with these words, none of them empty, is read as numbers."""
    gone = [normal_word(word) in MISSING for word in words]
    numbers = [number(word) for word, lack in zip(words, gone, strict=True) if not lack]
    return bool(numbers) and all(n is not None and abs(n) < 2**53 for n in numbers)
