"""What a table says of the cells of a connectome: classes, the body map, any other attribute."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from conncore.connectome.attributes import Column
from conncore.connectome.body import BodyMap, place_problem
from conncore.connectome.labels import Labels
from conncore.connectome.record import C, Record
from conncore.connectome.tables import read_table
from conncore.errors import ConnectomeError

_BODY = ("role", "segment", "side")
_FIELDS = ("name", "class", "transmitter", *_BODY)


def with_cells(connectome: C, path: str | PathLike[str]) -> C:
    """Add what a CSV says of the cells.

    Parameters
    ----------
    path : path
        A row a cell: the column `name`, and any others. `class` and `transmitter` replace the
        cell's own where they are not empty. `role`, `segment` and `side` are the body map, see
        `BodyMap`: it replaces the connectome's own, and cells without a row have no role. Every
        other column is an attribute, such as `region`, `flow` or `confidence`: numbers if it holds
        nothing else (NaN where a cell has none) and none is beyond 2**53, else words.

    Raises
    ------
    ConnectomeError
        With file and line, if the table cannot be understood or names a cell that is not there.
    """
    path = Path(path)
    rows = _rows_of_cells(connectome, path)
    columns = next((row for _, row in rows.values()), {})
    classes, transmitters = list(connectome.classes), list(connectome.transmitters)
    for i, (_, row) in rows.items():
        classes[i] = row.get("class") or classes[i]
        transmitters[i] = row.get("transmitter") or transmitters[i]
    attributes = dict(connectome.attributes)
    for key in columns:
        if key and key not in _FIELDS:
            attributes[key] = _column(
                [rows[i][1][key] if i in rows else "" for i in range(len(classes))]
            )
    body = connectome.body
    if any(key in columns for key in _BODY):
        body = _body_map(path, rows, classes)
    return replace(
        connectome,
        classes=Labels.of(classes),
        transmitters=Labels.of(transmitters),
        attributes=attributes,
        body=body,
    )


def _rows_of_cells(connectome: Record, path: Path) -> dict[int, tuple[int, dict[str, str]]]:
    """Line and fields of each cell that has a row, by the cell's place."""
    place = {name: i for i, name in enumerate(connectome.names)}
    rows: dict[int, tuple[int, dict[str, str]]] = {}
    for line, row in read_table(path, ("name",)):
        if row["name"] not in place:
            raise ConnectomeError(f"{path}: line {line}: there is no cell {row['name']!r}")
        i = place[row["name"]]
        if i in rows:
            raise ConnectomeError(f"{path}: lines {rows[i][0]} and {line} are of the same cell")
        rows[i] = line, row
    return rows


def _column(words: list[str]) -> Column:
    if not any(words):
        return Labels.of(words)
    try:
        numbers = np.array([float(word) if word else math.nan for word in words])
    except ValueError:
        return Labels.of(words)
    # Beyond 2**53 a float is not exact, and such numbers are names.
    return Labels.of(words) if np.nanmax(np.abs(numbers)) > 2**53 else numbers


def _body_map(
    path: Path, rows: Mapping[int, tuple[int, dict[str, str]]], classes: list[str]
) -> BodyMap | None:
    motor, roles, sides = ([""] * len(classes) for _ in range(3))
    segments = [-1] * len(classes)
    for i, (line, row) in rows.items():
        role, segment, side = (row.get(key, "") for key in _BODY)
        if segment and not segment.isdecimal():
            raise ConnectomeError(
                f"{path}: line {line}: {segment!r} is not a segment; use 0, 1, ... or nothing"
            )
        place = int(segment) if segment else -1
        problem = place_problem(classes[i], role, place, side)
        if problem:
            raise ConnectomeError(f"{path}: line {line}: {problem}")
        roles[i], sides[i], segments[i] = role, side, place
        motor[i] = classes[i] if role == "motor" else ""
    if not any(roles):
        return None
    return BodyMap(Labels.of(motor), Labels.of(roles), np.array(segments), Labels.of(sides))
