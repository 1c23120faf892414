"""The records of a run: its history, its checkpoints and its solution."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from conncore.optimizers.base import S, Vector

#: One generation of the history. `best`, `mean` and `std` are of the members with finite fitness;
#: `n_failed` counts the others; `n_evaluations` counts all evaluations so far, scouts included.
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
    """The state of a run between two generations.

    Attributes
    ----------
    state : State
        The optimiser's state.
    history : ndarray, shape (n_generations,), dtype `METRICS`
        One record per finished generation.
    n_evaluations : int
        Episodes evaluated so far.
    best_genome : ndarray, shape (n_parameters,), float64
        The genome with the highest finite fitness so far; NaN if there is none yet.
    best_fitness : float
        The fitness of `best_genome`; -inf if there is none yet.
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
        The solution was chosen after this many generations.
    seeds : ndarray, shape (n_starts,), int64
        The starts that scored it: seeds of the split "held-out", see `Task.evaluate`.
    scores : ndarray, shape (n_starts,), float64
        The score from each start.
    """

    genome: Vector
    slices: dict[str, slice]
    chosen: str
    generation: int
    seeds: NDArray[np.int64]
    scores: Vector

    @property
    def mean(self) -> float:
        """Mean score over starts; -inf if a start failed."""
        return float(self.scores.mean())

    @property
    def sd(self) -> float:
        """Standard deviation over starts; NaN if there is one start, or if one failed."""
        if len(self.scores) < 2 or self.n_failed:
            return math.nan
        return float(self.scores.std(ddof=1))

    @property
    def summary(self) -> str:
        """The held-out score in one line."""
        n = len(self.scores)
        spread = "" if math.isnan(self.sd) else f" \N{PLUS-MINUS SIGN} {self.sd:.4g} sd"
        failed = f", {self.n_failed} failed" if self.n_failed else ""
        return f"held-out score {self.mean:.4g}{spread} ({n} start{'s' * (n > 1)}{failed})"

    def __repr__(self) -> str:
        return f"<Best: {self.summary}, {self.chosen}, generation {self.generation}>"

    @property
    def n_failed(self) -> int:
        """Number of starts from which the network or the simulation became non-finite."""
        return int((~np.isfinite(self.scores)).sum())


def metrics_line(record: NDArray[np.void]) -> str:
    """Return a record of the history as a line of JSON; numbers that are not finite are null."""
    values = {name: record[name].item() for name in METRICS.names or ()}
    finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
    return json.dumps(finite) + "\n"


def parse_metrics(line: str) -> tuple[float, ...]:
    """Return the record of a line that `metrics_line` made, as a tuple; null becomes NaN.

    Raises
    ------
    ValueError, KeyError, TypeError
        The line is damaged.
    """
    values = json.loads(line)
    return tuple(math.nan if (v := values[n]) is None else v for n in METRICS.names or ())
