"""Random networks of `lif_exp` for the simulator's kernel and its twin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conncore._brain import DEAFENS, DRIVES, MUTES
from conncore.connectome import Connectome
from conncore.simulation.lif_exp import LifExp
from conncore.simulation.wiring import wire

DT = 0.1


@dataclass
class RandomBrain:
    """Arguments of a `BrainMember`, and of its `prepare` and `start`."""

    member: tuple
    shared: tuple
    kicks: tuple
    n_steps: int

    def run(self, kind, n_steps=None, **options):
        """Steps and cells of all spikes by a kind of member."""
        member = kind(*self.member, **options)
        member.prepare(*self.shared)
        member.start(self.n_steps, *self.kicks)
        member.advance(self.n_steps if n_steps is None else n_steps)
        return member.spikes()


def connectome_of(pre, post, weight, n_cells, name="random"):
    return Connectome.from_edges(
        name, pre, post, weight=np.abs(weight), sign=np.sign(weight).astype(np.int8),
        names=[f"c{i}" for i in range(n_cells)],
    )  # fmt: skip


def random_brain(
    seed, *, refractory="drop", n_cells=30, n_steps=800, n_delays=6, strength=3.5, **constants
):
    """Delays per edge; cells that are driven, silenced, deaf or given a current; whole counts and
    others."""
    rng = np.random.default_rng(seed)
    pre, post = np.nonzero(rng.random((n_cells, n_cells)) < 0.3)
    weight = rng.lognormal(strength, 1.0, pre.size)
    if seed % 2:
        weight = np.ceil(weight)
    weight *= np.where(rng.random(n_cells) < 0.3, -1, 1)[pre]
    neuron = LifExp(refractory=refractory, **constants)
    tables = neuron.tables(DT)
    delays = rng.integers(1, n_delays + 1, pre.size) * DT
    synapses = wire(connectome_of(pre, post, weight, n_cells), 1, DT, delays)
    flags = rng.choice([0, 0, 0, 0, 0, 0, MUTES, DEAFENS, MUTES | DEAFENS], n_cells)
    current = np.where(rng.random(n_cells) < 0.2, rng.normal(0.0, 8.0, n_cells), 0.0)
    flags |= np.where(current, DRIVES, 0)
    driven = rng.random(n_cells) < 0.2
    period = np.where(driven, 1, max(1, tables.refractory))
    step, cell = np.nonzero(rng.random((n_steps, n_cells)) < 0.04 * driven)
    size = np.where(rng.random(step.size) < 0.7, tables.kick, rng.normal(0.0, 5.0, step.size))
    return RandomBrain(
        (synapses.synapses, synapses.splits, synapses.delays, tables),
        (flags.astype(np.int32), period.astype(np.int32), current),
        (step.astype(np.int32), cell.astype(np.int32), size),
        n_steps,
    )
