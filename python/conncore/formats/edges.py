"""Edge tables: one edge a row, as comma-separated (.csv) or tab-separated (.tsv, .txt) text.

Columns: pre, post, and where known type (chemical or gap), weight and sign. A second table, one
cell a row, may give name, class, transmitter, role, segment and side: the body map. A file
`x.edges.csv` is read together with `x.cells.csv` where that lies beside it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np

from conncore.body import BodyMap, place_problem
from conncore.connectome import Connectome
from conncore.errors import ConnectomeError, choose
from conncore.formats._files import read_bytes
from conncore.storage import write_atomically

DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
EDGE_COLUMNS = ("pre", "post", "type", "weight", "sign")
CELL_COLUMNS = ("name", "class", "transmitter", "role", "segment", "side")
TYPES = {
    "": "chemical",
    "chemical": "chemical",
    "gap": "gap",
    "gap_junction": "gap",
    "electrical": "gap",
}
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


@dataclass
class _Edge:
    """All rows that name the same edge."""

    weight: float
    sign: int
    lines: list[int] = field(default_factory=list)


@dataclass
class _Cells:
    names: list[str]
    classes: list[str]
    transmitters: list[str]
    body: BodyMap | None


def read_edges(
    path: str | PathLike[str],
    *,
    cells: str | PathLike[str] | None = None,
    columns: Mapping[str, str] | None = None,
    duplicates: str = "error",
) -> Connectome:
    """Read a connectome from an edge table.

    Parameters
    ----------
    path : path
        A .csv, .tsv or .txt file in UTF-8 whose first line names the columns. `pre` and `post`
        are needed. Without `type` all edges are chemical, without `weight` all weights are 1,
        without `sign` all signs are unknown. Cell names are kept as written, digits too.
    cells : path, optional
        The table of cells: `name` and any of `class`, `transmitter`, `role`, `segment`, `side`.
        It sets the order of the cells. Without it the cells come in the order of the edges.
    columns : mapping, optional
        What the file calls its columns, for example ``{"pre": "bodyId_pre"}``.
    duplicates : {"error", "sum"}
        What to do with several rows for one edge: refuse, or add their weights.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        With file, line and column, if the file cannot be understood.
    UsageError
        If `duplicates` or a key of `columns` is not known.
    """
    path = Path(path)
    choose("rule for duplicate edges", duplicates, ("error", "sum"))
    titles = {column: column for column in EDGE_COLUMNS}
    for column, title in (columns or {}).items():
        titles[choose("column", column, EDGE_COLUMNS)] = title
    if cells is None and path.name.endswith(f".edges{path.suffix}"):
        beside = path.with_name(path.name.replace(f".edges{path.suffix}", f".cells{path.suffix}"))
        cells = beside if beside.is_file() else None
    table = None if cells is None else _read_cells(Path(cells))
    known = None if table is None else set(table.names)

    edges: dict[tuple[str, str, str], _Edge] = {}
    for line, row in _rows(path, titles, needed=("pre", "post", *(columns or {}))):
        kind, pre, post, weight, sign = _parse_edge(path, line, row, titles)
        for column, cell in (("pre", pre), ("post", post)):
            if known is not None and cell not in known:
                raise _error(path, line, titles[column], f"cell {cell!r} is not in {cells}")
        edge = edges.setdefault((kind, pre, post), _Edge(0.0, sign))
        if edge.sign != sign:
            lines = _list_lines([*edge.lines, line])
            raise ConnectomeError(f"{path}: {lines} give edge {pre!r} -> {post!r} different signs")
        edge.weight += weight
        edge.lines.append(line)
    if duplicates == "error":
        _refuse_duplicates(path, edges)
    if table is None:
        ends = [name for _, pre, post in edges for name in (pre, post)]
        if not ends:
            raise ConnectomeError(f"{path}: there are no edges below the line of column names")
        names = list(dict.fromkeys(ends))
        table = _Cells(names, [""] * len(names), [""] * len(names), None)
    return _connectome(path, edges, table)


def _connectome(
    path: Path, edges: Mapping[tuple[str, str, str], _Edge], table: _Cells
) -> Connectome:
    place = {name: i for i, name in enumerate(table.names)}
    chemical = [(place[a], place[b], e) for (kind, a, b), e in edges.items() if kind == "chemical"]
    gap = [(place[a], place[b], e) for (kind, a, b), e in edges.items() if kind == "gap"]
    try:
        return Connectome.from_edges(
            path.stem.removesuffix(".edges"),
            [pre for pre, _, _ in chemical],
            [post for _, post, _ in chemical],
            weight=[edge.weight for _, _, edge in chemical],
            sign=[edge.sign for _, _, edge in chemical],
            names=table.names,
            classes=table.classes,
            gap_pre=[pre for pre, _, _ in gap],
            gap_post=[post for _, post, _ in gap],
            gap_weight=[edge.weight for _, _, edge in gap],
            transmitters=table.transmitters,
            body=table.body,
            source=str(path),
        )
    except ConnectomeError as error:
        raise ConnectomeError(f"{path}: {error}") from None


def _parse_edge(
    path: Path, line: int, row: Mapping[str, str], titles: Mapping[str, str]
) -> tuple[str, str, str, float, int]:
    for column in ("pre", "post"):
        if not row[column]:
            raise _error(path, line, titles[column], "the cell name is empty")
    kind = TYPES.get(row.get("type", "").lower())
    if kind is None:
        message = f"unknown type {row['type']!r}; use chemical or gap"
        raise _error(path, line, titles["type"], message)
    weight = _number(row.get("weight", "1"))
    if weight is None:
        message = f"{row['weight']!r} is not a number; give a positive weight"
        raise _error(path, line, titles["weight"], message)
    if not (math.isfinite(weight) and weight > 0):
        message = f"weight {row['weight']} is not positive and finite; put signs in column sign"
        raise _error(path, line, titles["weight"], message)
    sign = SIGNS.get(row.get("sign", "").lower())
    if sign is None:
        message = f"unknown sign {row['sign']!r}; use +1, -1, 0, exc, inh, unknown or nothing"
        raise _error(path, line, titles["sign"], message)
    if kind == "gap" and sign:
        raise _error(path, line, titles["sign"], "a gap junction has no sign; leave it empty")
    return kind, row["pre"], row["post"], weight, sign


def _number(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)  # float() takes 1_000 for a thousand
    except ValueError:
        return None


def _refuse_duplicates(path: Path, edges: Mapping[tuple[str, str, str], _Edge]) -> None:
    repeated = [(key, edge.lines) for key, edge in edges.items() if len(edge.lines) > 1]
    if repeated:
        (kind, pre, post), lines = repeated[0]
        more = f" (and {len(repeated) - 1} more edges are repeated)" if repeated[1:] else ""
        raise ConnectomeError(
            f"{path}: {_list_lines(lines)} give the same {kind} edge {pre!r} -> {post!r}{more}; "
            'merge them, or read with duplicates="sum" to add their weights'
        )


def _list_lines(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:10]))
    return f"lines {shown}" + (f" and {len(lines) - 10} more" if len(lines) > 10 else "")


def _read_cells(path: Path) -> _Cells:
    lines: dict[str, int] = {}
    rows: list[tuple[str, str, str, int, str]] = []
    for line, row in _rows(path, {column: column for column in CELL_COLUMNS}, needed=("name",)):
        name, cell_class, transmitter, role, segment, side = (
            row.get(column, "") for column in CELL_COLUMNS
        )
        if not name:
            raise _error(path, line, "name", "the cell name is empty")
        if name in lines:
            both = _list_lines([lines[name], line])
            raise ConnectomeError(f"{path}: {both} name the same cell {name!r}")
        if segment and not segment.isdecimal():
            message = f"{segment!r} is not a segment; use 0, 1, ... or nothing"
            raise _error(path, line, "segment", message)
        place = int(segment) if segment else -1
        problem = place_problem(cell_class, role, place, side)
        if problem:
            raise ConnectomeError(f"{path}: line {line}: {problem}")
        lines[name] = line
        rows.append((cell_class, transmitter, role, place, side))
    if not rows:
        raise ConnectomeError(f"{path}: there are no cells below the line of column names")
    classes, transmitters, roles, segments, sides = zip(*rows, strict=True)
    body = None
    if any(roles):
        motor = tuple(c if role == "motor" else "" for c, _, role, _, _ in rows)
        body = BodyMap(motor, roles, np.array(segments), sides)
    return _Cells(list(lines), list(classes), list(transmitters), body)


def _rows(
    path: Path, titles: Mapping[str, str], needed: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and stripped fields, by our names of the columns, of each row not blank."""
    content = read_bytes(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConnectomeError(f"{path}: line {line} is not UTF-8 text; save it as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(path), strict=True)
    header: list[str] = []
    places: dict[str, int] = {}
    line = 1
    try:
        for row in reader:
            fields = [value.strip() for value in row]
            if any(fields) and not header:
                header = fields
                places = _find_columns(path, line, header, titles, needed)
            elif any(fields):
                if len(fields) != len(header):
                    raise ConnectomeError(
                        f"{path}: line {line} has {len(fields)} fields, but there are "
                        f"{len(header)} columns"
                    )
                yield line, {column: fields[place] for column, place in places.items()}
            line = reader.line_num + 1
    except csv.Error as error:
        message = f"{path}: line {line} cannot be split into fields ({error})"
        raise ConnectomeError(message) from None
    if not header:
        raise ConnectomeError(
            f"{path}: the file is empty; its first line names the columns ({', '.join(titles)})"
        )


def _find_columns(
    path: Path, line: int, header: Sequence[str], titles: Mapping[str, str], needed: Sequence[str]
) -> dict[str, int]:
    for column in needed:
        if titles[column] not in header:
            separator = {",": "commas", "\t": "tabs"}[_delimiter(path)]
            hint = f"; are its columns separated by {separator}?" if len(header) == 1 else ""
            raise ConnectomeError(
                f"{path}: line {line}: there is no column {titles[column]!r}; "
                f"found {', '.join(map(repr, header))}{hint}"
            )
    for title in titles.values():
        if header.count(title) > 1:
            raise ConnectomeError(f"{path}: line {line} names the column {title!r} twice")
    return {c: header.index(title) for c, title in titles.items() if title in header}


def _delimiter(path: Path) -> str:
    try:
        return DELIMITERS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(DELIMITERS)
        raise ConnectomeError(f"{path}: the name of an edge table ends in one of {known}") from None


def _error(path: Path, line: int, column: str, message: str) -> ConnectomeError:
    return ConnectomeError(f"{path}: line {line}, column {column!r}: {message}")


def write_edges(
    connectome: Connectome,
    path: str | PathLike[str],
    *,
    cells: str | PathLike[str] | None = None,
) -> None:
    """Write the edges of a connectome, and with `cells` its cells, as `read_edges` reads them.

    Signs are written as 1, -1 or nothing; where they came from is not kept, nor are the citation
    and licence. Without `cells`, cells without edges are lost. A file is written whole or not at
    all.

    Parameters
    ----------
    connectome : Connectome
        What to write.
    path, cells : path
        .csv, .tsv or .txt files; existing ones are replaced.

    Raises
    ------
    ConnectomeError
        If a file name ends otherwise.
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
        _write_rows(Path(cells), CELL_COLUMNS, [(*cell, *place) for *cell, place in known])


def _write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=_delimiter(path), lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def _short(weight: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(float(weight)).removesuffix(".0")
