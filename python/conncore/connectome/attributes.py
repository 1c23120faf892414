"""Attributes of cells: columns of words or numbers that have no field of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.connectome.labels import Labels
from conncore.errors import ConnectomeError

#: In a table or graph, the name of an attribute that is called like a field of the cells.
PREFIX = "attribute:"
FIELDS = ("name", "class", "transmitter", "role", "segment", "side")

Column = Labels | NDArray[np.float64]
Attributes = Mapping[str, Column]


def checked_attributes(given: Mapping[str, ArrayLike | Sequence[str]], n_cells: int) -> Attributes:
    """The columns as `Labels` (words) or read-only float64 arrays (numbers), one entry per cell."""
    columns: dict[str, Column] = {}
    for key, values in given.items():
        if not isinstance(key, str) or not key:
            raise ConnectomeError(f"attribute name {key!r} is not a non-empty string")
        columns[key] = column = _column(key, values)
        if len(column) != n_cells:
            raise ConnectomeError(
                f"attribute {key!r} has {len(column)} entries for {n_cells} cells"
            )
    return columns


def _column(key: str, values: ArrayLike | Sequence[str]) -> Column:
    if isinstance(values, Labels):
        return values
    if isinstance(values, np.ma.MaskedArray):
        raise ConnectomeError(f"attribute {key!r}: the array is masked; fill the masked values")
    array = np.asarray(values)
    if array.ndim == 1 and array.dtype.kind in "iuf":
        numbers = array.astype(np.float64)
        numbers.setflags(write=False)
        return numbers
    words = array.tolist()
    if array.ndim != 1 or not all(isinstance(word, str) for word in words):
        raise ConnectomeError(f"attribute {key!r} must hold words or numbers, one per cell")
    return Labels.of(words)


def take_cells(attributes: Attributes, cells: Sequence[int] | NDArray[np.integer]) -> Attributes:
    """The columns of the cells with these indices, in this order; an index may occur twice."""
    places = np.asarray(cells, np.intp)
    return {
        key: column.take(places) if isinstance(column, Labels) else column[places]
        for key, column in attributes.items()
    }


def attribute_title(key: str) -> str:
    """The name of an attribute among the columns of a table or the attributes of a node."""
    return f"{PREFIX}{key}" if key.lower() in FIELDS or key.startswith(PREFIX) else key
