"""Checks and sorts edge arrays for `conncore.connectome.record`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore._sorting import _unsafe_lexical_order
from conncore.errors import ConnectomeError, real_array


def lexical_order(
    major: NDArray[np.integer], minor: NDArray[np.integer], n_cells: int
) -> NDArray[np.int32]:
    """The order that sorts edges by one end, then the other. The cells must have been checked."""
    if major.size >= 2**31:
        raise ConnectomeError(f"{major.size} edges are too many; at most {2**31 - 1}")
    return _unsafe_lexical_order(major, minor, n_cells, n_cells)


def check_places(field: str, cells: NDArray[np.integer], n_cells: int) -> None:
    """Refuse an edge to or from a cell that does not exist."""
    if cells.size and (cells.min() < 0 or cells.max() >= n_cells):
        wrong = cells[(cells < 0) | (cells >= n_cells)][0]
        raise ConnectomeError(
            f"{field} holds {wrong}, but the {n_cells} cells are numbered 0 to {n_cells - 1}"
        )


def checked(field: str, values: ArrayLike, length: int, kinds: str = "iuf") -> NDArray[Any]:
    """The values as an array of shape (length,) with a dtype of one of these kinds."""
    array = np.asarray(values)
    if isinstance(values, np.ma.MaskedArray) or np.iscomplexobj(array):
        real_array(field, values, ConnectomeError)  # refuses it
    if array.shape != (length,):
        raise ConnectomeError(f"{field} has shape {array.shape}; expected ({length},)")
    if length and array.dtype.kind not in kinds:
        what = "numbers" if "f" in kinds else "integers, the indices of cells in names"
        raise ConnectomeError(f"{field} must hold {what}")
    return array


def frozen(values: ArrayLike, dtype: type[np.generic]) -> NDArray[Any]:
    """A read-only copy."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array
