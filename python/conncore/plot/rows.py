"""The cells of a connectome as the rows of a picture: by class, then by segment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from conncore.connectome import Connectome

MOST_ROWS = 500


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a picture, each one cell or all cells of a type.

    Attributes
    ----------
    names : tuple of str, (n_rows,)
        Name of each cell or type.
    cells : tuple of int64 arrays, (n_rows,)
        The cells of each row.
    signs : (n_rows,) int8
        +1 or -1 for the sign of most outgoing edges; 0 without such edges (muscles).
    groups : tuple of (str, int, int)
        Name, first row and row after the last of each class.
    label : str
        What the rows are, and what was left out.
    """

    names: tuple[str, ...]
    cells: tuple[NDArray[np.int64], ...]
    signs: NDArray[np.int8]
    groups: tuple[tuple[str, int, int], ...]
    label: str

    @property
    def single(self) -> bool:
        """Whether each row is one cell."""
        return all(len(cells) == 1 for cells in self.cells)

    def mean(self, activity: NDArray[Any]) -> NDArray[np.float64]:
        """Mean activity of each row: (n_steps, n_rows) from (n_steps, n_cells)."""
        starts = np.cumsum([0, *(len(cells) for cells in self.cells[:-1])])
        chosen = activity[:, np.concatenate(self.cells)]
        sums = np.add.reduceat(chosen, starts, axis=1, dtype=np.float64)
        means: NDArray[np.float64] = sums / [len(cells) for cells in self.cells]
        return means


def rows_of(connectome: Connectome, most: int = MOST_ROWS) -> Rows:
    """Return the rows of a connectome: cells by class and segment, the muscles last.

    A connectome of more than `most` cells has a row per cell class (type), the `most` largest of
    them. If it has no classes, it has every k-th cell.
    """
    body, n_cells = connectome.body, connectome.n_cells
    classes = list(connectome.classes)
    muscle = np.array([body is not None and role == "muscle" for role in _roles(connectome)])
    segments = np.zeros(n_cells) if body is None else body.segment
    cell_names = connectome.names
    order = sorted(
        range(n_cells),
        key=lambda i: (muscle[i], _natural(classes[i]), segments[i], _natural(cell_names[i])),
    )
    outgoing = np.bincount(connectome.pre, connectome.sign, minlength=n_cells)
    members: dict[str, list[int]] = {}
    for cell in order:
        members.setdefault(classes[cell], []).append(cell)
    if n_cells > most and len(members) > 1:
        kept = sorted(members, key=lambda name: -len(members[name]))[:most]
        chosen = {name: cells for name, cells in members.items() if name in set(kept)}
        left_out = f" of {len(members):,}" if len(chosen) < len(members) else ""
        label = f"{len(chosen):,}{left_out} cell types"
        names = tuple(name or "no type" for name in chosen)
        cells = tuple(np.array(group) for group in chosen.values())
        groups = tuple((name, row, row + 1) for row, name in enumerate(names))
    else:
        step = -(-n_cells // most)
        picked = order[::step]
        label = f"{n_cells:,} cells" if step == 1 else f"{len(picked):,} of {n_cells:,} cells"
        names = tuple(cell_names[i] for i in picked)
        cells = tuple(np.array([i]) for i in picked)
        groups = _runs([classes[i] for i in picked])
    signs = np.sign([outgoing[group].sum() for group in cells]).astype(np.int8)
    return Rows(names, cells, signs, groups, label)


def _roles(connectome: Connectome) -> list[str]:
    return [""] * connectome.n_cells if connectome.body is None else list(connectome.body.role)


def _runs(words: list[str]) -> tuple[tuple[str, int, int], ...]:
    edges = [0, *(i for i in range(1, len(words)) if words[i] != words[i - 1]), len(words)]
    return tuple((words[a], a, b) for a, b in pairwise(edges))


def _natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts "DA2" before "DA10"."""
    parts = re.split(r"(\d+)", text)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]
