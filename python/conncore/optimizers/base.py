"""What all optimisers share: the state, ask and tell, scouting, checks and bounds."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.errors import UsageError, choose, need_positive, real_array
from conncore.noise import check_seed
from conncore.threads import resolve_threads

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Scores = NDArray[np.float64]  # fitness in any shape: finite or -inf
S = TypeVar("S", bound="State")
Scouting = TypeVar("Scouting", bound="ScoutingState")
N_GENERATIONS = 100


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
        """Rebuild the state that `arrays` came from, to the bit; KeyError if one is missing.

        A field with a default may be missing: early versions did not have it.
        """
        names = [
            f.name
            for f in dataclasses.fields(cls)
            if f.name in arrays or f.default is dataclasses.MISSING
        ]
        return cls(**read_arrays(arrays, names))


@dataclass(frozen=True, eq=False)
class ScoutingState(State):
    """State of an optimiser with a mean, which starts from the best of many random genomes.

    From one random genome such an optimiser often settles on doing nothing.

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


class Optimizer(ABC, Generic[S]):
    """An optimiser that maximises fitness; subclasses are frozen dataclasses of hyperparameters.

    Call ``state = init(...)`` once. Then each generation is ``members = ask(state)`` and
    ``state = tell(state, members, fitness)``. `ask` is pure: it changes nothing and returns the
    same members for the same state. A fitness that is not finite counts as the worst.

    These three methods check their arguments, score the scouts of a `ScoutingState`, count the
    generations and keep genomes within the bounds. A subclass writes its own step: `_init`, `_ask`,
    `_tell`, `n_initial`, `center` and `sigma_of`.

    Attributes
    ----------
    name : str
        Name in `OPTIMIZERS` and on the command line.
    state_type : type
        The optimiser's state: a subclass of `ScoutingState` if the optimiser moves a mean,
        otherwise of `State`.
    keeps_bounds : bool
        Whether `_ask` keeps the bounds itself; if not, `ask` clips what `_ask` returns.
    population_size : int
        Number of members of a generation, unless `n_members` says another.
    later : frozenset of str
        Hyperparameters that early versions did not have. `describe` names one of them only where
        it differs from its default, so that the settings of early runs keep their digests.
    """

    name: ClassVar[str]
    state_type: ClassVar[type[State]]
    keeps_bounds: ClassVar[bool] = False
    later: ClassVar[frozenset[str]] = frozenset()
    population_size: int

    def init(
        self,
        initial: ArrayLike,
        seed: int,
        slices: Mapping[str, slice] | None = None,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
    ) -> S:
        """Return the state before the first generation.

        An optimiser with a mean starts from a single initial genome as it is. Several genomes are
        scouts: `ask` returns them first, at most `population_size` at a time, and the best becomes
        the mean. The generation stays 0 until the last scout is told.

        Parameters
        ----------
        initial : array_like, shape (n, n_parameters), float
            The genomes to start from: `n_initial` random ones, or a single one.
        seed : int
            Seed of all further noise.
        slices : mapping of str to slice, optional
            The parameters that each name stands for, for settings that differ by slice.
        lower, upper : array_like, shape (n_parameters,), optional
            Bounds; unbounded where missing.

        Returns
        -------
        State
            Of the optimiser's `state_type`.

        Raises
        ------
        UsageError
            A wrong shape, seed or bound, a genome that is not finite, or an unknown slice.
        """
        genomes, low, high = check_initial(initial, lower, upper)
        shared: dict[str, Any] = {
            "seed": check_seed(seed),
            "generation": 0,
            "lower": low,
            "upper": high,
        }
        if issubclass(self.state_type, ScoutingState):
            scouts = genomes if len(genomes) > 1 else genomes[:0]
            shared |= {"mean": genomes[0], "scouts": scouts, "scout_fitness": -np.inf}
        own = self._init(genomes, {} if slices is None else slices)
        return cast(S, self.state_type(**shared, **own))

    def ask(self, state: S, n_threads: int | None = None) -> Matrix:
        """Return the next scouts, or the members of the next generation.

        Parameters
        ----------
        state : State
            From `init` or `tell`.
        n_threads : int, optional
            Threads that draw the noise; all cores if not given. Members do not depend on it.

        Returns
        -------
        ndarray, shape (n_members, n_parameters), float64
            Genomes within the bounds.

        Raises
        ------
        UsageError
            `n_threads` is out of range.
        """
        n_threads = resolve_threads(n_threads)
        if isinstance(state, ScoutingState) and len(state.scouts):
            return np.array(state.scouts[: self.n_members(state.generation)])
        members = self._ask(state, n_threads)
        if not self.keeps_bounds:
            np.clip(members, state.lower, state.upper, out=members)
        return members

    def tell(self, state: S, members: ArrayLike, fitness: ArrayLike) -> S:
        """Return the state after `members` were scored.

        Parameters
        ----------
        state : State
            The state that `members` were asked from.
        members : array_like, shape (n_members, n_parameters), float
            What `ask` returned.
        fitness : array_like, shape (n_members,), float
            The members' scores; larger is better.

        Returns
        -------
        State
            Of the next generation, or of the same one if the members were scouts.

        Raises
        ------
        UsageError
            A wrong number of members or scores.
        """
        if isinstance(state, ScoutingState) and len(state.scouts):
            n_asked = min(len(state.scouts), self.n_members(state.generation))
            return self._tell_scouts(state, *check_told(members, fitness, n_asked))
        changes = self._tell(state, *check_told(members, fitness, self.n_members(state.generation)))
        if isinstance(state, ScoutingState):
            changes["mean"] = np.clip(changes["mean"], state.lower, state.upper)
        return dataclasses.replace(state, generation=state.generation + 1, **changes)

    def describe(self) -> dict[str, Any]:
        """Return the name and the hyperparameters; ``make_optimizer(**describe())`` rebuilds it."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]  # subclasses are dataclasses
        values = {f.name: getattr(self, f.name) for f in fields}
        defaults = {
            f.name: f.default if f.default_factory is dataclasses.MISSING else f.default_factory()
            for f in fields
            if f.name in self.later
        }
        changed = {k: v for k, v in values.items() if k not in defaults or v != defaults[k]}
        return {"name": self.name} | changed

    @property
    def n_generations(self) -> int:
        """Number of generations that `evolve` runs if it is given none."""
        return N_GENERATIONS

    def n_members(self, generation: int, n_generations: int = 1) -> int:
        """Return the number of members of a generation, or of several from there on together."""
        return n_generations * self.population_size

    def stage(self, generation: int) -> str:
        """Return the part of the search that a generation is in, for the progress of a run."""
        return ""

    def single_starts(self, state: S) -> Scores:
        """Return the fitness of starts that ran side by side, (n_starts, n_generations).

        Empty if the optimiser has a single start.
        """
        return np.empty((0, 0))

    @property
    @abstractmethod
    def n_initial(self) -> int:
        """Number of random genomes that `init` asks for."""

    @abstractmethod
    def center(self, state: S) -> Vector:
        """Return the genome that stands for all members, shape (n_parameters,)."""

    @abstractmethod
    def sigma_of(self, state: S) -> float:
        """Return the size of the Gaussian steps that `ask` takes next."""

    def _tell_scouts(self, state: Scouting, members: Matrix, fitness: Vector) -> Scouting:
        """Return the state after the next scouts were scored; the best scout is the mean."""
        best = int(np.argmax(fitness))
        left = state.scouts[len(members) :]
        if fitness[best] <= state.scout_fitness:
            return dataclasses.replace(state, scouts=left)
        return dataclasses.replace(
            state, mean=members[best].copy(), scouts=left, scout_fitness=float(fitness[best])
        )

    @abstractmethod
    def _init(self, genomes: Matrix, slices: Mapping[str, slice]) -> dict[str, Any]:
        """Return the fields that the first state adds to those of `State` or `ScoutingState`."""

    @abstractmethod
    def _ask(self, state: S, n_threads: int) -> Matrix:
        """Return `population_size` new genomes in an array of their own, which `ask` may clip."""

    @abstractmethod
    def _tell(self, state: S, members: Matrix, fitness: Vector) -> dict[str, Any]:
        """Return the fields of `state` that change; of a `ScoutingState`, the mean is one of them.

        A fitness is finite or -inf. `tell` clips the mean and counts the generation.
        """


def read_arrays(arrays: Mapping[str, NDArray[Any]], names: Iterable[str]) -> dict[str, Any]:
    """Return the named arrays, the 0-d ones as numbers; KeyError if one is missing."""
    loaded = {name: np.asarray(arrays[name]) for name in names}
    return {name: value if value.ndim else value.item() for name, value in loaded.items()}


def check_initial(
    initial: ArrayLike, lower: ArrayLike | None, upper: ArrayLike | None
) -> tuple[Matrix, Vector, Vector]:
    """Return the initial genomes (n, n_parameters), clipped, and the two bounds as full vectors."""
    genomes = np.array(real_array("initial genomes", initial), dtype=np.float64, ndmin=2)
    if genomes.ndim != 2 or genomes.size == 0:
        raise UsageError(f"initial genomes need shape (n, n_parameters), not {genomes.shape}")
    if not np.isfinite(genomes).all():
        raise UsageError("initial genomes hold a value that is not finite")
    n_parameters = genomes.shape[1]
    bounds = []
    for name, bound, default in (("lower", lower, -np.inf), ("upper", upper, np.inf)):
        full = np.full(n_parameters, default)
        if bound is not None:
            full = np.array(real_array(name, bound), np.float64)
        if full.shape != (n_parameters,):
            raise UsageError(f"{name} needs shape ({n_parameters},), not {full.shape}")
        bounds.append(full)
    if not (bounds[0] <= bounds[1]).all():
        raise UsageError("a lower bound is above its upper bound")
    return np.clip(genomes, *bounds), bounds[0], bounds[1]


def check_told(members: ArrayLike, fitness: ArrayLike, expected: int) -> tuple[Matrix, Vector]:
    """Return members and fitness as arrays; each fitness that is not finite becomes -inf."""
    genomes = np.asarray(real_array("members", members), dtype=np.float64)
    scores = np.asarray(real_array("fitness", fitness), dtype=np.float64)
    if genomes.ndim != 2 or len(genomes) != expected or scores.shape != (expected,):
        raise UsageError(
            f"tell expects {expected} genomes and as many scores, "
            f"not {genomes.shape} and {scores.shape}"
        )
    return genomes, np.where(np.isfinite(scores), scores, -np.inf)


def check_slices(name: str, values: Mapping[str, float]) -> None:
    """Raise a UsageError unless the values of the setting `name` by slice are all above 0."""
    for part, value in values.items():
        need_positive(f"{name} of {part}", value)


def by_slice(
    shared: float, own: Mapping[str, float], slices: Mapping[str, slice], n_parameters: int
) -> Vector:
    """Return each parameter's value: that of its slice, or the shared one."""
    values = np.full(n_parameters, float(shared))
    for name, value in own.items():
        values[slices[choose("genome slice", name, slices)]] = value
    return values
