"""Networks that each answer to many inputs: matrix products in place of one input after another.

`Population` gives a member one observation a step, and reads a weight for one multiplication. Where
every member sees hundreds of images, a product reads it once for all of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore._kernels import load
from conncore.errors import UsageError
from conncore.reference.types import Neuron
from conncore.threads import one_blas_thread, resolve_threads
from conncore.topology import SparseMap

if TYPE_CHECKING:
    from conncore.network import Network

Floats = NDArray[np.float32]
AddInput = Callable[[Floats, Floats], None]  # adds to each cell's current what it receives of z

_MEMBERS_AT_ONCE = 8  # whose weights a thread holds
_CACHE = 32_768  # values of one array of neurons x inputs: 128 kB
_DENSE = 0.2  # share of a matrix that is not zero from which BLAS is faster


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
    runner = _Runner(network, np.ascontiguousarray(seen.T), n_steps)
    answers = np.empty((len(genomes), len(seen), topology.n_actions), dtype=np.float32)

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
    return answers


class _Runner:
    """What all members share; arrays are (neurons, observations)."""

    def __init__(self, network: Network, columns: Floats, n_steps: int) -> None:
        self.topology = topology = network.topology
        self.trace = network.trace
        self.n_steps = n_steps
        self.steps_per_action = network.steps_per_action
        self.model = cast(Neuron, importlib.import_module(f"conncore.reference.{network.neuron}"))
        self.encoder = _matrix_of(topology.encoder)
        self.decoder = _matrix_of(topology.decoder)
        self.synapses = _synapses_of(topology.synapses)
        self.inputs, self.outputs = _span(topology.inputs), _span(topology.outputs)
        # Blocks depend on the network alone, so that threads change no bit.
        width = max(16, _CACHE // topology.n_neurons)
        self.blocks = [columns[:, i : i + width] for i in range(0, columns.shape[1], width)]

    def answer(
        self, values: Mapping[str, NDArray[np.float64]], constants: Mapping[str, float]
    ) -> Floats:
        """Answers of the member with these values, (n_observations, n_actions)."""
        encoder = self.encoder(values["encoder_weights"])
        encoder_bias = values["encoder_bias"].astype(np.float32)[:, None]
        add_input = self.synapses(values["synapse_weights"])
        decoder = self.decoder(values["decoder_weights"])
        decoder_bias = values["decoder_bias"].astype(np.float32)[:, None]
        answers = []
        with np.errstate(all="ignore"):  # a member that diverges says so by its answer
            for block in self.blocks:
                drive = encoder @ block
                drive += encoder_bias
                np.tanh(drive, out=drive)
                total, finite = self._run(drive, add_input, constants)
                answer = decoder @ total
                answer += self.n_steps * decoder_bias
                answer[:, ~finite] = np.nan
                answers.append(answer.T)
        return np.concatenate(answers)

    def _run(
        self, drive: Floats, add_input: AddInput, constants: Any
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """The outputs' activity summed over the control steps, and which columns stayed finite."""
        topology, trace = self.topology, self.trace
        shape = (topology.n_neurons, drive.shape[1])
        state = self.model.reset(shape, constants)
        state = {name: array.astype(np.float32) for name, array in state.items()}
        y = np.zeros((topology.outputs.size, shape[1]), dtype=np.float32)
        total = np.zeros_like(y)
        z = np.zeros(shape, dtype=np.float32)
        for step in range(self.n_steps * self.steps_per_action):
            current = np.zeros(shape, dtype=np.float32)
            current[self.inputs] = drive
            if step:  # silent before that
                add_input(z, current)
            z = self.model.step(state, current, constants)
            read = z[self.outputs]
            y = trace * y + (1.0 - trace) * read if trace else read
            if (step + 1) % self.steps_per_action == 0:  # then the decoder reads
                total += y
        finite = np.ones(shape[1], dtype=bool)
        for array in state.values():
            finite &= np.isfinite(array).all(axis=0)
        return total, finite


class _Dense:
    """A sparse map as a matrix of any values, each at its place; those of one place add up."""

    def __init__(
        self, rows: NDArray[np.integer], columns: NDArray[np.integer], shape: tuple[int, int]
    ) -> None:
        self.shape = shape
        self.places = (rows, columns)
        flat = np.asarray(rows, dtype=np.int64) * shape[1] + columns
        self.full = bool(np.array_equal(flat, np.arange(shape[0] * shape[1])))

    def __call__(self, values: NDArray[np.float64]) -> Floats:
        if self.full:
            return values.reshape(self.shape).astype(np.float32)
        matrix = np.zeros(self.shape, dtype=np.float32)
        np.add.at(matrix, self.places, values.astype(np.float32))
        return matrix


class _SparseSynapses:
    """Synapses that fill little of a matrix: a walk along them."""

    def __init__(self, synapses: SparseMap) -> None:
        self.synapses = synapses
        self.add_products = load("products")._unsafe_add_products

    def __call__(self, weights: NDArray[np.float64]) -> AddInput:
        where = self.synapses.indptr, self.synapses.indices
        return partial(self.add_products, *where, weights.astype(np.float32))


class _DenseSynapses:
    """Synapses as a matrix, without the cells that receive or send nothing."""

    def __init__(self, synapses: SparseMap) -> None:
        receivers, row = np.unique(synapses.rows, return_inverse=True)
        senders, column = np.unique(synapses.indices, return_inverse=True)
        self.matrix = _Dense(row, column, (receivers.size, senders.size))
        self.receivers, self.senders = _span(receivers), _span(senders)

    def __call__(self, weights: NDArray[np.float64]) -> AddInput:
        matrix = self.matrix(weights)

        def add_input(z: Floats, current: Floats) -> None:
            current[self.receivers] += matrix @ z[self.senders]

        return add_input


def _synapses_of(synapses: SparseMap) -> _SparseSynapses | _DenseSynapses:
    n_receivers = np.count_nonzero(np.diff(synapses.indptr))
    n_senders = np.count_nonzero(np.bincount(synapses.indices))
    dense = synapses.n_values >= _DENSE * n_receivers * n_senders
    return _DenseSynapses(synapses) if dense else _SparseSynapses(synapses)


def _matrix_of(sparse: SparseMap) -> _Dense:
    return _Dense(sparse.rows, sparse.indices, (sparse.n_rows, sparse.n_source))


def _span(indices: NDArray[np.integer]) -> NDArray[np.integer] | slice:
    """The indices, as a slice where they follow one another: that takes a view, not a copy."""
    if indices.size and np.array_equal(indices, np.arange(indices[0], indices[0] + indices.size)):
        return slice(int(indices[0]), int(indices[0]) + indices.size)
    return indices
