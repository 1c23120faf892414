"""Successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943) over starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from conncore.errors import choose, need, need_count
from conncore.noise import Stream, generator
from conncore.optimizers.base import (
    Matrix,
    Optimizer,
    Scores,
    ScoutingState,
    State,
    Vector,
    read_arrays,
)
from conncore.optimizers.cma import CMA
from conncore.optimizers.es import ES
from conncore.optimizers.ga import GA

INNER: dict[str, type[Optimizer[Any]]] = {"cma": CMA, "es": ES, "ga": GA}
_OUTER = {"population_size", "sigma", "n_scout"}  # given to all starts by their own names
_BY_SLICE = {"slice_sigma", "slice_learning_rate"}
_N_RECENT = 5  # generations that judge a start: each has another start state of the task


def inner_settings(optimizer: str) -> set[str]:
    """Return the settings that the optimiser of each start may have."""
    known = {f.name for f in dataclasses.fields(INNER[optimizer])}  # type: ignore[arg-type]
    # Slices have names only in `init`, before the starts are known.
    return known - {*_OUTER, *_BY_SLICE}


@dataclass(frozen=True, eq=False)
class HalvingState(ScoutingState):
    """State of `SuccessiveHalving`.

    Attributes
    ----------
    optimizer : str
        Name of the optimiser of the starts.
    leaders : ndarray, shape (n_leaders, n_parameters), float64
        While scouting, the best genomes so far, best first. Empty afterwards.
    leader_fitness : ndarray, shape (n_leaders,), float64
        Their fitness.
    recent : ndarray, shape (n_recent, n_starts), float64
        The last generations' fitness of each start, oldest first: the median of its members.
    starts : tuple of State
        The state of the optimiser of each start that is left.
    first : ndarray, shape (n_generations, n_starts), float64
        That fitness of every start of the first rung, in each generation of the rung so far.
    """

    optimizer: str
    leaders: Matrix
    leader_fitness: Scores
    recent: Scores
    starts: tuple[State, ...]
    first: Scores

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state as named arrays; those of start 3 are "starts.3.mean" and so on."""
        own = {name: np.asarray(getattr(self, name)) for name in self._own()}
        return own | {
            f"starts.{number}.{name}": array
            for number, start in enumerate(self.starts)
            for name, array in start.arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> HalvingState:
        """Rebuild the state that `arrays` came from, to the bit; KeyError if one is missing."""
        # Runs of earlier versions did not keep `first`.
        own = read_arrays({"first": np.empty((0, 0)), **arrays}, cls._own())
        kind = INNER[own["optimizer"]].state_type
        parts: dict[str, dict[str, NDArray[Any]]] = {}
        for name, array in arrays.items():
            if name.startswith("starts."):
                _, number, field_name = name.split(".")
                parts.setdefault(number, {})[field_name] = array
        starts = tuple(kind.from_arrays(parts[str(number)]) for number in range(len(parts)))
        if own["recent"].ndim != 2 or own["recent"].shape[1] != len(starts):
            raise ValueError(f"recent has shape {own['recent'].shape} for {len(starts)} starts")
        if own["leader_fitness"].shape != own["leaders"].shape[:1]:
            raise ValueError("leaders and leader_fitness differ in number")
        return cls(starts=starts, **own)

    @classmethod
    def _own(cls) -> list[str]:
        return [f.name for f in dataclasses.fields(cls) if f.name != "starts"]


@dataclass(frozen=True)
class Rung:
    """A part of the search with a fixed number of starts.

    Attributes
    ----------
    n_starts : int
        Number of starts that are left.
    n_generations : int
        Number of generations that each of them runs.
    """

    n_starts: int
    n_generations: int


@dataclass(frozen=True)
class SuccessiveHalving(Optimizer[HalvingState]):
    """Successive halving over starts: many starts run for a short time, and the best run on.

    One start of an evolution strategy may end in a poor local optimum. Here the best of the random
    genomes become starts, and each start has an optimiser of its own. All starts of a rung are one
    population. At the end of a rung, the best ``1 / factor`` of the starts go on to the next rung.
    All rungs cost the same number of episodes. The last rung has fewer than `factor` starts.

    Starts are compared by the median fitness of their members, averaged over the last 5
    generations. The best start is the solution so far. A run with more generations than all rungs
    continues the last rung; a run with fewer ends before the last rung does.

    Parameters
    ----------
    population_size : int
        Number of members of each start.
    sigma : float
        `sigma` of the optimiser of each start.
    n_starts : int
        Number of starts in the first rung.
    factor : int
        Each rung has this many times fewer starts than the rung before.
    n_episodes : int
        Budget of the whole search in episodes, scouts included.
    n_scout : int
        Number of random genomes scored before generation 0; the best become the starts. With 1,
        all starts begin from that genome, and it is not scored.
    optimizer : {"es", "cma", "ga"}
        The optimiser of each start.
    settings : mapping of str to value
        Further hyperparameters of that optimiser, such as ``{"learning_rate": 0.02}``.

    Raises
    ------
    UsageError
        A hyperparameter is out of its range, or the budget is too small for the rungs.

    Examples
    --------
    >>> halving = cc.SuccessiveHalving(population_size=50, n_episodes=10_000, n_scout=1000)
    >>> halving.n_generations
    80
    >>> [halving.n_members(generation) for generation in (1, 80)]
    [600, 50]
    """

    name: ClassVar[str] = "halving"
    state_type: ClassVar[type[State]] = HalvingState
    keeps_bounds: ClassVar[bool] = True  # the optimisers of the starts keep the bounds

    population_size: int = 200
    sigma: float = 0.05
    n_starts: int = 12
    factor: int = 3
    n_episodes: int = 200_000
    n_scout: int = 4000
    optimizer: str = "es"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        choose("optimizer of the starts", self.optimizer, INNER)
        for name in self.settings:
            choose("setting of the starts", name, inner_settings(self.optimizer))
        need_count("n_scout", self.n_scout, 1)
        need_count("n_starts", self.n_starts, 1)
        need_count("factor", self.factor, 2)
        inner = self._inner  # checks population_size, sigma and settings
        need_count("n_episodes", self.n_episodes, 1)
        least = self._n_scored + len(self._sizes()) * self.n_starts * inner.population_size
        need(
            self.n_episodes >= least,
            f"n_episodes is {self.n_episodes}; give at least {least}, so that every rung of "
            f"{self.n_starts} starts by {self.factor} has a generation",
        )

    @property
    def _inner(self) -> Optimizer[Any]:
        """The optimiser of each start."""
        kind = INNER[self.optimizer]
        shared = {"population_size": self.population_size, "sigma": self.sigma}
        scouts = {} if kind is GA else {"n_scout": 1}
        return kind(**shared, **scouts, **self.settings)

    @property
    def _n_scored(self) -> int:
        return self.n_scout if self.n_scout > 1 else 0

    def _sizes(self) -> list[int]:
        """Return the number of starts of each rung."""
        sizes = [self.n_starts]
        while sizes[-1] >= self.factor:
            sizes.append(sizes[-1] // self.factor)
        return sizes

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs, first to last."""
        sizes = self._sizes()
        share = (self.n_episodes - self._n_scored) // len(sizes)
        return tuple(Rung(size, share // (size * self.population_size)) for size in sizes)

    @property
    def n_initial(self) -> int:
        """Number of scouts."""
        return self.n_scout

    @property
    def n_generations(self) -> int:
        """Number of generations of all rungs."""
        return sum(rung.n_generations for rung in self.rungs)

    def n_members(self, generation: int, n_generations: int = 1) -> int:
        """Return the number of members of all starts that are left, over these generations."""
        total, last, stop = 0, generation + n_generations, 0
        for number, rung in enumerate(self.rungs, start=1):
            first, stop = stop, stop + rung.n_generations
            end = last if number == len(self.rungs) else min(stop, last)
            total += rung.n_starts * max(0, end - max(first, generation))
        return total * self.population_size

    def stage(self, generation: int) -> str:
        """Return the number of the rung and of its starts."""
        number, size = self._rung(generation), self._size(generation)
        return f"rung {number + 1}/{len(self.rungs)}, {size} start{'s' * (size > 1)}"

    def sigma_of(self, state: HalvingState) -> float:
        """Return the size of the next steps of the best start."""
        return self._inner.sigma_of(self._starts(state)[_best(state)])

    def center(self, state: HalvingState) -> Vector:
        """Return the solution of the best start."""
        return np.array(state.mean)

    def single_starts(self, state: HalvingState) -> Scores:
        """Return the fitness of each start in each generation of the first rung."""
        return state.first.T

    def _rung(self, generation: int) -> int:
        """Return the number of the rung, from 0, that a generation is in."""
        rungs = self.rungs
        ends = np.cumsum([rung.n_generations for rung in rungs])
        return min(int(np.searchsorted(ends, generation, side="right")), len(rungs) - 1)

    def _size(self, generation: int) -> int:
        """Return the number of starts in a generation."""
        return self.rungs[self._rung(generation)].n_starts

    def _init(self, genomes: Matrix, slices: Mapping[str, slice]) -> dict[str, Any]:
        leaders = genomes if len(genomes) == 1 else genomes[:0]
        return {
            "optimizer": self.optimizer,
            "leaders": leaders,
            "leader_fitness": np.full(len(leaders), -np.inf),
            "recent": np.empty((0, 0)),
            "starts": (),
            "first": np.empty((0, self.n_starts)),
        }

    def _tell_scouts(self, state: Any, members: Matrix, fitness: Vector) -> Any:
        """Keep the best scouts: they become the starts."""
        genomes = np.concatenate([state.leaders, members])
        scores = np.concatenate([state.leader_fitness, fitness])
        best = np.argsort(-scores, kind="stable")[: self.n_starts]
        state = super()._tell_scouts(state, members, fitness)
        return dataclasses.replace(state, leaders=genomes[best], leader_fitness=scores[best])

    def _starts(self, state: HalvingState) -> tuple[State, ...]:
        """Return the states of the starts that are left; before generation 0, begin them."""
        if state.starts:
            return state.starts
        rng = generator(seed=state.seed, stream=Stream.STARTS)
        seeds = rng.integers(2**63 - 1, size=self.n_starts, dtype=np.int64)
        inner = self._inner
        leaders = state.leaders if len(state.leaders) else state.mean[None]
        return tuple(
            inner.init(
                leaders[number % len(leaders)],
                int(seed),
                lower=state.lower,
                upper=state.upper,
            )
            for number, seed in enumerate(seeds)
        )

    def _ask(self, state: HalvingState, n_threads: int) -> Matrix:
        """Return the members of the first start, then those of the next, and so on."""
        inner = self._inner
        return np.concatenate([inner.ask(start, n_threads) for start in self._starts(state)])

    def _tell(self, state: HalvingState, members: Matrix, fitness: Vector) -> dict[str, Any]:
        """Advance each start; at the end of a rung, keep the best starts."""
        inner, starts = self._inner, self._starts(state)
        genomes = members.reshape(len(starts), self.population_size, -1)
        scores = fitness.reshape(len(starts), self.population_size)
        told = [inner.tell(*each) for each in zip(starts, genomes, scores, strict=True)]
        before = state.recent if state.starts else np.empty((0, len(starts)))
        medians = np.median(scores, axis=1)[None]
        recent = np.concatenate([before[1 - _N_RECENT :], medians])
        first = state.first
        if len(first) == state.generation < self.rungs[0].n_generations:
            first = np.concatenate([first, medians])
        order = np.argsort(-recent.mean(axis=0), kind="stable")
        left = np.sort(order[: self._size(state.generation + 1)])
        return {
            "mean": inner.center(told[order[0]]),
            "leaders": state.leaders[:0],
            "leader_fitness": state.leader_fitness[:0],
            "recent": recent[:, left],
            "starts": tuple(told[number] for number in left),
            "first": first,
        }


def _best(state: HalvingState) -> int:
    """Return the number of the best start among those left."""
    return int(np.argmax(state.recent.mean(axis=0))) if len(state.recent) else 0
