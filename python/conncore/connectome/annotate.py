"""Add a cell table to a connectome: classes, transmitters, the body map, other attributes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from conncore.connectome.attributes import Attributes, Column, checked_attributes
from conncore.connectome.body import BodyMap, place_problem
from conncore.connectome.labels import Labels
from conncore.connectome.record import C
from conncore.errors import ConnectomeError


class BodyColumns(NamedTuple):
    """The columns of a cell table for the body map, each (n_rows,); see `BodyMap`."""

    role: Labels
    segment: NDArray[np.int64]
    side: Labels


def _row_name(row: int) -> str:
    return f"row {row + 1}"


@dataclass(frozen=True, eq=False)
class CellTable:
    """A table of cells, one cell per row; `conncore.formats.read_cells` reads one from a file.

    Parameters
    ----------
    names : sequence of str, (n_rows,)
        Cell names, each once.
    classes, transmitters : Labels (a sequence of str), (n_rows,), optional
        Class and transmitter of each cell; "" if the table gives none.
    body : BodyColumns, optional
        Role, segment and side of each cell; None if the table has no such column.
    attributes : mapping of str to Labels or array of float64, (n_rows,)
        All other columns.
    source : str
        The file's name in error messages.
    where : callable
        Returns the name of a row (counted from 0) in error messages, such as "line 3".

    Raises
    ------
    ConnectomeError
        If two columns have different lengths.
    """

    names: Sequence[str]
    classes: Labels | None = None
    transmitters: Labels | None = None
    body: BodyColumns | None = None
    attributes: Attributes = field(default_factory=dict)
    source: str = "cell table"
    where: Callable[[int], str] = _row_name

    def __post_init__(self) -> None:
        n_rows = len(self.names)
        object.__setattr__(self, "attributes", checked_attributes(self.attributes, n_rows))
        columns = {"classes": self.classes, "transmitters": self.transmitters}
        columns |= {} if self.body is None else self.body._asdict()
        for key, values in columns.items():
            if values is not None and len(values) != n_rows:
                raise ConnectomeError(f"{key} has {len(values)} entries for {n_rows} cells")

    def error(self, row: int, message: str) -> ConnectomeError:
        """An error that names the file and the row."""
        return ConnectomeError(f"{self.source}: {self.where(row)}: {message}")


def annotate(connectome: C, table: CellTable) -> C:
    """Add the content of a cell table.

    The table may list any of the cells, in any order. Its classes and transmitters replace those
    of the connectome, unless they are empty. Its body map replaces the body map of the connectome;
    cells that the table does not list have no role. Each other column becomes an attribute, and
    replaces an attribute of the same name; cells that the table does not list get "" or NaN.

    Parameters
    ----------
    table : CellTable
        The cells, for example from `conncore.formats.read_cells`.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If a cell is not in the connectome, or if its entry in the body map is wrong. The message
        names the file and the line.
    """
    place = {name: i for i, name in enumerate(connectome.names)}
    for row, name in enumerate(table.names):
        if name not in place:
            raise table.error(
                row,
                f"there is no cell {name!r} in connectome {connectome.name!r}; correct the name or "
                "remove the row",
            )
    cells = [place[name] for name in table.names]
    classes = _updated(connectome.classes, table.classes, cells)
    columns = {key: _spread(column, cells, len(place)) for key, column in table.attributes.items()}
    body = connectome.body
    if table.body is not None:
        body = _body_map(table, table.body, cells, classes)
    return replace(
        connectome,
        classes=classes,
        transmitters=_updated(connectome.transmitters, table.transmitters, cells),
        attributes={**connectome.attributes, **columns},
        body=body,
    )


def _updated(labels: Labels, new: Labels | None, cells: Sequence[int]) -> Labels:
    """The labels of the connectome's cells; a label in the table replaces the old one."""
    if new is None:
        return labels
    words = tuple(dict.fromkeys((*labels.words, *new.words)))
    place = {word: code for code, word in enumerate(words)}
    codes = labels.codes.astype(np.intp)
    given = np.array([word != "" for word in new.words], bool)[new.codes]
    new_codes = np.array([place[word] for word in new.words], np.intp)[new.codes]
    codes[np.asarray(cells, np.intp)[given]] = new_codes[given]
    return Labels(codes, words)


def _spread(column: Column, cells: Sequence[int], n_cells: int) -> Column:
    """A column of a table as a column of the connectome; other cells get "" or NaN."""
    if isinstance(column, Labels):
        words = [""] * n_cells
        for i, word in zip(cells, column, strict=True):
            words[i] = word
        return Labels.of(words)
    numbers = np.full(n_cells, math.nan)
    numbers[cells] = column
    return numbers


def _body_map(
    table: CellTable, body: BodyColumns, cells: Sequence[int], classes: Labels
) -> BodyMap | None:
    """The body map of a table's cells; None if no cell has a role."""
    motor, roles, sides = ([""] * len(classes) for _ in range(3))
    segments = [-1] * len(classes)
    rows = zip(cells, body.role, body.segment.tolist(), body.side, strict=True)
    for row, (i, role, segment, side) in enumerate(rows):
        problem = place_problem(classes[i], role, segment, side)
        if problem:
            raise table.error(row, problem)
        roles[i], sides[i], segments[i] = role, side, segment
        motor[i] = classes[i] if role == "motor" else ""
    if not any(roles):
        return None
    return BodyMap(Labels.of(motor), Labels.of(roles), np.array(segments), Labels.of(sides))
