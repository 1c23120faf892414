"""How findings print numbers and names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome

SHOWN = 8  # names in a line


def some(items: Iterable[str], total: int | None = None) -> str:
    """The first few items, and how many more there are.

    If `total` is given, `items` needs to hold only the first few.
    """
    listed = list(items)
    total = len(listed) if total is None else total
    more = f" and {total - SHOWN} more" if total > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def names_of(connectome: Connectome, places: Sequence[int] | NDArray[np.integer]) -> str:
    """The names of the first few of these cells."""
    return some([connectome.names[i] for i in places[:SHOWN]], len(places))


def count(n: int, what: str, plural: str = "") -> str:
    """A number with its noun: 1 cell, 2 cells. Give the plural if it is irregular."""
    return f"{n} {what if n == 1 else plural or what + 's'}"


def edges_of(connectome: Connectome, which: NDArray[np.integer]) -> str:
    """The first few of these edges, each as "pre -> post"."""
    names, pre, post = connectome.names, connectome.pre, connectome.post
    return some([f"{names[pre[k]]} -> {names[post[k]]}" for k in which[:SHOWN]], len(which))
