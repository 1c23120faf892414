"""Rewiring: a uniform draw among the graphs in which every cell keeps its in- and out-degree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from conncore._rewiring import Chain

#: Proposals per edge. Milo et al. 2003 (arXiv:cond-mat/0312028) also make the length of the chain
#: proportional to the number of edges, with 100 per edge. In the worm's graphs, whole or by
#: segment, the shares of new and of reciprocal edges no longer change from 10 per edge on.
PROPOSALS_PER_EDGE = 30

REVERSALS = 0.25  # their share of the proposals; a power of two divides without rounding
CHUNK = 1 << 20  # proposals drawn at once: 24 MiB of random numbers

Cells = NDArray[np.integer]


def shuffle_within(groups: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.intp]:
    """A random order of entries, uniform among the orders that exchange entries within groups.

    Parameters
    ----------
    groups : (n,) int
        Group of each entry.

    Returns
    -------
    (n,) intp
        ``values[order]`` gives each entry the value of an entry of the same group.
    """
    order = np.empty(groups.size, np.intp)
    order[np.argsort(groups, kind="stable")] = np.lexsort((rng.random(groups.size), groups))
    return order


def rewire(
    pre: Cells,
    post: Cells,
    groups: Cells,
    rng: np.random.Generator,
    proposals_per_edge: int = PROPOSALS_PER_EDGE,
) -> NDArray[np.int64]:
    """Exchange targets within groups; every cell keeps its in-degree and its targets per group.

    The function runs a Markov chain. Each step and its reverse are proposed with the same
    probability, and refused steps count as steps, so all reachable graphs are equally likely.
    There are two kinds of step:

    - A swap: a -> b, c -> d become a -> d, c -> b, for any two edges with targets of one group.
    - A reversal: a -> b, b -> c, c -> a become a -> c, c -> b, b -> a, for three cells of one
      group. An edge and an edge that follows it are proposed. Without self-loops, swaps alone do
      not reach all graphs, but swaps and reversals do (Rao, Jana & Bandyopadhyay 1996, Sankhya A
      58:225). Here, each group is a graph of its own, in which all other cells have no incoming
      edges.

    A step is refused if it would make a self-loop or an edge that exists already.

    Parameters
    ----------
    pre, post : (n_edges,) int
        Distinct edges without self-loops, sorted by pre.
    groups : (n_cells,) int
        Group of each cell, from 0. With one group for all cells, only degrees are kept.
    rng : Generator
    proposals_per_edge : int
        Length of the chain, divided by the number of edges.

    Returns
    -------
    (n_edges,) int64
        The new targets. Within a group, the targets of one cell are assigned to its edges in a
        uniformly random order.
    """
    n_edges = len(pre)
    groups = np.asarray(groups)
    chain = Chain(pre, post, groups, np.searchsorted(pre, np.arange(len(groups) + 1)))

    target_group = groups[post]  # of each edge: no step changes it
    partner = _partners(target_group, rng)

    n_left = n_edges * proposals_per_edge
    while n_left:
        n = min(n_left, CHUNK)
        n_left -= n
        first = rng.integers(n_edges, size=n)
        chain.walk(first, partner(first), rng.random(n), REVERSALS)

    slots = np.asarray(pre, np.int64) * (int(np.max(groups, initial=0)) + 1) + target_group
    del partner  # its arrays, before others are made
    return chain.tails[shuffle_within(slots, rng)]


def _partners(
    target_group: Cells, rng: np.random.Generator
) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
    """A function that draws, for each of some edges, any edge with a target of the same group."""
    sizes = np.bincount(target_group)
    if np.count_nonzero(sizes) <= 1:  # the same draws as below, in less time
        return lambda first: rng.integers(target_group.size, size=first.size)
    by_group = np.argsort(target_group, kind="stable").astype(np.int32)
    ends = np.cumsum(sizes)

    def partner(first: NDArray[np.int64]) -> NDArray[np.int64]:
        group = target_group[first]
        places = (ends - sizes)[group] + rng.integers(sizes[group])
        return np.asarray(by_group[places], np.int64)

    return partner
