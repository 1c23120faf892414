"""What a run remembers: its history, its checkpoints, its solution."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from conncore.optimizers.base import S, Vector

#: A generation in the history: fitness over the members whose fitness is finite, the members whose
#: fitness is not, all evaluations of the run so far (scouts too), and the size of the steps.
METRICS = np.dtype(
    [
        ("generation", np.int64),
        ("best", np.float64),
        ("mean", np.float64),
        ("std", np.float64),
        ("n_failed", np.int64),
        ("n_evaluations", np.int64),
        ("sigma", np.float64),
    ]
)


@dataclass(frozen=True, eq=False)
class Checkpoint(Generic[S]):
    """A run between two generations.

    Attributes
    ----------
    state : State
        The optimiser's state.
    history : ndarray, shape (n_generations,), dtype `METRICS`
        One record per finished generation.
    n_evaluations : int
        Episodes evaluated so far.
    best_genome : ndarray, shape (n_parameters,), float64
        The genome with the highest finite fitness so far; NaN before there is one.
    best_fitness : float
        Its fitness; -inf before there is one.
    """

    state: S
    history: NDArray[np.void]
    n_evaluations: int
    best_genome: Vector
    best_fitness: float


@dataclass(frozen=True, eq=False)
class Best:
    """A run's solution.

    Attributes
    ----------
    genome : ndarray, shape (n_parameters,), float64
    slices : dict of str to slice
        The genome's named slices.
    chosen : str
        "archive" (the best single member ever) or "center" (the optimiser's own solution).
    generation : int
        Generations after which it was chosen.
    seeds : ndarray, shape (n_starts,), int64
        The starts that scored it: seeds of the split "held-out", see `Task.evaluate`.
    scores : ndarray, shape (n_starts,), float64
        Its score from each of them.
    """

    genome: Vector
    slices: dict[str, slice]
    chosen: str
    generation: int
    seeds: NDArray[np.int64]
    scores: Vector

    @property
    def mean(self) -> float:
        """Mean score; -inf if a start failed."""
        return float(self.scores.mean())

    @property
    def sd(self) -> float:
        """Standard deviation of the scores over starts; NaN with one start, or if one failed."""
        if len(self.scores) < 2 or self.n_failed:
            return math.nan
        return float(self.scores.std(ddof=1))

    @property
    def n_failed(self) -> int:
        """Starts from which the network or the simulation became non-finite."""
        return int((~np.isfinite(self.scores)).sum())


def metrics_line(record: NDArray[np.void]) -> str:
    """Return a record of the history as a line of JSON; null stands for what is not finite."""
    values = {name: record[name].item() for name in METRICS.names or ()}
    finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
    return json.dumps(finite) + "\n"
