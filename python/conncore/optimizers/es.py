"""Evolution strategy of Salimans et al. 2017 (arXiv 1703.03864): the mean follows ranked noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from conncore.errors import choose, need, need_count, need_factor, need_positive
from conncore.noise import Stream, normal
from conncore.optimizers.base import (
    Matrix,
    Optimizer,
    ScoutingState,
    State,
    Vector,
    by_slice,
    check_slices,
)

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
    sigma_scale, rate_scale : ndarray, shape (n_parameters,), float64, or 1.0
        `sigma` and `learning_rate` of each parameter over those of the optimiser.
    """

    moment1: Vector
    moment2: Vector
    sigma_scale: Vector | float = 1.0
    rate_scale: Vector | float = 1.0


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


def z_scores(values: ArrayLike) -> Vector:
    """Return values minus their mean, over their standard deviation; zeros if all are equal.

    Parameters
    ----------
    values : array_like, shape (n,), float
        Each -inf counts as the lowest finite value, which would otherwise be lost in the mean.
    """
    scores = np.array(values, dtype=np.float64)
    finite = np.isfinite(scores)
    if not finite.any():
        return np.zeros(len(scores))
    scores[~finite] = scores[finite].min()
    scores -= scores.mean()
    spread = scores.std()
    return scores / spread if spread > 0.0 else np.zeros(len(scores))


SHAPING: Mapping[str, Callable[[ArrayLike], Vector]] = {
    "ranks": centered_ranks,
    "z-ranks": lambda fitness: z_scores(centered_ranks(fitness)),
    "z-scores": z_scores,
}


@dataclass(frozen=True)
class ES(Optimizer[ESState]):
    """Evolution strategy: antithetic noise around a mean, centred ranks, a gradient step.

    With plain steps ("sgd"), ranks F and noise e from N(0, 1), the mean moves by
    ``learning_rate / (population_size * sigma) * sum(F * e)``, as in the paper.

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
    shaping : {"ranks", "z-ranks", "z-scores"}
        What the fitness of the members becomes before the step: ranks from -0.5 to 0.5, these ranks
        with mean 0 and standard deviation 1, or the fitness with mean 0 and standard deviation 1.
        Adam's steps have the same size for both kinds of ranks.
    over_sigma : bool
        Whether the step is divided by sigma. If not, the mean moves by
        ``learning_rate / population_size * sum(F * e)``. Adam's steps have the same size for both.
    weight_decay : float
        The gradient of an L2 penalty is subtracted from the gradient of the fitness: this factor
        times the mean, in the units of the genome (`GenomeLayout.unit`). It pulls log weights
        towards 0, which is a weight of 1.
    slice_sigma, slice_learning_rate : mapping of str to float
        Values that replace `sigma` and `learning_rate` in a slice of the genome, as
        ``{"log_weights": 0.02}``.

    Raises
    ------
    UsageError
        A hyperparameter is out of its range.

    Examples
    --------
    >>> es = cc.ES(population_size=20)
    >>> state = es.init(np.zeros((1, 3)), seed=0)
    >>> for generation in range(200):
    ...     members = es.ask(state)  # (20, 3)
    ...     state = es.tell(state, members, -((members - 1) ** 2).sum(axis=1))
    ...
    >>> es.center(state).round(1)
    array([1., 1., 1.])
    """

    name: ClassVar[str] = "es"
    state_type: ClassVar[type[State]] = ESState
    later: ClassVar[frozenset[str]] = frozenset(
        {"shaping", "over_sigma", "weight_decay", "slice_sigma", "slice_learning_rate"}
    )

    population_size: int = 200
    sigma: float = 0.1
    sigma_decay: float = 0.999
    learning_rate: float | None = None
    learning_rate_decay: float = 0.999
    update: str = "adam"
    n_scout: int = 256
    shaping: str = "ranks"
    over_sigma: bool = True
    weight_decay: float = 0.0
    slice_sigma: Mapping[str, float] = field(default_factory=dict)
    slice_learning_rate: Mapping[str, float] = field(default_factory=dict)

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
        choose("shaping", self.shaping, SHAPING)
        need(
            0.0 <= self.weight_decay < 1.0,
            f"weight_decay is {self.weight_decay}; give a number from 0 to below 1",
        )
        check_slices("slice_sigma", self.slice_sigma)
        check_slices("slice_learning_rate", self.slice_learning_rate)

    @property
    def _rate(self) -> float:
        assert self.learning_rate is not None  # filled in by __post_init__
        return self.learning_rate

    @property
    def n_initial(self) -> int:
        """Number of scouts; 1 for the first mean alone."""
        return self.n_scout

    def sigma_of(self, state: ESState) -> float:
        """Return the standard deviation of the next noise, except in slices with their own."""
        return float(self.sigma * self.sigma_decay**state.generation)

    def _init(self, genomes: Matrix, slices: Mapping[str, slice]) -> dict[str, Any]:
        n_parameters = genomes.shape[1]

        def scale(shared: float, own: Mapping[str, float]) -> Vector | float:
            return by_slice(shared, own, slices, n_parameters) / shared if own else 1.0

        return {
            "moment1": np.zeros(n_parameters),
            "moment2": np.zeros(n_parameters),
            "sigma_scale": scale(self.sigma, self.slice_sigma),
            "rate_scale": scale(self._rate, self.slice_learning_rate),
        }

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
        noise *= self.sigma_of(state) * state.sigma_scale
        # In place: new pages cost more than the sums once genomes are long.
        members: Matrix = np.empty((self.population_size, len(state.mean)))
        np.add(state.mean, noise, out=members[: len(pairs)])
        np.subtract(state.mean, noise, out=members[len(pairs) :])
        return members

    def _tell(self, state: ESState, members: Matrix, fitness: Vector) -> dict[str, Any]:
        """Move the mean along the ranked noise."""
        half = self.population_size // 2
        ranks = SHAPING[self.shaping](fitness)
        # Half the difference of a pair is its noise after clipping. einsum adds in a fixed order;
        # the order of a BLAS product may depend on the number of threads.
        noise = (members[:half] - members[half:]) / 2
        gradient = np.einsum("m,mp->p", ranks[:half] - ranks[half:], noise)
        # Of the two sigmas, one turns the noise into that of N(0, 1).
        sigma = self.sigma_of(state) * state.sigma_scale
        gradient /= self.population_size * (sigma**2 if self.over_sigma else sigma)
        if self.weight_decay:
            gradient -= self.weight_decay * state.mean
        step = self._rate * self.learning_rate_decay**state.generation * state.rate_scale
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
