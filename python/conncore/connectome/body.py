"""The body map: which cells move the body, where along it, and on which side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.connectome.labels import Labels
from conncore.errors import ConnectomeError, real_array

ROLES = ("motor", "muscle", "")
SIDES = ("dorsal", "ventral", "")
MAX_SEGMENT = 32767


@dataclass(frozen=True, eq=False)
class BodyMap:
    """The place of each cell in the body: one entry per cell, in the connectome's order.

    Parameters
    ----------
    cell_class : Labels (a sequence of str), (n_cells,)
        Class of a motor neuron ("AS", "DA", ...); "" for all other cells.
    role : Labels (a sequence of str), (n_cells,)
        "motor", "muscle" or "".
    segment : array_like of int, (n_cells,)
        Segment along the body, 0 at the head; -1 if the cell has none.
    side : Labels (a sequence of str), (n_cells,)
        Side of the body that the cell drives or pulls: "dorsal", "ventral" or "".

    Raises
    ------
    ConnectomeError
        If the lengths differ, a word is not known, or a cell with a role has no segment or side.

    Examples
    --------
    >>> body = cc.load("celegans-haspel2011").body
    >>> body.role[0], int(body.segment[0]), body.side[0]
    ('motor', 0, 'dorsal')
    """

    cell_class: Labels
    role: Labels
    segment: NDArray[np.int16]
    side: Labels

    def __post_init__(self) -> None:
        for field in ("cell_class", "role", "side"):
            object.__setattr__(self, field, Labels.of(getattr(self, field)))
        object.__setattr__(self, "segment", _segments(self.segment))
        if len({len(self.cell_class), len(self.role), len(self.segment), len(self.side)}) != 1:
            raise ConnectomeError(
                "the fields of a body map have different lengths: "
                f"cell_class {len(self.cell_class)}, role {len(self.role)}, "
                f"segment {len(self.segment)}, side {len(self.side)}; give one entry per cell"
            )
        for i in range(len(self)):
            problem = place_problem(
                self.cell_class[i], self.role[i], int(self.segment[i]), self.side[i]
            )
            if problem:
                raise ConnectomeError(f"body map, cell {i} (counted from 0): {problem}")

    def __reduce__(self) -> tuple[type[BodyMap], tuple[object, ...]]:
        """Build it anew when unpickled or copied, so that its array is read-only again."""
        return BodyMap, (self.cell_class, self.role, self.segment, self.side)

    def __len__(self) -> int:
        return len(self.role)

    def __repr__(self) -> str:
        return f"<BodyMap: {self.summary}>"

    @property
    def summary(self) -> str:
        """The number of cells and segments in one line."""
        return (
            f"{self.role.count('motor')} motor neurons and "
            f"{self.role.count('muscle')} muscles in {self.n_segments} segments"
        )

    @property
    def n_segments(self) -> int:
        """Number of segments: the highest segment in use, plus one."""
        return int(self.segment.max(initial=-1)) + 1

    def take(self, cells: Sequence[int]) -> BodyMap:
        """The body map of the cells with these indices, in this order; an index may occur twice."""
        places = np.asarray(cells, np.intp)
        return BodyMap(
            self.cell_class.take(places),
            self.role.take(places),
            self.segment[places],
            self.side.take(places),
        )


def place_problem(cell_class: str, role: str, segment: int, side: str) -> str:
    """The error in one cell's entry of a body map; "" if there is none."""
    if role not in ROLES:
        return f"unknown role {role!r}; use motor, muscle or nothing"
    if side not in SIDES:
        return f"unknown side {side!r}; use dorsal, ventral or nothing"
    if segment > MAX_SEGMENT:
        return f"segment {segment} is too high; count from 0 to {MAX_SEGMENT} along the body"
    if role and (segment < 0 or not side):
        return f"a cell with role {role} needs a segment (0 or more) and a side"
    if role == "motor" and not cell_class:
        return "a cell with role motor needs a class"
    return ""


def _segments(values: ArrayLike) -> NDArray[np.int16]:
    array = real_array("segment", values, ConnectomeError)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ConnectomeError("the segments of a body map must be a 1-d array of integers")
    if array.size and not -1 <= array.min() <= array.max() <= MAX_SEGMENT:
        raise ConnectomeError(
            f"the segments of a body map must be from 0 to {MAX_SEGMENT}, or -1 for none"
        )
    result = array.astype(np.int16)
    result.setflags(write=False)
    return result
