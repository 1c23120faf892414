"""A brain of cells `lif_exp` in plain NumPy: the twin of conncore/_brain.pyx, and its definition.

Every cell is looked at in every step. Its state belongs to its last event, which is an arrival, an
input or a spike. Without an event for d steps, x = x decay_x[d] + g rise[d] and g = g decay_g[d].

Step k, in this order:

1. Cells that are not refractory: a spike where x > theta. Then x = reset, g = 0, and the cell is
   refractory up to step k + refractory - 1.
2. Spikes arrive: short delays first, senders ascending, targets ascending.
3. Inputs move potentials, but not those of refractory cells.

A spike of step k resets the cell after 2 and 3, so what reaches the cell in step k is lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conncore._brain import DEAFENS, DRIVES, MUTES
from conncore.simulation.lif_exp import Tables


class BrainMember:
    """See conncore/_brain.pyi.

    Parameters
    ----------
    every_step : bool
        Every step is an event of every cell, as in a simulator that steps all cells. Rounding then
        differs in the last bits.
    """

    def __init__(
        self,
        synapses: NDArray[np.void],
        splits: NDArray[np.int32],
        delays: NDArray[np.int32],
        neuron: Tables,
        every_step: bool = False,
    ) -> None:
        self.synapses, self.splits, self.delays, self.neuron = synapses, splits, delays, neuron
        self.n_cells = (len(splits) - 1) // len(delays)
        self.every_step = every_step

    def prepare(
        self,
        flags: NDArray[np.int32],
        refractory: NDArray[np.int32],
        current: NDArray[np.float64],
    ) -> None:
        self.flags, self.refractory = flags, refractory
        self.current = np.where(flags & DRIVES, current, 0.0)

    def start(
        self,
        n_steps: int,
        kick_step: NDArray[np.int32],
        kick_cell: NDArray[np.int32],
        kick_size: NDArray[np.float64],
    ) -> None:
        self.kicks = list(zip(kick_step, kick_cell, kick_size, strict=True))
        self.x = -self.current
        self.g = np.zeros(self.n_cells)
        self.next = np.zeros(self.n_cells, np.int64)
        self.free = np.zeros(self.n_cells, np.int64)
        self.sent: list[NDArray[np.intp]] = []

    def state(self, end: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """x and g of all cells before the update of step `end`."""
        tables, last = self.neuron, len(self.neuron.rise) - 1
        frozen = np.clip(np.minimum(self.free, end) - self.next, 0, last)
        g = self.g * tables.decay_g[frozen]
        d = np.clip(end - np.maximum(self.next, self.free), 0, last)
        x = np.where(d > 0, self.x * tables.decay_x[d] + g * tables.rise[d], self.x)
        return x, g * tables.decay_g[d]

    def advance(self, end: int) -> int:
        for k in range(len(self.sent), end):
            if self.every_step:
                self.bring_forward(np.arange(self.n_cells), k)
            self.step(k)
        return sum(map(len, self.sent))

    def bring_forward(self, cells: NDArray[np.intp], end: int) -> None:
        x, g = self.state(end)
        self.x[cells], self.g[cells] = x[cells], g[cells]
        self.next[cells] = np.maximum(self.next[cells], end)

    def step(self, k: int) -> None:
        x, _ = self.state(k + 1)
        spiking = np.flatnonzero((x > self.neuron.theta - self.current) & (k >= self.free))
        self.sent.append(spiking)
        self.x[spiking] = self.neuron.reset - self.current[spiking]
        self.g[spiking] = 0.0
        self.free[spiking] = k + self.refractory[spiking]
        self.next[spiking] = k + 1 if self.neuron.keeps else self.free[spiking]
        hears = (self.flags & DEAFENS) == 0
        if self.neuron.keeps:
            hears[spiking] = False
        else:
            hears &= k >= self.free
        for m, delay in enumerate(self.delays):
            for cell in self.sent[k - delay] if k >= delay else ():
                if self.flags[cell] & MUTES:
                    continue
                row = cell * len(self.delays) + m
                arriving = self.synapses[self.splits[row] : self.splits[row + 1]]
                arriving = arriving[hears[arriving["target"]]]
                self.bring_forward(arriving["target"], k + 1)
                self.g[arriving["target"]] += self.neuron.unit * arriving["weight"].astype(float)
        for _, cell, size in [kick for kick in self.kicks if kick[0] == k]:
            if k >= self.free[cell]:
                self.bring_forward(np.array([cell]), k + 1)
                self.x[cell] += size

    def spikes(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        steps = [np.full(len(cells), k) for k, cells in enumerate(self.sent)]
        nothing = [np.zeros(0, int)]
        return (
            np.concatenate(nothing + steps).astype(np.int32),
            np.concatenate(nothing + self.sent).astype(np.int32),
        )
