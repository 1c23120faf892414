"""The synapses of a connectome, as the simulator sends along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore._brain import SYNAPSE
from conncore.connectome import Connectome
from conncore.connectome.signs import unknown_signs
from conncore.errors import UsageError, need
from conncore.simulation.lif_exp import delay_steps

_MOST_DELAYS = 1000


@dataclass(frozen=True, eq=False)
class Synapses:
    """Signed synapses, those of a presynaptic cell together, sorted by delay, then target.

    Attributes
    ----------
    synapses : (n_edges,) SYNAPSE
        Target and signed weight.
    delays : (n_delays,) int32
        The delays that occur, in steps, ascending.
    splits : (n_cells * n_delays + 1,) int32
        The first synapse of each cell and delay.
    """

    synapses: NDArray[np.void]
    splits: NDArray[np.int32]
    delays: NDArray[np.int32]


def wire(connectome: Connectome, delay: int, dt: float, delays: ArrayLike | None) -> Synapses:
    """Return the chemical synapses of a connectome; weights are rounded to float32.

    Parameters
    ----------
    delay : int
        The delay of all edges, in steps, if `delays` is None.
    dt : float
        Length of a step, ms.
    delays : (n_edges,) float, optional
        The delay of each edge, ms, in the connectome's order.

    Raises
    ------
    UsageError
        If signs are unknown, or delays are below one step, not one per edge, or too many.
    """
    if connectome.n_unknown:
        raise UsageError(unknown_signs(connectome))
    synapses = np.empty(connectome.n_edges, SYNAPSE)
    synapses["target"] = connectome.post
    with np.errstate(over="ignore"):
        synapses["weight"] = connectome.weight * connectome.sign
    wrong = np.flatnonzero(~np.isfinite(synapses["weight"]))
    if wrong.size:
        raise UsageError(f"weight {connectome.weight[wrong[0]]:g} does not fit float32")
    if delays is None:
        return Synapses(synapses, connectome.indptr, np.array([delay], np.int32))
    steps = _delay_steps(np.asarray(delays), connectome.n_edges, dt)
    known, group = np.unique(steps, return_inverse=True)
    n = known.size
    need(n <= _MOST_DELAYS, f"there are {n} different delays in steps; at most {_MOST_DELAYS}")
    rows = connectome.pre.astype(np.int64) * n + group
    counts = np.bincount(rows, minlength=connectome.n_cells * n)
    splits = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return Synapses(synapses[np.argsort(rows, kind="stable")], splits, known)


def _delay_steps(delays: NDArray[np.generic], n_edges: int, dt: float) -> NDArray[np.int32]:
    if delays.shape != (n_edges,) or delays.dtype.kind not in "iuf":
        raise UsageError(
            f"delays are {delays.dtype} {delays.shape}; give a number of ms for each of "
            f"{n_edges} edges"
        )
    values = delays.astype(np.float64)
    if not values.size:
        return np.ones(1, np.int32)[:0]
    finite = np.isfinite(values)
    need(bool(finite.all()), "delays hold a number that is not finite")
    for extreme in (values.min(), values.max()):
        delay_steps(float(extreme), dt)
    return np.rint(values / dt).astype(np.int32)
