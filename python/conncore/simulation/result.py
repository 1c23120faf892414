"""The result of a simulation: spikes, rates, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.labels import Labels
from conncore.connectome.select import column, select
from conncore.errors import UsageError
from conncore.storage import disk_errors


class Rate(NamedTuple):
    """The firing rate of a group of cells, Hz: mean over its cells and the trials, and the standard
    deviation of the trials' means (0 for one trial)."""

    group: str
    n_cells: int
    mean: float
    sd: float


@dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """The spikes of all finished trials.

    Attributes
    ----------
    connectome : Connectome
    dt : float
        Length of a step, ms.
    trials : (n_trials,) int32
        Numbers of the finished trials.
    n_steps : (n_trials,) int32
        Steps of each trial; fewer than asked for if `stop_above` stopped it.
    step, cell, trial : (n_spikes,) int32
        Step of each spike, index of its cell in ``connectome.names``, and number of its trial. The
        spikes are sorted by trial, step and cell.
    problems : tuple of str
        What the user should know, such as activity that goes on after the input has stopped.

    Examples
    --------
    >>> worm = cc.load("celegans-haspel2011")
    >>> found = cc.simulate(worm, activate=worm.select(match="^DB"), trials=5, duration=0.2)
    >>> found.rates().shape
    (5, 102)
    >>> for row in found.table("class")[:2]:
    ...     print(row.group, round(row.mean), "Hz")
    ...
    DB 145 Hz
    VD 1 Hz
    """

    connectome: Connectome
    dt: float
    trials: NDArray[np.int32]
    n_steps: NDArray[np.int32]
    step: NDArray[np.int32]
    cell: NDArray[np.int32]
    trial: NDArray[np.int32]
    problems: tuple[str, ...] = ()

    @cached_property
    def time(self) -> NDArray[np.float64]:
        """Time of each spike, s, (n_spikes,): the start of its step, as in Brian2."""
        time: NDArray[np.float64] = self.step * np.float64(self.dt * 1e-3)
        return time

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Simulated time of each trial, s, (n_trials,)."""
        seconds: NDArray[np.float64] = self.n_steps * np.float64(self.dt * 1e-3)
        return seconds

    def counts(self) -> NDArray[np.int32]:
        """Number of spikes of each trial and cell, (n_trials, n_cells)."""
        return self._by_trial(self.cell, self.connectome.n_cells).astype(np.int32)

    def rates(self) -> NDArray[np.float64]:
        """Firing rate of each trial and cell, Hz, (n_trials, n_cells)."""
        rates: NDArray[np.float64] = self.counts() / self.seconds[:, None]
        return rates

    def table(self, by: str = "name", cells: Sequence[str] | None = None) -> list[Rate]:
        """Return the rates of groups of cells, the highest first.

        Parameters
        ----------
        by : str
            The property that the cells of a group share: "name" (every cell is a group), "class",
            or another property of the cells, such as "type".
        cells : sequence of str, optional
            Only these cells. Default: all.

        Raises
        ------
        UsageError
            If the cells do not have this property, or a name is not a cell's.
        """
        groups = Labels.of(column(self.connectome, by))
        chosen = np.ones(self.connectome.n_cells, bool)
        if cells is not None:
            wanted = set(select(self.connectome, cells))
            chosen = np.array([name in wanted for name in self.connectome.names])
        sizes = np.bincount(groups.codes[chosen], minlength=len(groups.words))
        kept = chosen[self.cell]
        counts = self._by_trial(groups.codes.astype(np.int64)[self.cell], len(sizes), kept)
        present = np.flatnonzero(sizes)
        rates = counts[:, present] / sizes[present] / self.seconds[:, None]
        mean = rates.mean(axis=0)
        sd = rates.std(axis=0, ddof=1) if len(rates) > 1 else np.zeros(len(mean))
        order = np.argsort(-mean, kind="stable")
        return [
            Rate(groups.words[present[i]], int(sizes[present[i]]), float(mean[i]), float(sd[i]))
            for i in order
        ]

    def to_parquet(self, path: str | PathLike[str], experiment: str = "") -> None:
        """Write the spikes in the layout of the results of Shiu et al. 2024.

        The columns are t (s), trial, flywire_id (the cell: int64 if all names are whole numbers,
        else text) and exp_name. The file keeps its place: an existing file is replaced.

        Raises
        ------
        UsageError
            If pyarrow is not installed.
        ConncoreError
            If the file cannot be written.
        """
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError:
            raise UsageError("Parquet needs pyarrow: pip install 'conncore[formats]'") from None
        path, names = Path(path), self.connectome.names
        if all(name.isascii() and name.isdecimal() and int(name) < 2**63 for name in names):
            ids = pa.array(np.array(names).astype(np.int64)[self.cell])
        else:
            ids = pa.DictionaryArray.from_arrays(pa.array(self.cell), pa.array(names))
        label = pa.array(np.zeros(self.cell.size, np.int8))
        columns = {
            "t": pa.array(self.time),
            "trial": pa.array(self.trial),
            "flywire_id": ids,
            "exp_name": pa.DictionaryArray.from_arrays(label, pa.array([experiment])),
        }
        with disk_errors(path, "give another path"):
            parquet.write_table(pa.table(columns), path, compression="zstd")

    def _by_trial(
        self, groups: NDArray[np.integer], n: int, kept: NDArray[np.bool_] | slice = slice(None)
    ) -> NDArray[np.int64]:
        """Number of spikes of each trial and group, (n_trials, n)."""
        row = np.searchsorted(self.trials, self.trial[kept])
        flat = np.bincount(row * n + groups[kept], minlength=len(self.trials) * n)
        return flat.reshape(len(self.trials), n)

    def __repr__(self) -> str:
        return (
            f"<Simulation of {self.connectome.name!r}: {len(self.trials)} trials, "
            f"{self.cell.size} spikes of {np.unique(self.cell).size} cells>"
        )
