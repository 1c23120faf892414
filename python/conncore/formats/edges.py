"""Edge tables: one edge per row, as text (.csv, .tsv, .txt) or as columns (Parquet, Feather).

The columns pre and post are needed; type (chemical or gap), weight and sign are optional. Each may
have any of its usual names, see `ALIASES`. If the directory of `x.edges.csv` or `x.csv` also holds
`x.cells.csv`, the reader takes the cells from there, see `conncore.formats.cells`. The reader
refuses several rows for one edge, or adds their weights with ``duplicates="sum"``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.annotate import CellTable
from conncore.errors import ConnectomeError, DuplicateEdgesError, choose
from conncore.formats._build import Groups, make, number_cells
from conncore.formats._files import open_source
from conncore.formats._tables import Table, open_table
from conncore.formats.cells import FIELDS, read_cells
from conncore.storage import write_atomically

DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
EDGE_COLUMNS = ("pre", "post", "type", "weight", "sign")
#: Names of the columns, in any case. The reader takes the first name that the file has.
ALIASES: dict[str, tuple[str, ...]] = {
    "pre": ("pre", "source", "presynaptic", "from", "pre_id", "bodyId_pre", "pre_root_id"),
    "post": ("post", "target", "postsynaptic", "to", "post_id", "bodyId_post", "post_root_id"),
    "type": ("type",),
    "weight": ("weight", "synapses", "syn_count", "n_synapses", "count"),
    "sign": ("sign",),
}
#: Words for a chemical synapse (0) or a gap junction (1).
TYPES = {"": 0, "chemical": 0, "gap": 1, "gap_junction": 1, "electrical": 1}
SIGNS = {
    "+1": 1,
    "1": 1,
    "exc": 1,
    "excitatory": 1,
    "-1": -1,
    "inh": -1,
    "inhibitory": -1,
    "0": 0,
    "": 0,
    "unknown": 0,
}


def read_edges(
    path: str | PathLike[str],
    *,
    cells: str | PathLike[str] | None = None,
    pre: str | None = None,
    post: str | None = None,
    type: str | None = None,
    weight: str | None = None,
    sign: str | None = None,
    duplicates: str = "error",
    separator: str | None = None,
    header: bool = True,
) -> Connectome:
    """Read a connectome from an edge table, one edge per row.

    Parameters
    ----------
    path : path
        A .csv, .tsv or .txt file in UTF-8, or a Parquet or Feather file. Without a column of
        types all edges are chemical. Without weights all weights are 1. Without signs all signs
        are unknown. Cell names are strings, so long ids are never rounded.
    cells : path, optional
        The table of cells, see `conncore.formats.read_cells`. It sets the order of the cells. If
        not given, it is NAME.cells.csv beside NAME.edges.csv or NAME.csv. Without this file, the
        cells have the order of the edges.
    pre, post, type, weight, sign : str, optional
        The names of these columns in the file. If not given, the reader looks for the usual names,
        see `ALIASES`.
    duplicates : {"error", "sum"}
        How to treat several rows for one edge: refuse them, or add their weights.
    separator : str, optional
        The character between two fields. If not given, the first line decides.
    header : bool
        Whether the first line names the columns. Without a header the columns are called "1",
        "2", ..., and the first three are pre, post and weight.

    Returns
    -------
    Connectome

    Raises
    ------
    DuplicateEdgesError
        If several rows give the same edge and `duplicates` is "error".
    ConnectomeError
        With file, line and column, if the file cannot be understood.
    UsageError
        If `duplicates` is not known.
    """
    choose("rule for duplicate edges", duplicates, ("error", "sum"))
    if cells is None:
        beside = cells_beside(Path(path))
        cells = beside if beside.is_file() else None
    known = None if cells is None else read_cells(cells)
    given = {"pre": pre, "post": post, "type": type, "weight": weight, "sign": sign}
    if not header:
        numbered = {"pre": "1", "post": "2", "weight": "3"}
        given = {column: title or numbered.get(column) for column, title in given.items()}
    wanted = {title for title in given.values() if title}
    wanted.update(*(ALIASES[column] for column in EDGE_COLUMNS))
    table = open_table(open_source(path), wanted, separator=separator, header=header)
    if not header and len(table.titles) < 3 and weight is None:
        given["weight"] = None
    try:
        return edges_of_table(table, given, known, duplicates)
    except DuplicateEdgesError as error:
        raise DuplicateEdgesError(
            f'{error}; merge them, or read with duplicates="sum" (--option duplicates=sum) to add '
            "their weights"
        ) from None


def cells_beside(path: Path) -> Path:
    """The path where `read_edges` looks for the table of cells of an edge table."""
    stem = path.name.removesuffix(path.suffix).removesuffix(".edges")
    return path.with_name(f"{stem}.cells{path.suffix}")


def edges_of_table(
    table: Table,
    given: Mapping[str, str | None],
    known: CellTable | None,
    duplicates: str,
) -> Connectome:
    """The connectome of a table whose columns have the given names, or the usual ones.

    Raises
    ------
    DuplicateEdgesError
        If several rows give the same edge and `duplicates` is "error".
    ConnectomeError
        If the table cannot be understood.
    """
    titles = {column: table.find(column, given[column], ALIASES[column]) for column in EDGE_COLUMNS}
    for end in ("pre", "post"):
        if titles[end] is None:
            raise table.missing(end, f"; say which it is: {end}=TITLE (--option {end}=TITLE)")
    heads, tails = (table.names(str(titles[end])) for end in ("pre", "post"))
    source, n_rows = table.source, table.n_rows
    if known is None and not n_rows:
        raise source.error("there are no edges below the line of column names")
    kind = sign = np.zeros(n_rows, np.int8)
    weight = np.ones(n_rows)
    if titles["type"] is not None:
        kind = table.choices(
            titles["type"], TYPES, lambda word: f"unknown type {word!r}; use chemical or gap"
        )
    if titles["weight"] is not None:
        weight = table.weights(titles["weight"])
    if titles["sign"] is not None:
        sign = signs_of(table, titles["sign"])
        wrong = np.flatnonzero((kind == 1) & (sign != 0))
        if wrong.size:
            message = "a gap junction has no sign; leave it empty"
            raise table.error(int(wrong[0]), titles["sign"], message)
    names, pre, post = number_cells(heads, tails, () if known is None else known.names)
    if known is not None and len(names) > len(known.names):
        stray = (pre >= len(known.names)) | (post >= len(known.names))
        row = int(np.flatnonzero(stray)[0])
        column, place = ("pre", pre) if pre[row] >= len(known.names) else ("post", post)
        message = f"cell {names[place[row]]!r} is not in {known.source}"
        raise table.error(row, str(titles[column]), message)
    parts = [np.flatnonzero(kind == code) for code in (0, 1)]
    groups = [Groups.of(pre[rows], post[rows], len(names)) for rows in parts]
    for group, rows in zip(groups, parts, strict=True):
        for edge in group.mixed(sign[rows])[:1].tolist():
            _refuse_signs(table, names, pre, post, sign, rows[group.rows(edge)])
    if duplicates == "error":
        _refuse_duplicates(table, names, pre, post, kind, groups, parts)
    sums = [group.sums(weight[rows]) for group, rows in zip(groups, parts, strict=True)]
    first = [rows[group.first] for group, rows in zip(groups, parts, strict=True)]
    in_file_order = np.argsort(first[1], kind="stable")
    gap = first[1][in_file_order]
    connectome = make(
        source,
        name=source.stem.removesuffix(".edges"),
        pre=pre[first[0]],
        post=post[first[0]],
        weight=sums[0],
        sign=sign[first[0]],
        names=names,
        gap_pre=pre[gap],
        gap_post=post[gap],
        gap_weight=sums[1][in_file_order],
    )
    return connectome if known is None else connectome.annotate(known)


def signs_of(table: Table, title: str) -> NDArray[np.int8]:
    """A column of signs, (n_rows,): 1, -1, or 0 for unknown."""
    return table.choices(
        title,
        SIGNS,
        lambda word: f"unknown sign {word!r}; use +1, -1, 0, exc, inh, unknown or nothing",
    )


def _refuse_signs(
    table: Table,
    names: Sequence[str],
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    sign: NDArray[np.int8],
    rows: NDArray[np.integer],
) -> None:
    """Refuse the rows of one edge, up to the first whose sign differs."""
    upto = int(np.argmax(sign[rows] != sign[rows[0]])) + 1
    lines = table.list_rows(rows[:upto].tolist())
    edge = f"{names[pre[rows[0]]]!r} -> {names[post[rows[0]]]!r}"
    raise table.source.error(f"{lines} give edge {edge} different signs")


def _refuse_duplicates(
    table: Table,
    names: Sequence[str],
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    kind: NDArray[np.int8],
    groups: Sequence[Groups],
    parts: Sequence[NDArray[np.integer]],
) -> None:
    repeated = [
        rows[group.rows(edge)]
        for group, rows in zip(groups, parts, strict=True)
        for edge in np.flatnonzero(group.counts > 1).tolist()
    ]
    if not repeated:
        return
    rows = min(repeated, key=lambda rows: int(rows[0]))
    more = f" (and {len(repeated) - 1} more edges are repeated)" if repeated[1:] else ""
    edge = f"{names[pre[rows[0]]]!r} -> {names[post[rows[0]]]!r}"
    what = ("chemical", "gap")[kind[rows[0]]]
    raise DuplicateEdgesError(
        f"{table.source.label}: {table.list_rows(rows.tolist())} give the same {what} edge "
        f"{edge}{more}"
    )


def write_edges(
    connectome: Connectome,
    path: str | PathLike[str],
    *,
    cells: str | PathLike[str] | None = None,
) -> None:
    """Write the edges of a connectome, and with `cells` its cells, as `read_edges` reads them.

    The tables do not hold the sources of the signs, the attributes, the citation or the licence.
    Without `cells`, cells without edges are lost. A failed write leaves no partial file.

    Parameters
    ----------
    connectome : Connectome
        The connectome.
    path, cells : path
        .csv, .tsv or .txt files. Existing files are replaced.

    Raises
    ------
    ConnectomeError
        If a file name has another end.
    """
    names, body = connectome.names, connectome.body
    edges = [
        (names[i], names[j], "chemical", _short(weight), "" if sign == 0 else str(sign))
        for i, j, weight, sign in zip(
            connectome.pre, connectome.post, connectome.weight, connectome.sign, strict=True
        )
    ]
    edges += [
        (names[i], names[j], "gap", _short(weight), "")
        for i, j, weight in zip(
            connectome.gap_pre, connectome.gap_post, connectome.gap_weight, strict=True
        )
    ]
    _write_rows(Path(path), EDGE_COLUMNS, edges)
    if cells is not None:
        places = [("", "", "")] * len(names)
        if body is not None:
            segments = ["" if segment < 0 else str(segment) for segment in body.segment]
            places = list(zip(body.role, segments, body.side, strict=True))
        known = zip(names, connectome.classes, connectome.transmitters, places, strict=True)
        _write_rows(Path(cells), FIELDS, [(*cell, *place) for *cell, place in known])


def _delimiter(path: Path) -> str:
    try:
        return DELIMITERS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(DELIMITERS)
        raise ConnectomeError(f"{path}: the name of an edge table ends in one of {known}") from None


def _write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=_delimiter(path), lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def _short(weight: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(float(weight)).removesuffix(".0")
