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
    from conncore.connectome.labels import Labels

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
        +1 or -1 for the sign of most outgoing edges, or of most cells of a type; 0 without such
        edges (muscles).
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
    n_cells, classes = connectome.n_cells, connectome.classes
    if n_cells > most and len(classes.counts()) > 1:
        return _type_rows(connectome, most)
    body = connectome.body
    muscle = np.zeros(n_cells, bool) if body is None else _is(body.role, "muscle")
    segments = np.zeros(n_cells, np.int16) if body is None else body.segment
    words, names = [_natural(word) for word in classes.words], connectome.names
    codes = classes.codes
    order = sorted(
        range(n_cells), key=lambda i: (muscle[i], words[codes[i]], segments[i], _natural(names[i]))
    )
    step = -(-n_cells // most)
    picked = order[::step]
    label = f"{n_cells:,} cells" if step == 1 else f"{len(picked):,} of {n_cells:,} cells"
    return Rows(
        names=tuple(names[i] for i in picked),
        cells=tuple(np.array([i]) for i in picked),
        signs=_signs(connectome)[picked],
        groups=_runs([classes[i] for i in picked]),
        label=label,
    )


def _type_rows(connectome: Connectome, most: int) -> Rows:
    """A row for each of the `most` classes with most cells, the classes of muscles last."""
    codes, words = connectome.classes.codes, connectome.classes.words
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes, minlength=len(words))
    members = np.split(order, np.cumsum(sizes)[:-1])
    kept = np.argsort(-sizes, kind="stable")[:most]
    kept = kept[sizes[kept] > 0]
    body = connectome.body
    muscle = np.zeros(connectome.n_cells, bool) if body is None else _is(body.role, "muscle")
    shown = sorted(kept, key=lambda code: (muscle[members[code]].all(), _natural(words[code])))
    names = tuple(words[code] or "no type" for code in shown)
    n_types = int((sizes > 0).sum())
    left_out = f" of {n_types:,}" if len(shown) < n_types else ""
    signs = _signs(connectome)
    return Rows(
        names=names,
        cells=tuple(members[code] for code in shown),
        signs=np.sign([signs[members[code]].sum(dtype=np.int64) for code in shown]).astype(np.int8),
        groups=tuple((name, row, row + 1) for row, name in enumerate(names)),
        label=f"{len(shown):,}{left_out} cell types",
    )


def _signs(connectome: Connectome) -> NDArray[np.int8]:
    """The sign of most outgoing edges of each cell; 0 without such edges."""
    total = np.bincount(connectome.pre, connectome.sign, minlength=connectome.n_cells)
    return np.sign(total).astype(np.int8)


def _is(labels: Labels, word: str) -> NDArray[np.bool_]:
    """Which entries are this word."""
    found: NDArray[np.bool_] = np.array([w == word for w in labels.words], bool)[labels.codes]
    return found


def _runs(words: list[str]) -> tuple[tuple[str, int, int], ...]:
    edges = [0, *(i for i in range(1, len(words)) if words[i] != words[i - 1]), len(words)]
    return tuple((words[a], a, b) for a, b in pairwise(edges))


def _natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts "DA2" before "DA10"."""
    parts = re.split(r"(\d+)", text)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]
