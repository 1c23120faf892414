from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Place = tuple[int, int, int]
"""Seed, stream and generation: with a member, what all its numbers depend on."""

def fill_normal(
    out: NDArray[np.float64], members: Sequence[int], place: Place, n_threads: int
) -> None:
    """Write to row r of `out`, (n, m) float64, the m standard normal numbers of members[r]."""

def fill_uniform(out: NDArray[np.float64], members: Sequence[int], place: Place) -> None:
    """Write to row r of `out`, (n, m) float64, the m numbers from U[0, 1) of members[r]."""

def fill_children(
    out: NDArray[np.float64],
    members: Sequence[int],
    place: Place,
    parents: NDArray[np.float64],
    chosen: NDArray[np.intp],
    sigma: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    n_threads: int,
) -> None:
    """Write to row r of `out`: parents[chosen[r]] + sigma * normal numbers, within the bounds.

    `parents` is (n_parents, m), `sigma` and the bounds (m,); the sum of a parameter rounds as
    NumPy's ``normal * sigma + parent``.
    """
