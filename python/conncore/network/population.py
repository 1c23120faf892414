"""The compiled populations that run a network's members."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from conncore import _kernels
from conncore._events import EventPopulation
from conncore._population import Population
from conncore.network.topology import Topology

Array = NDArray[np.float64]

# Where events beat lanes (see `Network.representation`), measured with `conncore bench large`.
FEW_MEMBERS = 4
BLOCK = 16  # members that lanes round up to
EVENTS_FROM = 5_000  # synapses
MOST_LANE_WEIGHTS = 100_000_000  # 0.4 GB


def representation(n_members: int, n_synapses: int) -> str:
    """Return how so many members of a network run; see `Network.representation`."""
    if n_members <= FEW_MEMBERS and n_synapses >= EVENTS_FROM:
        return "events"
    n_weights = -(-n_members // BLOCK) * BLOCK * n_synapses
    return "events" if n_weights > MOST_LANE_WEIGHTS else "lanes"


def make_population(
    topology: Topology,
    neuron: str,
    values: Mapping[str, Array],
    constants: Mapping[str, Array],
    *,
    trace: float,
    n_threads: int,
    n_repeats: int,
    linear: bool,
    delay: int,
) -> Population | EventPopulation:
    """Return members in lanes, or on events if a row of synapses is a presynaptic cell.

    Parameters
    ----------
    topology : Topology
    neuron : str
        Name of a neuron model.
    values : mapping of str to (n_members, n) float64
        Values of the topology's maps and biases, as `Network.values` has them.
    constants : mapping of str to (n_members,) float64
        Constants of the neuron model.
    trace, n_threads, n_repeats, linear, delay
        As for `Population`.
    """
    model = _kernels.load(neuron)
    stacked = np.stack([constants[name] for name in model.CONSTANTS], axis=1)
    lanes = topology.rows == "post"
    kind = Population if lanes else EventPopulation
    return kind(
        topology,
        _kernels.load("network" if lanes else "events"),
        model,
        {**values, "constants": stacked},
        trace=trace,
        n_threads=n_threads,
        n_repeats=n_repeats,
        linear=linear,
        delay=delay,
    )
