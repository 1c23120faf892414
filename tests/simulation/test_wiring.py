"""Synapses are grouped by cell and delay, and what cannot be simulated is refused."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.simulation.wiring import wire
from small_connectomes import three_cells

SIGNED = {"sign": [-1, 1, 1]}


def rows(synapses):
    """(cell, delay, target, weight) of each synapse, in order."""
    n = len(synapses.delays)
    return [
        (row // n, int(synapses.delays[row % n]), int(s["target"]), float(s["weight"]))
        for row in range(len(synapses.splits) - 1)
        for s in synapses.synapses[synapses.splits[row] : synapses.splits[row + 1]]
    ]


def test_one_delay():
    found = wire(three_cells(**SIGNED), 18, 0.1, None)
    assert rows(found) == [(0, 18, 1, 1.0), (0, 18, 2, 2.0), (2, 18, 1, -3.0)]


def test_a_delay_per_edge():
    """In the connectome's order, by presynaptic, then postsynaptic cell; rounded to steps."""
    found = wire(three_cells(**SIGNED), 18, 0.1, [0.52, 0.1, 0.48])
    assert rows(found) == [(0, 1, 2, 2.0), (0, 5, 1, 1.0), (2, 5, 1, -3.0)]
    assert found.delays.tolist() == [1, 5]


def test_no_edges():
    found = wire(three_cells(**SIGNED).subset(["A"]), 18, 0.1, None)
    assert found.splits.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("changes", "delays", "message"),
    [
        ({}, None, "the sign of 1 of 3 chemical edges is unknown; choose a policy"),
        (SIGNED, [1.0, 2.0], r"delays are float64 \(2,\); give a number of ms for each of 3 edges"),
        (SIGNED, ["a", "b", "c"], "delays are <U1"),
        (SIGNED, [1.0, 0.0, 2.0], "delay is 0.0 ms; give at least one step of 0.1 ms"),
        (SIGNED, [1.0, np.nan, 2.0], "delays hold a number that is not finite"),
        ({**SIGNED, "weight": [1e39, 1.0, 1.0]}, None, "weight 1e.39 does not fit float32"),
    ],
)
def test_what_cannot_be_simulated_is_refused(changes, delays, message):
    with pytest.raises(UsageError, match=message):
        wire(three_cells(**changes), 18, 0.1, delays)
