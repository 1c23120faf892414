"""The cells whose rates are compared, in groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.labels import Labels
from conncore.connectome.select import column
from conncore.simulation.inputs import Cells
from conncore.simulation.result import Simulation


class Readout:
    """Groups of cells that share a property, such as their type.

    Parameters
    ----------
    connectome : Connectome
    cells : sequence of str
        Names of the cells to read out.
    by : str
        The property that the cells of a group share; "name" makes each cell a group.

    Attributes
    ----------
    names : tuple of str
        The word of each group.
    sizes : (n_groups,) int
        Number of cells of each group.

    Raises
    ------
    UsageError
        If the cells do not have this property, there are none, or a name is not a cell's.
    """

    def __init__(self, connectome: Connectome, cells: Sequence[str], by: str) -> None:
        chosen = Cells(connectome).find("cells", cells)
        words = Labels.of(column(connectome, by)).take(chosen)
        present, group = np.unique(words.codes, return_inverse=True)
        self.names = tuple(words.words[code] for code in present)
        self.sizes = np.bincount(group, minlength=present.size)
        self._group = np.full(connectome.n_cells, -1)
        self._group[chosen] = group

    def rates(self, found: Simulation) -> NDArray[np.float64]:
        """Mean firing rate of each trial and group, Hz, (n_trials, n_groups)."""
        n_trials, n_groups = len(found.trials), self.sizes.size
        group = self._group[found.cell]
        row = np.searchsorted(found.trials, found.trial[group >= 0])
        flat = np.bincount(row * n_groups + group[group >= 0], minlength=n_trials * n_groups)
        return np.asarray(flat.reshape(n_trials, n_groups) / self.sizes / found.seconds[:, None])
