"""The body map: which cells move the body, where along it, and on which side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.connectome.attributes import take_cells
from conncore.errors import ConnectomeError

if TYPE_CHECKING:
    from conncore.connectome.record import Connectome

ROLES = ("motor", "muscle", "")
SIDES = ("dorsal", "ventral", "")
MAX_SEGMENT = 32767

_MERGED_MUSCLE = re.compile(r"(M[DV])lr(\d+)")


@dataclass(frozen=True, eq=False)
class BodyMap:
    """Where each cell of a connectome sits in the body; one entry per cell, in its order.

    Parameters
    ----------
    cell_class : sequence of str, (n_neurons,)
        Class of a motor neuron ("AS", "DA", ...); "" for all other cells.
    role : sequence of str, (n_neurons,)
        "motor", "muscle" or "".
    segment : array_like of int, (n_neurons,)
        Segment along the body, 0 at the head; -1 where the cell has none.
    side : sequence of str, (n_neurons,)
        Side of the body that the cell drives or pulls: "dorsal", "ventral" or "".

    Raises
    ------
    ConnectomeError
        If the lengths differ, a word is not known, or a cell with a role lacks its place.
    """

    cell_class: tuple[str, ...]
    role: tuple[str, ...]
    segment: NDArray[np.int16]
    side: tuple[str, ...]

    def __post_init__(self) -> None:
        for field in ("cell_class", "role", "side"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
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

    def __len__(self) -> int:
        return len(self.role)

    def __repr__(self) -> str:
        return (
            f"<BodyMap: {self.role.count('motor')} motor neurons and "
            f"{self.role.count('muscle')} muscles in {self.n_segments} segments>"
        )

    @property
    def n_segments(self) -> int:
        """Number of segments: the highest one in use, plus one."""
        return int(self.segment.max(initial=-1)) + 1

    def take(self, cells: Sequence[int]) -> BodyMap:
        """The body map of the cells with these indices, in this order, repeats allowed."""
        return BodyMap(
            tuple(self.cell_class[i] for i in cells),
            tuple(self.role[i] for i in cells),
            self.segment[list(cells)],
            tuple(self.side[i] for i in cells),
        )


def place_problem(cell_class: str, role: str, segment: int, side: str) -> str:
    """What is wrong with one cell's entry in a body map; "" if nothing is."""
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
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ConnectomeError("the segments of a body map must be a 1-d array of integers")
    if array.size and not -1 <= array.min() <= array.max() <= MAX_SEGMENT:
        raise ConnectomeError(
            f"the segments of a body map must be from 0 to {MAX_SEGMENT}, or -1 for none"
        )
    result = array.astype(np.int16)
    result.setflags(write=False)
    return result


def split_merged_muscles(connectome: Connectome) -> Connectome:
    """Split merged muscles in two: MDlrNN becomes MDLNN and MDRNN, MVlrNN likewise.

    Each copy keeps all edges of the merged muscle with their full weight and sign, and its
    place in the body. An edge between two merged muscles, chemical or gap, becomes two:
    left to left and right to right. The Haspel circuit goes from 102 to 138 cells and from
    336 to 484 chemical edges; its gap junctions join no muscles and stay 161.

    Raises
    ------
    ConnectomeError
        If no cell is a merged muscle.
    """
    merged = [_MERGED_MUSCLE.fullmatch(name) for name in connectome.names]
    if not any(merged):
        raise ConnectomeError(
            f"connectome {connectome.name!r} has no left/right-merged muscles (MDlrNN, MVlrNN) "
            "to split; load it without the split"
        )
    names: list[str] = []
    classes: list[str] = []
    origin: list[int] = []
    copies: list[tuple[int, int]] = []  # place of the left and of the right copy of each cell
    for i, (name, match) in enumerate(zip(connectome.names, merged, strict=True)):
        copies.append((len(names), len(names) + (match is not None)))
        quadrants = [match[1] + side for side in "LR"] if match else [connectome.classes[i]]
        classes += quadrants
        names += [quadrant + match[2] for quadrant in quadrants] if match else [name]
        origin += [i] * len(quadrants)

    def split(pre: NDArray[np.int32], post: NDArray[np.int32]) -> NDArray[np.int64]:
        """One row per new edge: the old edge, the new pre, the new post."""
        rows = [
            (k, copies[i][half], copies[j][half])
            for k, (i, j) in enumerate(zip(pre.tolist(), post.tolist(), strict=True))
            for half in range(2 if merged[i] or merged[j] else 1)
        ]
        return np.array(rows, np.int64).reshape(-1, 3)

    edges = split(connectome.pre, connectome.post)
    gaps = split(connectome.gap_pre, connectome.gap_post)
    return connectome.from_edges(
        connectome.name,
        edges[:, 1],
        edges[:, 2],
        weight=connectome.weight[edges[:, 0]],
        sign=connectome.sign[edges[:, 0]],
        sign_source=connectome.sign_source.take(edges[:, 0]),
        names=names,
        classes=classes,
        gap_pre=gaps[:, 1],
        gap_post=gaps[:, 2],
        gap_weight=connectome.gap_weight[gaps[:, 0]],
        transmitters=[connectome.transmitters[i] for i in origin],
        body=None if connectome.body is None else connectome.body.take(origin),
        attributes=take_cells(connectome.attributes, origin),
        citation=connectome.citation,
        licence=connectome.licence,
        source=connectome.source,
    )
