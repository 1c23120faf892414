"""Evolution strategy of Salimans et al. 2017 (arXiv 1703.03864): the mean follows ranked noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from conncore.errors import choose, need, need_count, need_factor, need_positive
from conncore.noise import Stream, normal
from conncore.optimizers.base import Matrix, Optimizer, ScoutingState, State, Vector

# Kingma & Ba 2015 (arXiv 1412.6980).
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_LEARNING_RATES = {"adam": 0.05, "sgd": 0.1}


@dataclass(frozen=True, eq=False)
class ESState(ScoutingState):
    """State of `ES`.

    Attributes
    ----------
    moment1, moment2 : ndarray, shape (n_parameters,), float64
        Adam's running means of the gradient and of its square; zero under sgd.
    """

    moment1: Vector
    moment2: Vector


def centered_ranks(fitness: ArrayLike) -> Vector:
    """Return ranks scaled to [-0.5, 0.5], the best at 0.5; equal values share their mean rank.

    Parameters
    ----------
    fitness : array_like, shape (n,), float
        At least two values; -inf is allowed and ranks last, NaN is not.
    """
    _, place, counts = np.unique(np.asarray(fitness), return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts + 1) / 2
    return np.asarray(ranks[place.ravel()] / (len(place.ravel()) - 1) - 0.5, dtype=np.float64)


@dataclass(frozen=True)
class ES(Optimizer[ESState]):
    """Evolution strategy: antithetic noise around a mean, centred ranks, a gradient step.

    Parameters
    ----------
    population_size : int
        Even number of members: half are drawn, the others are their mirror images.
    sigma, sigma_decay : float
        Standard deviation of the noise, and the factor on it per generation.
    learning_rate : float, optional
        Step size; 0.05 for adam and 0.1 for sgd if not given.
    learning_rate_decay : float
        Factor on the learning rate per generation.
    update : {"adam", "sgd"}
        Adam, or the plain gradient step of the paper.
    n_scout : int
        Number of random genomes scored before generation 0; the best becomes the first mean. With
        1, that genome is the first mean and is not scored.

    Raises
    ------
    UsageError
        A hyperparameter is out of its range.
    """

    name: ClassVar[str] = "es"
    state_type: ClassVar[type[State]] = ESState

    population_size: int = 200
    sigma: float = 0.1
    sigma_decay: float = 0.999
    learning_rate: float | None = None
    learning_rate_decay: float = 0.999
    update: str = "adam"
    n_scout: int = 256

    def __post_init__(self) -> None:
        need_count("population_size", self.population_size, 2)
        need(
            self.population_size % 2 == 0,
            f"population_size is {self.population_size}; give an even number, "
            "because the ES asks for mirrored pairs",
        )
        need_count("n_scout", self.n_scout, 1)
        choose("update", self.update, _LEARNING_RATES)
        if self.learning_rate is None:
            object.__setattr__(self, "learning_rate", _LEARNING_RATES[self.update])
        need_positive("sigma", self.sigma)
        need_positive("learning_rate", self._rate)
        need_factor("sigma_decay", self.sigma_decay)
        need_factor("learning_rate_decay", self.learning_rate_decay)

    @property
    def _rate(self) -> float:
        assert self.learning_rate is not None  # filled in by __post_init__
        return self.learning_rate

    @property
    def n_initial(self) -> int:
        """Number of scouts; 1 for the first mean alone."""
        return self.n_scout

    def sigma_of(self, state: ESState) -> float:
        """Return the standard deviation of the next noise."""
        return float(self.sigma * self.sigma_decay**state.generation)

    def _init(self, genomes: Matrix, slices: Mapping[str, slice]) -> dict[str, Any]:
        n_parameters = genomes.shape[1]
        return {"moment1": np.zeros(n_parameters), "moment2": np.zeros(n_parameters)}

    def _ask(self, state: ESState, n_threads: int) -> Matrix:
        """Return the mean plus noise, then the mean minus the same noise."""
        pairs = range(self.population_size // 2)
        noise = normal(
            pairs,
            len(state.mean),
            seed=state.seed,
            stream=Stream.ES,
            generation=state.generation,
            n_threads=n_threads,
        )
        noise *= self.sigma_of(state)
        # In place: new pages cost more than the sums once genomes are long.
        members: Matrix = np.empty((self.population_size, len(state.mean)))
        np.add(state.mean, noise, out=members[: len(pairs)])
        np.subtract(state.mean, noise, out=members[len(pairs) :])
        return members

    def _tell(self, state: ESState, members: Matrix, fitness: Vector) -> dict[str, Any]:
        """Move the mean along the ranked noise."""
        half = self.population_size // 2
        ranks = centered_ranks(fitness)
        # Half the difference of a pair is its noise after clipping. einsum adds in a fixed order;
        # the order of a BLAS product may depend on the number of threads.
        noise = (members[:half] - members[half:]) / 2
        gradient = np.einsum("m,mp->p", ranks[:half] - ranks[half:], noise)
        gradient /= self.population_size * self.sigma_of(state) ** 2
        step = self._rate * self.learning_rate_decay**state.generation
        moment1, moment2, t = state.moment1, state.moment2, state.generation + 1
        if self.update == "adam":
            moment1 = _BETA1 * moment1 + (1 - _BETA1) * gradient
            moment2 = _BETA2 * moment2 + (1 - _BETA2) * gradient**2
            direction = moment1 / (1 - _BETA1**t)
            direction /= np.sqrt(moment2 / (1 - _BETA2**t)) + _EPSILON
        else:
            direction = gradient
        mean = state.mean + step * direction
        return {"mean": mean, "moment1": moment1, "moment2": moment2}

    def center(self, state: ESState) -> Vector:
        """Return the mean."""
        return np.array(state.mean)
