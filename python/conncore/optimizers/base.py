"""What every optimiser shares: ask/tell over arrays, the state apart from the hyperparameters."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.errors import UsageError

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
S = TypeVar("S", bound="State")


@dataclass(frozen=True, eq=False)
class State:
    """Everything an optimiser must remember from one generation to the next, as plain arrays.

    Attributes
    ----------
    seed : int
        Seed of all the optimiser's noise.
    generation : int
        Number of generations told so far.
    lower, upper : ndarray, shape (n_parameters,), float64
        Bounds that every asked genome keeps.
    """

    seed: int
    generation: int
    lower: Vector
    upper: Vector

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state as named arrays (numbers as 0-d arrays), for `numpy.savez`."""
        return {f.name: np.asarray(getattr(self, f.name)) for f in dataclasses.fields(self)}

    @classmethod
    def from_arrays(cls: type[S], arrays: Mapping[str, NDArray[Any]]) -> S:
        """Rebuild the state that `arrays` came from, to the bit; KeyError if one is missing."""
        loaded = {f.name: np.asarray(arrays[f.name]) for f in dataclasses.fields(cls)}
        values: dict[str, Any] = {k: v if v.ndim else v.item() for k, v in loaded.items()}
        return cls(**values)


class Optimizer(ABC, Generic[S]):
    """An optimiser that maximises fitness; subclasses are frozen dataclasses of hyperparameters.

    ``state = init(...)``, then again and again ``population = ask(state)`` and
    ``state = tell(state, population, fitness)``. `ask` is pure: it changes nothing and gives the
    same population for the same state. A fitness that is not finite counts as the worst.
    """

    name: ClassVar[str]
    state_type: ClassVar[type[State]]
    population_size: int

    @property
    @abstractmethod
    def n_initial(self) -> int:
        """Number of random genomes that `init` asks for."""

    @abstractmethod
    def init(
        self,
        initial: ArrayLike,
        seed: int,
        slices: Mapping[str, slice] | None = None,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
    ) -> S:
        """Return the state before the first generation.

        Parameters
        ----------
        initial : array_like, shape (n, n_parameters), float
            The genomes to start from: `n_initial` random ones, or a single one.
        seed : int
            Seed of all further noise.
        slices : mapping of str to slice, optional
            Which parameters a name stands for, for settings that differ by slice.
        lower, upper : array_like, shape (n_parameters,), optional
            Bounds; unbounded where missing.
        """

    @abstractmethod
    def ask(self, state: S, n_threads: int | None = None) -> Matrix:
        """Return the genomes to evaluate, shape (n_members, n_parameters).

        They do not depend on `n_threads`, the threads that draw them (all cores if not given).
        """

    @abstractmethod
    def tell(self, state: S, population: ArrayLike, fitness: ArrayLike) -> S:
        """Return the state after `population` (from `ask`) scored `fitness` (n_members,)."""

    @abstractmethod
    def center(self, state: S) -> Vector:
        """Return the genome that stands for the whole population, shape (n_parameters,)."""

    @abstractmethod
    def sigma_of(self, state: S) -> float:
        """Return the size of the Gaussian steps that `ask` takes next."""

    def describe(self) -> dict[str, Any]:
        """Return the name and the hyperparameters; ``make_optimizer(**describe())`` rebuilds it."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]  # subclasses are dataclasses
        return {"name": self.name} | {f.name: getattr(self, f.name) for f in fields}


def check_initial(
    initial: ArrayLike, lower: ArrayLike | None, upper: ArrayLike | None
) -> tuple[Matrix, Vector, Vector]:
    """Return the initial genomes (n, n_parameters), clipped, and the two bounds as full vectors."""
    genomes = np.array(initial, dtype=np.float64, ndmin=2)
    if genomes.ndim != 2 or genomes.size == 0:
        raise UsageError(f"initial genomes need shape (n, n_parameters), not {genomes.shape}")
    if not np.isfinite(genomes).all():
        raise UsageError("initial genomes hold a value that is not finite")
    n_parameters = genomes.shape[1]
    bounds = []
    for name, bound, default in (("lower", lower, -np.inf), ("upper", upper, np.inf)):
        full = np.full(n_parameters, default) if bound is None else np.array(bound, np.float64)
        if full.shape != (n_parameters,):
            raise UsageError(f"{name} needs shape ({n_parameters},), not {full.shape}")
        bounds.append(full)
    if not (bounds[0] <= bounds[1]).all():
        raise UsageError("a lower bound is above its upper bound")
    return np.clip(genomes, *bounds), bounds[0], bounds[1]


def check_told(population: ArrayLike, fitness: ArrayLike, expected: int) -> tuple[Matrix, Vector]:
    """Return population and fitness as arrays, every fitness that is not finite as -inf."""
    genomes = np.asarray(population, dtype=np.float64)
    scores = np.asarray(fitness, dtype=np.float64)
    if genomes.ndim != 2 or len(genomes) != expected or scores.shape != (expected,):
        raise UsageError(
            f"tell expects {expected} genomes and as many scores, "
            f"not {genomes.shape} and {scores.shape}"
        )
    return genomes, np.where(np.isfinite(scores), scores, -np.inf)


def need(ok: bool, message: str) -> None:
    """Raise a `UsageError` with `message` unless `ok`."""
    if not ok:
        raise UsageError(message)


def need_count(name: str, value: int, least: int) -> None:
    """Raise a `UsageError` unless `value` is a whole number of at least `least`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    need(whole and value >= least, f"{name} is a whole number from {least} up, not {value!r}")


def need_positive(name: str, value: float) -> None:
    """Raise a `UsageError` unless `value` is finite and above 0."""
    need(math.isfinite(value) and value > 0, f"{name} is a number above 0, not {value!r}")


def need_decay(name: str, value: float) -> None:
    """Raise a `UsageError` unless `value` is above 0 and at most 1."""
    need(0 < value <= 1, f"{name} is a factor above 0 and at most 1, not {value!r}")
