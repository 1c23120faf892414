"""Networks that each answer to many inputs: matrix products in place of one input after another.

`Population` gives a member one observation a step, and reads a weight for one multiplication. Where
every member sees hundreds of images, a product reads it once for all of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore._kernels import load
from conncore.errors import UsageError
from conncore.network.encoding import Floats, encoder_of
from conncore.network.topology import SparseMap
from conncore.neurons.types import Neuron
from conncore.threads import one_blas_thread, resolve_threads

if TYPE_CHECKING:
    from conncore.network.network import Network

_MEMBERS_AT_ONCE = 8  # whose weights a thread holds
_CACHE = 65_536  # values of one array of neurons x inputs: 256 kB
_TILE = 64  # columns that the kernel takes at a time


def respond(
    network: Network,
    genomes: NDArray[np.float64],
    observations: ArrayLike,
    n_steps: int,
    n_threads: int | None = None,
) -> Floats:
    """Answers of every network to every observation, each held from rest.

    An answer is what the decoder puts out before its tanh, summed over the control steps. All is
    computed in float32: the encoder's drive once per observation, and the decoder, which is linear
    before its tanh, once from the summed activity.

    Parameters
    ----------
    network : Network
    genomes : (n_members, n_parameters) float64
    observations : (n_observations, n_obs)
        All finite.
    n_steps : int
        Control steps that an observation is held for, of `network.steps_per_action` steps each.
    n_threads : int, optional
        All usable cores if None. Results do not depend on it.

    Returns
    -------
    (n_members, n_observations, n_actions) float32
        NaN where a neuron's state became non-finite.

    Raises
    ------
    UsageError
        For an argument of another shape or range.
    """
    genomes = network.layout.check(genomes)
    seen = np.asarray(observations, dtype=np.float32)
    topology = network.topology
    if seen.ndim != 2 or seen.shape[1] != topology.n_obs or not len(seen):
        raise UsageError(
            f"observations have shape {seen.shape}, need (n_observations, {topology.n_obs})"
        )
    if not np.isfinite(seen).all():
        raise UsageError("observations are not all finite")
    if n_steps < 1:
        raise UsageError(f"n_steps is {n_steps}, must be at least 1")
    runner = _Runner(network, seen, n_steps)
    answers = np.empty((len(genomes), topology.n_actions, len(seen)), dtype=np.float32)

    def work(first: int) -> None:
        some = genomes[first : first + _MEMBERS_AT_ONCE]
        values = network.values(some)
        constants = network.neuron_constants(some)
        for row in range(len(some)):
            answers[first + row] = runner.answer(
                {name: array[row] for name, array in values.items()},
                {name: float(array[row]) for name, array in constants.items()},
            )

    with (
        one_blas_thread(),
        ThreadPoolExecutor(resolve_threads(n_threads)) as pool,
    ):
        list(pool.map(work, range(0, len(genomes), _MEMBERS_AT_ONCE)))  # raises what they raise
    return cast(Floats, answers.transpose(0, 2, 1))


class _Runner:
    """What all members share; arrays are (neurons, observations)."""

    def __init__(self, network: Network, observations: Floats, n_steps: int) -> None:
        self.topology = topology = network.topology
        self.trace = network.trace
        self.n_steps = n_steps
        self.steps_per_action = network.steps_per_action
        self.model = cast(Neuron, importlib.import_module(f"conncore.neurons.{network.neuron}"))
        # An odd number of tiles: rows a power of two apart would share few places in the cache.
        tiles = max(1, _CACHE // topology.n_neurons // _TILE)
        width = _TILE * (tiles - (tiles % 2 == 0))
        self.encoder = encoder_of(topology, observations, width)
        self.synapses = _Products(topology.synapses)
        self.decoder = _Products(topology.decoder)
        self.outputs = _span(topology.outputs)

    def answer(
        self, values: Mapping[str, NDArray[np.float64]], constants: Mapping[str, float]
    ) -> Floats:
        """Answers of the member with these values, (n_actions, n_observations)."""
        some = {name: array.astype(np.float32) for name, array in values.items()}
        answers = []
        with np.errstate(all="ignore"):  # a member that diverges says so by its answer
            for drive in self.encoder.drives(some["encoder_weights"], some["encoder_bias"]):
                total, finite = self._run(drive, some["synapse_weights"], constants)
                answer = np.empty((some["decoder_bias"].size, drive.shape[1]), dtype=np.float32)
                answer[:] = self.n_steps * some["decoder_bias"][:, None]
                self.decoder.add(some["decoder_weights"], total, answer, answer)
                answer[:, ~finite] = np.nan
                answers.append(answer)
        return np.concatenate(answers, axis=1)

    def _run(
        self, drive: Floats, weights: Floats, constants: Any
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """The outputs' activity summed over the control steps, and which columns stayed finite."""
        trace, outputs = self.trace, self.outputs
        state = self.model.reset(drive.shape, constants)
        state = {name: array.astype(np.float32) for name, array in state.items()}
        y: Any = np.zeros((self.topology.outputs.size, drive.shape[1]), dtype=np.float32)
        total = y
        z, current = None, np.empty_like(drive)
        for step in range(self.n_steps * self.steps_per_action):
            if z is not None:
                self.synapses.add(weights, z, drive, current)
            z = self.model.step(state, drive if z is None else current, constants)
            reads = (step + 1) % self.steps_per_action == 0
            if trace:
                y = trace * y + (1.0 - trace) * z[outputs]
            elif reads:
                y = z[outputs]
            if reads:
                total = total + y
        finite = np.ones(drive.shape[1], dtype=bool)
        for array in state.values():
            finite &= np.isfinite(array).all(axis=0)
        return total, finite


class _Products:
    """Sums along a sparse map for many columns at once."""

    def __init__(self, sparse: SparseMap) -> None:
        self.where = (sparse.indptr, sparse.indices, _alike(sparse))
        self.kernel = load("products")._unsafe_add_products

    def add(self, values: Floats, source: Floats, start: Floats, target: Floats) -> None:
        """Put start plus the sums in target, both (n_rows, columns) of source's columns."""
        self.kernel(*self.where, values, source, start, target)


def _alike(sparse: SparseMap) -> NDArray[np.uint8]:
    """Whether a row has the indices of the row before it."""
    length = np.diff(sparse.indptr)
    before = np.arange(sparse.n_values) - length[sparse.rows]  # the entry one row earlier
    differs = sparse.indices != sparse.indices[np.maximum(before, 0)]
    alike = np.bincount(sparse.rows[differs], minlength=sparse.n_rows) == 0
    alike[1:] &= length[1:] == length[:-1]
    alike[:1] = False
    return np.asarray(alike, dtype=np.uint8)


def _span(indices: NDArray[np.integer]) -> NDArray[np.integer] | slice:
    """The indices, as a slice where they follow one another: that takes a view, not a copy."""
    if indices.size and np.array_equal(indices, np.arange(indices[0], indices[0] + indices.size)):
        return slice(int(indices[0]), int(indices[0]) + indices.size)
    return indices
