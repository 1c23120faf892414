"""The paper's genetic algorithm: elites and their mutated children, no crossover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from conncore._noise import fill_children
from conncore.errors import need, need_count, need_factor, need_positive
from conncore.noise import Stream, uniform
from conncore.optimizers.base import Matrix, Optimizer, State, Vector, by_slice, check_slices


@dataclass(frozen=True, eq=False)
class GAState(State):
    """State of `GA`.

    Attributes
    ----------
    parents : ndarray, shape (n_parents, n_parameters), float64
        The elites, best first; before generation 0 is told, all of its members.
    sigma : ndarray, shape (n_parameters,), float64
        Size of each parameter's step before decay.
    """

    parents: Matrix
    sigma: Vector


@dataclass(frozen=True)
class GA(Optimizer[GAState]):
    """Genetic algorithm of arXiv 2209.14406, after Such et al. 2017 (arXiv 1712.06567).

    Generation 0 is the initial genomes, or copies of a single one. After that, the `n_elites` best
    members of a generation stay in the next one, unmutated, and are evaluated again. Every other
    member is a child: a copy of an elite, drawn uniformly, plus a Gaussian step of size
    ``sigma * sigma_decay**generation``.

    Parameters
    ----------
    population_size, n_elites : int
        Number of members of a generation, and of those that stay.
    sigma : float
        Size of a parameter's step, in the unit of that parameter.
    sigma_decay : float
        Factor on the size of every step, per generation.
    slice_sigma : mapping of str to float
        Sizes that replace `sigma` in a slice of the genome, as ``{"log_weights": 0.02}``. With 0,
        the slice does not evolve.

    Raises
    ------
    UsageError
        A hyperparameter is out of its range.

    Examples
    --------
    >>> ga = cc.GA(population_size=20, n_elites=2, sigma=0.3)
    >>> state = ga.init(np.zeros((1, 3)), seed=0)
    >>> for generation in range(200):
    ...     members = ga.ask(state)  # (20, 3)
    ...     state = ga.tell(state, members, -((members - 1) ** 2).sum(axis=1))
    ...
    >>> ga.center(state).round(1)
    array([1., 1., 1.])
    """

    name: ClassVar[str] = "ga"
    state_type: ClassVar[type[State]] = GAState
    keeps_bounds: ClassVar[bool] = True  # the kernel clips children; parents are clipped already

    population_size: int = 750
    n_elites: int = 8
    sigma: float = 0.01
    sigma_decay: float = 0.997
    slice_sigma: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        need_count("population_size", self.population_size, 2)
        need_count("n_elites", self.n_elites, 1)
        need(
            self.n_elites < self.population_size,
            f"n_elites is {self.n_elites}; give fewer than population_size, "
            f"which is {self.population_size}",
        )
        need_positive("sigma", self.sigma)
        need_factor("sigma_decay", self.sigma_decay)
        check_slices("slice_sigma", {k: v for k, v in self.slice_sigma.items() if v != 0})

    @property
    def n_initial(self) -> int:
        """Number of members of generation 0."""
        return self.population_size

    def sigma_of(self, state: GAState) -> float:
        """Return the size of the next children's steps, except in slices that have their own."""
        return float(self.sigma * self.sigma_decay**state.generation)

    def _init(self, genomes: Matrix, slices: Mapping[str, slice]) -> dict[str, Any]:
        """Take the genomes as generation 0; a single one becomes all its members."""
        if len(genomes) == 1:
            genomes = np.repeat(genomes, self.population_size, axis=0)
        need(
            len(genomes) == self.population_size,
            f"the GA starts from {self.population_size} genomes or from one, not {len(genomes)}",
        )
        sigma = by_slice(self.sigma, self.slice_sigma, slices, genomes.shape[1])
        return {"parents": genomes, "sigma": sigma}

    def _ask(self, state: GAState, n_threads: int) -> Matrix:
        """Return the elites, best first, and then their children."""
        if state.generation == 0:
            return np.array(state.parents)
        n_parents, n_parameters = state.parents.shape
        children = range(n_parents, self.population_size)
        chosen = uniform(
            children, 1, seed=state.seed, stream=Stream.PARENT, generation=state.generation
        )[:, 0]
        members: Matrix = np.empty((self.population_size, n_parameters))
        members[:n_parents] = state.parents
        fill_children(
            members[n_parents:],
            children,
            (state.seed, Stream.MUTATION, state.generation),
            np.ascontiguousarray(state.parents),
            (chosen * n_parents).astype(np.intp),
            state.sigma * self.sigma_decay**state.generation,
            state.lower,
            state.upper,
            n_threads,
        )
        return members

    def _tell(self, state: GAState, members: Matrix, fitness: Vector) -> dict[str, Any]:
        """Keep the best members as parents; failed members are parents only if all failed."""
        # A stable sort: of equal members the first wins, so an equal child replaces no elite.
        best = np.argsort(-fitness, kind="stable")[: self.n_elites]
        finite = best[fitness[best] > -np.inf]
        return {"parents": members[finite if len(finite) else best]}

    def center(self, state: GAState) -> Vector:
        """Return the first elite."""
        return np.array(state.parents[0])
