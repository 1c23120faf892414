"""Maximise a function of a vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.errors import ConncoreError, UsageError, need_count, real_array
from conncore.noise import check_seed
from conncore.optimizers.base import Optimizer
from conncore.optimizers.cma import CMA

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Optimum:
    """What `optimize` found.

    Attributes
    ----------
    x : (n,) float64
        The best vector that was evaluated.
    fitness : float
        Its fitness.
    center : (n,) float64
        The optimiser's own solution, such as the mean of an ES. On a noisy function it is often
        better than `x`.
    history : (n_generations,) float64
        The best fitness of each generation; -inf where none was finite.
    n_evaluations : int
    """

    x: Vector
    fitness: float
    center: Vector
    history: Vector
    n_evaluations: int


def optimize(
    function: Callable[[Vector], ArrayLike],
    n: int,
    optimizer: Optimizer[Any] | None = None,
    generations: int | None = None,
    seed: int = 0,
    *,
    start: ArrayLike | None = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
) -> Optimum:
    """Maximise a function of n numbers.

    Parameters
    ----------
    function : callable
        Takes (n_members, n) float64, one vector per row, and returns (n_members,) fitness. The
        larger fitness is the better one. A fitness that is not finite counts as the worst.
    n : int
        Length of a vector.
    optimizer : Optimizer, optional
        ``CMA()`` if not given. Its `sigma` is in the unit of the vectors.
    generations : int, optional
        If not given, the number of the optimiser: 100, or what uses its budget.
    seed : int
        The same seed gives the same result, to the bit.
    start : (n,) float64 or (k, n) float64, optional
        Where the search starts: zeros if not given. If there are k > 1 vectors, an optimiser with a
        mean scores them first and starts from the best one.
    lower, upper : float or (n,) float64, optional
        Bounds that every vector keeps.

    Returns
    -------
    Optimum

    Raises
    ------
    UsageError
        An argument is wrong, or the function does not return one fitness per row.
    ConncoreError
        No fitness of the first generation is finite.

    Examples
    --------
    >>> found = cc.optimize(lambda x: -((x - 1) ** 2).sum(axis=1), 5)
    >>> bool(found.fitness > -1e-6)
    True
    """
    need_count("n", n)
    seed = check_seed(seed)
    optimizer = CMA() if optimizer is None else optimizer
    total = (
        optimizer.n_generations if generations is None else need_count("generations", generations)
    )
    initial = np.zeros(n) if start is None else np.asarray(real_array("start", start))
    if initial.shape[-1:] != (n,) or initial.ndim > 2:
        raise UsageError(f"start has shape {initial.shape}, needs ({n},) or (k, {n})")
    bounds = [
        b if b is None else np.broadcast_to(real_array("bound", b), n) for b in (lower, upper)
    ]
    state = optimizer.init(initial, seed, lower=bounds[0], upper=bounds[1])
    best, fitness, n_evaluations = optimizer.center(state), -np.inf, 0
    history: list[float] = []
    while state.generation < total:
        members = optimizer.ask(state)
        scores = np.asarray(real_array("fitness", function(members.copy())), dtype=np.float64)
        if scores.shape != (len(members),):
            raise UsageError(
                f"function returned fitness of shape {scores.shape} for {len(members)} vectors"
            )
        scores = np.where(np.isfinite(scores), scores, -np.inf)
        winner = int(scores.argmax())
        if scores[winner] > fitness:
            best, fitness = members[winner].copy(), float(scores[winner])
        n_evaluations += len(members)
        before = state.generation
        state = optimizer.tell(state, members, scores)
        if state.generation > before:
            history.append(float(scores[winner]))
            if not np.isfinite(fitness):
                raise ConncoreError("no fitness of the first generation is finite")
    return Optimum(best, fitness, optimizer.center(state), np.array(history), n_evaluations)
