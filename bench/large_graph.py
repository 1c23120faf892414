"""Generates a network of fly size with known activity: log-normal weights, a ring of drivers.

If a driver spikes, a group of cells and the next driver of the ring spike in the next step. So the
number of drivers that spike in the first step determines how many cells are active in every later
step, and the synapses of all cells are used in turn. All other weights are too small to make a cell
spike. This file needs only NumPy, so that peers in other environments can use it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LOG_WEIGHT = -9.0  # of a synapse with weight 1: far below threshold
STRONG = 30_000.0  # weight of a driver's synapse: exp(-9) * 30,000 is 3.7 thresholds


def make_graph(n_cells: int, n_edges: int, n_drivers: int, seed: int) -> dict[str, NDArray[Any]]:
    """Edges in random order: pre, post, weight, sign. The first cells are the drivers.

    Weights are log-normal; a fifth of the cells inhibit.
    """
    rng = np.random.default_rng(seed)
    n_others = n_cells - n_drivers
    followers = n_drivers + rng.permutation(n_others)
    drivers = np.arange(n_others) % n_drivers
    ring = np.arange(n_drivers)
    n_random = n_edges - n_others - n_drivers
    # Indices of the edges in the matrix of the remaining pairs, ascending, so no pair occurs twice.
    free = n_others * n_cells
    gaps = rng.integers(1, max(2, 2 * free // n_random), n_random)
    places = np.cumsum(gaps)
    places = places[places < free]
    graph = {
        "pre": np.concatenate((drivers, ring, n_drivers + places // n_cells)),
        "post": np.concatenate((followers, (ring + 1) % n_drivers, places % n_cells)),
        "weight": np.concatenate((
            np.full(n_others + n_drivers, STRONG), rng.lognormal(0.0, 1.0, places.size)
        )),
    }  # fmt: skip
    inhibits = rng.random(n_cells) < 0.2
    inhibits[:n_drivers] = False
    graph["sign"] = np.where(inhibits, -1, 1).astype(np.int8)[graph["pre"]]
    shuffled = rng.permutation(graph["pre"].size)
    return {
        name: (array[shuffled].astype(np.int32) if name in ("pre", "post") else array[shuffled])
        for name, array in graph.items()
    }


def kicked(n_drivers: int, activity: float) -> NDArray[np.intp]:
    """The drivers to start, evenly spread, so that this share of the cells is active in a step."""
    n = max(1, round(activity * n_drivers))
    return np.arange(n) * n_drivers // n
