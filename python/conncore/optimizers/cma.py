"""CMA-ES (Hansen 2016, arXiv 1604.00772): the best members shape the covariance of the noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from conncore.errors import need_count, need_positive
from conncore.noise import Stream, normal
from conncore.optimizers.base import Matrix, Optimizer, ScoutingState, State, Vector
from conncore.threads import one_blas_thread

_LARGEST_STEP = 1e4  # limit of sigma, in multiples of the first sigma: larger steps teach nothing
_SMALLEST_EIGENVALUE = 1e-20


@dataclass(frozen=True, eq=False)
class CMAState(ScoutingState):
    """State of `CMA`.

    Attributes
    ----------
    sigma : float
        Overall size of the steps.
    covariance : ndarray, shape (n_parameters, n_parameters), float64
        Shape of the steps.
    basis, scales : ndarray, (n_parameters, n_parameters) and (n_parameters,), float64
        Eigenvectors (columns) and square roots of the eigenvalues of a recent covariance.
    path_sigma, path_covariance : ndarray, shape (n_parameters,), float64
        Evolution paths.
    """

    sigma: float
    covariance: Matrix
    basis: Matrix
    scales: Vector
    path_sigma: Vector
    path_covariance: Vector


@dataclass(frozen=True)
class _Constants:
    """Weights and rates for a number of parameters; names and values as in Hansen 2016, table 1."""

    weights: Vector  # of the better half, best first; their sum is 1
    worse: Vector  # of the rest, at most 0; empty if the covariance learns from the better half
    mu_eff: float
    c_sigma: float
    d_sigma: float
    c_c: float
    c_1: float
    c_mu: float
    expected_norm: float  # of a standard normal vector
    lag: int  # generations from one eigendecomposition to the next

    @classmethod
    def of(cls, population_size: int, n: int, active: bool) -> _Constants:
        mu = population_size // 2
        raw = math.log((population_size + 1) / 2) - np.log(np.arange(1, population_size + 1))
        weights = raw[:mu] / raw[:mu].sum()
        mu_eff = float(1 / (weights**2).sum())
        c_sigma = (mu_eff + 2) / (n + mu_eff + 5)
        c_1 = 2 / ((n + 1.3) ** 2 + mu_eff)
        # The quarter came with the negative weights.
        c_mu = mu_eff - 2 + 1 / mu_eff + (0.25 if active else 0.0)
        c_mu = min(1 - c_1, 2 * c_mu / ((n + 2) ** 2 + mu_eff))
        return cls(
            weights=weights,
            worse=_negative(raw[mu:], n, mu_eff, c_1, c_mu) if active else raw[:0],
            mu_eff=mu_eff,
            c_sigma=c_sigma,
            d_sigma=1 + 2 * max(0.0, math.sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma,
            c_c=(4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n),
            c_1=c_1,
            c_mu=c_mu,
            expected_norm=math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2)),
            lag=max(1, int(1 / (10 * n * (c_1 + c_mu)))),
        )


def _negative(raw: Vector, n: int, mu_eff: float, c_1: float, c_mu: float) -> Vector:
    """Return the weights of the worse half: Hansen 2016, equations 49 to 53."""
    mu_eff_worse = float(raw.sum() ** 2 / (raw**2).sum())
    size = min(
        1 + c_1 / c_mu,  # the covariance then neither shrinks nor grows by itself
        1 + 2 * mu_eff_worse / (mu_eff + 2),
        (1 - c_1 - c_mu) / (n * c_mu),  # it stays positive definite
    )
    return np.asarray(raw * (size / -raw.sum()), dtype=np.float64)


@dataclass(frozen=True)
class CMA(Optimizer[CMAState]):
    """Covariance matrix adaptation, for up to a few hundred parameters, such as shared weights.

    conncore has its own implementation, because a run must resume to the bit from plain arrays.

    Parameters
    ----------
    population_size : int
        Number of members of a generation.
    sigma : float
        Size of the first steps.
    active : bool
        Whether the covariance also learns from the worse half of the members, by negative weights.
    n_scout : int
        Number of random genomes scored before generation 0; the best becomes the first mean. With
        1, that genome is the first mean and is not scored.

    Raises
    ------
    UsageError
        A hyperparameter is out of its range.

    Examples
    --------
    >>> cma = cc.CMA(population_size=20)
    >>> state = cma.init(np.zeros((1, 3)), seed=0)
    >>> for generation in range(50):
    ...     members = cma.ask(state)  # (20, 3)
    ...     state = cma.tell(state, members, -((members - 1) ** 2).sum(axis=1))
    ...
    >>> cma.center(state).round(3)
    array([1., 1., 1.])
    """

    name: ClassVar[str] = "cma"
    state_type: ClassVar[type[State]] = CMAState

    population_size: int = 128
    sigma: float = 0.3
    active: bool = True
    n_scout: int = 1024

    def __post_init__(self) -> None:
        need_count("population_size", self.population_size, 4)
        need_count("n_scout", self.n_scout, 1)
        need_positive("sigma", self.sigma)

    @property
    def n_initial(self) -> int:
        """Number of scouts; 1 for the first mean alone."""
        return self.n_scout

    def sigma_of(self, state: CMAState) -> float:
        """Return the overall size of the next steps."""
        return state.sigma

    def _init(self, genomes: Matrix, slices: Mapping[str, slice]) -> dict[str, Any]:
        n = genomes.shape[1]
        return {
            "sigma": float(self.sigma),
            "covariance": np.eye(n),
            "basis": np.eye(n),
            "scales": np.ones(n),
            "path_sigma": np.zeros(n),
            "path_covariance": np.zeros(n),
        }

    def _ask(self, state: CMAState, n_threads: int) -> Matrix:
        """Return genomes around the mean."""
        noise = normal(
            range(self.population_size),
            len(state.mean),
            seed=state.seed,
            stream=Stream.ES,
            generation=state.generation,
            n_threads=n_threads,
        )
        with one_blas_thread():
            steps = (noise * state.scales) @ state.basis.T
        members: Matrix = state.mean + state.sigma * steps
        return members

    def _tell(self, state: CMAState, members: Matrix, fitness: Vector) -> dict[str, Any]:
        """Move the mean to the better half, and the noise to its steps and off the others."""
        with one_blas_thread():
            return self._move(state, members, fitness)

    def _move(self, state: CMAState, members: Matrix, fitness: Vector) -> dict[str, Any]:
        n = len(state.mean)
        k = _Constants.of(self.population_size, n, self.active)
        order = np.argsort(-fitness, kind="stable")
        steps = (members[order[: len(k.weights)]] - state.mean) / state.sigma
        step = k.weights @ steps

        whitened = state.basis @ ((state.basis.T @ step) / state.scales)
        path_sigma = (1 - k.c_sigma) * state.path_sigma
        path_sigma += math.sqrt(k.c_sigma * (2 - k.c_sigma) * k.mu_eff) * whitened
        t = state.generation + 1
        norm = float(np.linalg.norm(path_sigma))
        corrected_norm = norm / math.sqrt(1 - (1 - k.c_sigma) ** (2 * t))
        path_is_short = corrected_norm < (1.4 + 2 / (n + 1)) * k.expected_norm
        path_covariance = (1 - k.c_c) * state.path_covariance
        if path_is_short:
            path_covariance += math.sqrt(k.c_c * (2 - k.c_c) * k.mu_eff) * step
        kept = 1 - k.c_1 - k.c_mu + (0 if path_is_short else k.c_1 * k.c_c * (2 - k.c_c))
        if self.active:
            kept -= k.c_mu * k.worse.sum()
        covariance = kept * state.covariance
        covariance += k.c_1 * np.outer(path_covariance, path_covariance)
        covariance += k.c_mu * (steps.T * k.weights) @ steps
        if self.active:
            bad = (members[order[len(k.weights) :]] - state.mean) / state.sigma
            # Each bad step gets the length of a typical one; a long step could turn an eigenvalue
            # negative.
            lengths = (((bad @ state.basis) / state.scales) ** 2).sum(axis=1)
            scaled = k.worse * (n / np.maximum(lengths, 1e-300))
            covariance += k.c_mu * (bad.T * scaled) @ bad

        growth = (k.c_sigma / k.d_sigma) * (norm / k.expected_norm - 1)
        basis, scales = state.basis, state.scales
        if t % k.lag == 0:
            covariance = (covariance + covariance.T) / 2
            eigenvalues, basis = np.linalg.eigh(covariance)
            scales = np.sqrt(np.maximum(eigenvalues, _SMALLEST_EIGENVALUE))
            if self.active and eigenvalues[0] < _SMALLEST_EIGENVALUE:
                # The lengths of bad steps count on scales that are those of the covariance.
                covariance = (basis * scales**2) @ basis.T
        return {
            "mean": state.mean + state.sigma * step,
            "sigma": min(state.sigma * math.exp(min(1.0, growth)), self.sigma * _LARGEST_STEP),
            "covariance": covariance,
            "basis": basis,
            "scales": scales,
            "path_sigma": path_sigma,
            "path_covariance": path_covariance,
        }

    def center(self, state: CMAState) -> Vector:
        """Return the mean."""
        return np.array(state.mean)
