"""The inputs of a simulation: Poisson spikes, fixed spikes and currents, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.connectome import Connectome
from conncore.connectome.select import select
from conncore.errors import UsageError, need
from conncore.noise import Stream, generator

Kicks = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]
"""Step, cell and size (mV) of every input spike, by step, then cell."""


class Cells:
    """Finds cells of a connectome by name."""

    def __init__(self, connectome: Connectome) -> None:
        self._connectome = connectome
        self._place = {name: i for i, name in enumerate(connectome.names)}

    def find(self, what: str, names: Sequence[str]) -> NDArray[np.int32]:
        """Return the indices of cells, ascending.

        Raises
        ------
        UsageError
            If there are none, a name is not a cell's, or a name is given twice.
        """
        need(not isinstance(names, str), f"{what} is {names!r}; give a list of cell names")
        names = list(names)
        need(bool(names), f"{what} names no cell; give at least one")
        if any(name not in self._place for name in names):
            select(self._connectome, [str(name) for name in names])  # raises with advice
            raise UsageError(f"{what} holds {names[0]!r}; cell names are text")
        cells = np.array(sorted(self._place[name] for name in names), np.int32)
        twice = cells[1:][cells[1:] == cells[:-1]]
        if twice.size:
            raise UsageError(f"{what} names cell {self._connectome.names[twice[0]]!r} twice")
        return cells


@dataclass(frozen=True, eq=False)
class Inputs:
    """What drives the cells in every trial.

    Attributes
    ----------
    groups : tuple of (float, (n,) int32)
        Chance of an input spike in one step, and the cells with this chance.
    fixed : Kicks
        Input spikes that are equal in all trials.
    current : (n_cells,) float64
        mV; 0 for most cells.
    size : float
        What an input spike adds to the potential, mV.
    n_steps : int
        Steps with Poisson spikes.
    """

    groups: tuple[tuple[float, NDArray[np.int32]], ...]
    fixed: Kicks
    current: NDArray[np.float64]
    size: float
    n_steps: int

    @property
    def cells(self) -> NDArray[np.int32]:
        """The cells that receive input spikes, ascending."""
        return np.unique(np.concatenate([self.fixed[1], *(cells for _, cells in self.groups)]))

    @property
    def end(self) -> int | None:
        """The step after the last one with input; None if a current never ends."""
        if self.current.any():
            return None
        last = self.fixed[0].max(initial=-1) + 1
        return max(int(last), self.n_steps if self.groups else 0)

    def expected(self, start: int) -> float:
        """The expected number of input spikes of a trial from step `start` on."""
        drawn = sum(chance * cells.size for chance, cells in self.groups)
        return drawn * max(0, self.n_steps - start) + int((self.fixed[0] >= start).sum())

    def kicks(self, seed: int, trial: int) -> Kicks:
        """Draw the input spikes of a trial; they depend on the seed, the trial and the groups."""
        drawn = [self.fixed]
        for number, (chance, cells) in enumerate(self.groups):
            rng = generator(seed=seed, stream=Stream.DRIVE, generation=number, member=trial)
            places = bernoulli(rng, chance, self.n_steps * cells.size)
            steps, which = np.divmod(places, cells.size)
            size = np.full(places.size, self.size)
            drawn.append((steps.astype(np.int32), cells[which], size))
        if len(drawn) == 2 and not drawn[0][0].size:
            return drawn[1]  # sorted already
        steps, cells, size = (np.concatenate(column) for column in zip(*drawn, strict=True))
        order = np.lexsort((cells, steps))
        return steps[order], cells[order], size[order]


def bernoulli(rng: np.random.Generator, chance: float, n: int) -> NDArray[np.int64]:
    """The successes among `n` trials, ascending, drawn by the gaps between them."""
    log_failure = math.log1p(-chance) if chance < 1 else -math.inf
    n_drawn = int(n * chance + 5 * math.sqrt(n * chance)) + 16
    found: list[NDArray[np.int64]] = []
    place = -1
    while place < n:
        gaps = np.floor(np.log1p(-rng.random(n_drawn)) / log_failure)
        # No gap is longer than n, so that sums cannot overflow.
        places = place + np.cumsum(np.minimum(gaps, n).astype(np.int64) + 1)
        found.append(places)
        place = int(places[-1])
    places = np.concatenate(found)
    return places[places < n]


def make_inputs(
    cells: Cells,
    n_cells: int,
    *,
    activate: Sequence[str] | Mapping[str, float] | None,
    rate: float,
    input_spikes: Mapping[str, ArrayLike] | None,
    current: Mapping[str, float] | None,
    size: float,
    dt: float,
    n_steps: int,
    n_driven: int,
) -> Inputs:
    """Check what the user gave, see `Simulator.run`; `dt` in ms, `n_driven` steps with input."""
    groups: list[tuple[float, NDArray[np.int32]]] = []
    if isinstance(activate, Mapping):
        for value in sorted(set(activate.values()), reverse=True):
            names = [name for name, given in activate.items() if given == value]
            groups.append((_chance(value, dt), cells.find("activate", names)))
        need(bool(activate), "activate names no cell; give at least one")
    elif activate is not None:
        groups.append((_chance(rate, dt), cells.find("activate", activate)))
    flow = np.zeros(n_cells)
    if current is not None:
        for name, value in current.items():
            ok = isinstance(value, Real) and math.isfinite(value)
            need(ok, f"current of {name!r} is {value!r}; give a number of mV")
            flow[cells.find("current", [name])] = value
    fixed = _fixed(cells, input_spikes or {}, size, dt, n_steps)
    driven = [group for group in groups if group[0] > 0]
    return Inputs(tuple(driven), fixed, flow, size, n_driven)


def _chance(rate: Any, dt: float) -> float:
    """The chance of an input spike in a step, at `rate` Hz."""
    most = 1000 / dt
    ok = isinstance(rate, Real) and 0 <= float(rate) <= most
    need(ok, f"rate is {rate!r}; give 0 to {most:g} Hz, one input spike in every step")
    return min(1.0, float(rate) * dt / 1000)


def _fixed(
    cells: Cells, given: Mapping[str, ArrayLike], size: float, dt: float, n_steps: int
) -> Kicks:
    steps: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
    which: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
    for name, values in given.items():
        times = np.asarray(values, np.float64).ravel()
        found = np.rint(times * 1000 / dt)
        if not np.all((found >= 0) & (found < n_steps)):  # also NaN
            wrong = times[~((found >= 0) & (found < n_steps))][0]
            raise UsageError(
                f"input_spikes of {name!r} hold {wrong:g} s; give times from 0 to the end, "
                f"{n_steps * dt / 1000:g} s"
            )
        steps.append(found.astype(np.int32))
        which.append(np.full(times.size, cells.find("input_spikes", [name])[0], np.int32))
    step, cell = np.concatenate(steps), np.concatenate(which)
    order = np.lexsort((cell, step))
    return step[order], cell[order], np.full(step.size, size)
