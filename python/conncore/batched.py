"""Networks that each answer to many inputs: matrix products in place of walks along synapses.

`Population` gives a member one observation a step, and reads a weight for one multiplication. Where
every member sees hundreds of images, BLAS reads it once for all of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from conncore.errors import UsageError
from conncore.reference.types import Neuron
from conncore.threads import resolve_threads
from conncore.topology import SparseMap

if TYPE_CHECKING:
    from conncore.network import Network

Floats = NDArray[np.float32]

_MEMBERS_AT_ONCE = 8  # whose weights a thread holds
_CACHE = 32_768  # values of one array of neurons x inputs: 128 kB
_MOST_NEURONS = 16_384  # a matrix of weights of 1 GB


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
        For an argument of another shape or range, or a network whose matrix of weights would take
        over 1 GB.
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
    if topology.n_neurons > _MOST_NEURONS:
        raise UsageError(
            f"a network of {topology.n_neurons} neurons is too large for matrix products, which "
            f"take up to {_MOST_NEURONS}"
        )
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

    # A product's own threads may change the order of its sum.
    with (
        threadpool_limits(1, user_api="blas"),
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
        # Cells that receive or send nothing have no row or column: a perceptron has a quarter left.
        receivers, row = np.unique(topology.synapses.rows, return_inverse=True)
        senders, column = np.unique(topology.synapses.indices, return_inverse=True)
        self.synapses = _Dense(row, column, (receivers.size, senders.size))
        self.receivers, self.senders = _span(receivers), _span(senders)
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
        synapses = self.synapses(values["synapse_weights"])
        decoder = self.decoder(values["decoder_weights"])
        decoder_bias = values["decoder_bias"].astype(np.float32)[:, None]
        answers = []
        with np.errstate(all="ignore"):  # a member that diverges says so by its answer
            for block in self.blocks:
                drive = encoder @ block
                drive += encoder_bias
                np.tanh(drive, out=drive)
                total, finite = self._run(drive, synapses, constants)
                answer = decoder @ total
                answer += self.n_steps * decoder_bias
                answer[:, ~finite] = np.nan
                answers.append(answer.T)
        return np.concatenate(answers)

    def _run(
        self, drive: Floats, synapses: Floats, constants: Any
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
            if step:  # silent before that
                current[self.receivers] = synapses @ z[self.senders]
            current[self.inputs] += drive
            z = self.model.step(state, current, constants)
            y *= trace
            y += (1.0 - trace) * z[self.outputs]
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


def _matrix_of(sparse: SparseMap) -> _Dense:
    return _Dense(sparse.rows, sparse.indices, (sparse.n_rows, sparse.n_source))


def _span(indices: NDArray[np.integer]) -> NDArray[np.integer] | slice:
    """The indices, as a slice where they follow one another: that takes a view, not a copy."""
    if indices.size and np.array_equal(indices, np.arange(indices[0], indices[0] + indices.size)):
        return slice(int(indices[0]), int(indices[0]) + indices.size)
    return indices
