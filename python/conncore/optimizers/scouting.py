"""Scouting: random genomes scored before generation 0, whose best is where a strategy starts.

From one random genome a strategy often settles on doing nothing.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from conncore.optimizers.base import Matrix, State, Vector, check_told


@dataclass(frozen=True, eq=False)
class ScoutingState(State):
    """State of a strategy with a mean.

    Attributes
    ----------
    mean : ndarray, shape (n_parameters,), float64
        The solution so far; while scouting, the best scout so far.
    scouts : ndarray, shape (n_left, n_parameters), float64
        Random genomes still to be scored before generation 0.
    scout_fitness : float
        Fitness of the best scout so far.
    """

    mean: Vector
    scouts: Matrix
    scout_fitness: float


S = TypeVar("S", bound=ScoutingState)


def first_scouts(genomes: Matrix) -> Matrix:
    """Return the initial genomes that have to be scored: all, or none of a single one."""
    return genomes if len(genomes) > 1 else genomes[:0]


def tell_scouts(state: S, population: ArrayLike, fitness: ArrayLike, population_size: int) -> S:
    """Return the state after the next scouts were scored, the best of all being the mean."""
    n_asked = min(len(state.scouts), population_size)
    genomes, scores = check_told(population, fitness, n_asked)
    best = int(np.argmax(scores))
    left = state.scouts[n_asked:]
    if scores[best] <= state.scout_fitness:
        return dataclasses.replace(state, scouts=left)
    return dataclasses.replace(
        state, mean=genomes[best].copy(), scouts=left, scout_fitness=float(scores[best])
    )
