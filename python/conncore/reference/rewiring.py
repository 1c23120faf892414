"""The chain of conncore.nulls.rewiring, twin of conncore/_rewiring.pyx."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.integer]


class Chain:
    """See conncore/_rewiring.pyi."""

    def __init__(self, heads: Cells, tails: Cells, groups: Cells, starts: Cells) -> None:
        self.heads, self._tails = heads.tolist(), tails.tolist()
        self.groups, self.starts = groups.tolist(), starts.tolist()
        edges = zip(self.heads, self._tails, strict=True)
        self.places = {edge: number for number, edge in enumerate(edges)}

    @property
    def tails(self) -> NDArray[np.int64]:
        return np.array(self._tails, np.int64)

    def walk(
        self,
        first: NDArray[np.int64],
        second: NDArray[np.int64],
        kinds: NDArray[np.float64],
        reversals: float,
    ) -> None:
        for e, f, u in zip(first.tolist(), second.tolist(), kinds.tolist(), strict=True):
            a, b = self.heads[e], self._tails[e]
            if u >= reversals:
                c, d = self.heads[f], self._tails[f]
                self._exchange([(a, b), (c, d)], [(a, d), (c, b)], [e, f])
            elif self.starts[b] < self.starts[b + 1]:
                f = self.starts[b] + int(u / reversals * (self.starts[b + 1] - self.starts[b]))
                c = self._tails[f]
                g = self.places.get((c, a))
                if g is not None and self.groups[a] == self.groups[b] == self.groups[c]:
                    new = [(a, c), (b, a), (c, b)]
                    self._exchange([(a, b), (b, c), (c, a)], new, [e, f, g])

    def _exchange(
        self, old: list[tuple[int, int]], new: list[tuple[int, int]], numbers: list[int]
    ) -> None:
        if any(i == j or (i, j) in self.places for i, j in new):
            return
        for edge in old:
            del self.places[edge]
        for edge, number in zip(new, numbers, strict=True):
            self.places[edge] = number
            self._tails[number] = edge[1]
