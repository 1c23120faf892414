"""Functions on the graph of a connectome: reachable cells, connected parts, reciprocal edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conncore.connectome.record import Record
from conncore.errors import choose


def reached(
    connectome: Record,
    cells: NDArray[np.integer],
    hops: int | None = None,
    direction: str = "out",
) -> NDArray[np.bool_]:
    """A mask of the cells that walks along chemical edges reach, (n_cells,), starts included.

    Parameters
    ----------
    cells : array of int
        The cells where walks start.
    hops : int, optional
        The largest number of edges of a walk; no limit if None.
    direction : str
        "out": from pre to post. "in": from post to pre. "both": either way.
    """
    choose("direction", direction, ("in", "out", "both"))
    pre, post = connectome.pre, connectome.post
    ways = {"out": [(pre, post)], "in": [(post, pre)], "both": [(pre, post), (post, pre)]}
    found = np.zeros(connectome.n_cells, bool)
    found[cells] = True
    n_steps = connectome.n_cells if hops is None else hops
    for _ in range(n_steps):
        before = found.copy()
        for start, end in ways[direction]:
            found[end[before[start]]] = True
        if np.array_equal(found, before):
            break
    return found


def components(connectome: Record) -> NDArray[np.int64]:
    """The connected part of each cell, (n_cells,). Edges of any kind and direction connect cells.

    The number of a part is the index of its first cell.
    """
    root = np.arange(connectome.n_cells)
    a = np.concatenate((connectome.pre, connectome.gap_pre))
    b = np.concatenate((connectome.post, connectome.gap_post))
    while True:
        low, high = np.minimum(root[a], root[b]), np.maximum(root[a], root[b])
        apart = low != high
        if not apart.any():
            return root
        a, b = a[apart], b[apart]
        np.minimum.at(root, high[apart], low[apart])
        while not np.array_equal(root, root[root]):
            root = root[root]


def returned(
    pre: NDArray[np.integer], post: NDArray[np.integer], n_cells: int
) -> NDArray[np.bool_]:
    """A mask of the edges with an edge in the opposite direction, (n_edges,), self-loops included.

    Each edge is given once.
    """
    forth = pre.astype(np.int64) * n_cells + post
    back = post.astype(np.int64) * n_cells + pre
    return np.isin(back, forth, assume_unique=True, kind="sort")


def without_edges(connectome: Record) -> NDArray[np.intp]:
    """The indices of the cells without any edge, chemical or gap."""
    c = connectome
    ends = np.concatenate((c.pre, c.post, c.gap_pre, c.gap_post))
    return np.flatnonzero(np.bincount(ends, minlength=c.n_cells) == 0)
