"""Questions about a connectome as a graph: what joins what, in how many steps."""

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
    """Which cells a walk along chemical edges reaches, (n_cells,); those it starts from too.

    Parameters
    ----------
    cells : array of int
        Where walks start.
    hops : int, optional
        The most edges of a walk; any number if None.
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
    """The part of each cell, (n_cells,): cells that edges of any kind and direction join.

    A part is called by its first cell's place.
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
    """Which edges, each given once, have one in return, (n_edges,); those to itself do."""
    forth = pre.astype(np.int64) * n_cells + post
    back = post.astype(np.int64) * n_cells + pre
    return np.isin(back, forth, assume_unique=True, kind="sort")


def without_edges(connectome: Record) -> NDArray[np.intp]:
    """The places of the cells that no edge of any kind begins or ends at."""
    c = connectome
    ends = np.concatenate((c.pre, c.post, c.gap_pre, c.gap_post))
    return np.flatnonzero(np.bincount(ends, minlength=c.n_cells) == 0)
