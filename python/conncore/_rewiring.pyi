import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.integer]

class Chain:
    """The graphs that `conncore.nulls.rewiring.rewire` walks through; see there for its steps.

    Checks nothing: edges must be distinct, without self-loops, sorted by head and fewer than 2**31;
    ``starts[i]`` to ``starts[i + 1]`` are those of cell i; steps must name edges, of one group.
    """

    def __init__(self, heads: Cells, tails: Cells, groups: Cells, starts: Cells) -> None: ...
    @property
    def tails(self) -> NDArray[np.int64]:
        """The target of every edge now, (n_edges,)."""

    def walk(
        self,
        first: NDArray[np.int64],
        second: NDArray[np.int64],
        kinds: NDArray[np.float64],
        reversals: float,
    ) -> None:
        """Try a step per row: a reversal from edge `first` where its `kinds`, uniform from 0 to 1,
        is below `reversals`, else a swap of edges `first` and `second`.
        """
