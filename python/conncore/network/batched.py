"""Answers of networks to many observations each, by matrix products.

`Population` gives each member one observation per step, so it reads a weight for one
multiplication. If every member answers to hundreds of images, a matrix product reads the weight
once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore._kernels import load
from conncore.errors import UsageError, need_count, real_array
from conncore.network.encoding import Floats, encoder_of
from conncore.network.topology import SparseMap, Topology
from conncore.neurons.operations import NUMPY
from conncore.neurons.types import NeuronModel
from conncore.threads import one_blas_thread

Values = Mapping[str, NDArray[np.float64]]

_MEMBERS_AT_ONCE = 8  # members whose weights a thread holds
_CACHE = 65_536  # values of one array of neurons x inputs: 256 kB
_TILE = 64  # columns that the kernel takes at a time


def respond(
    topology: Topology,
    neuron: NeuronModel,
    n_members: int,
    member_values: Callable[[slice], tuple[Values, Values]],
    observations: ArrayLike,
    n_steps: int,
    *,
    trace: float,
    steps_per_action: int,
    delay: int,
    n_threads: int,
) -> Floats:
    """The answers of every network to every observation; see `Network.respond`.

    All is computed in float32. The encoder's drive is computed once per observation. The decoder is
    linear before its tanh, so it is computed once, from the summed activity.

    Parameters
    ----------
    topology : Topology
        With ``rows="post"``.
    neuron : NeuronModel
    n_members : int
        At least 1.
    member_values : callable
        For a slice of the members, the values of the topology's maps and biases, each
        (n_taken, n), and the neurons' constants, each (n_taken,), by name. Threads call it, a few
        members at a time, so that few weights are in memory at once.
    observations : (n_observations, n_obs)
        All finite.
    n_steps : int
        Control steps that an observation is held for, of `steps_per_action` steps each.
    trace : float
        Low-pass factor of the output activity.
    steps_per_action, delay, n_threads : int
        At least 1.

    Returns
    -------
    (n_members, n_observations, n_actions) float32
        NaN where a neuron's state became non-finite.

    Raises
    ------
    UsageError
        For observations of another shape or not finite, or `n_steps` below 1.
    """
    seen = real_array("observations", observations).astype(np.float32, copy=False)
    if seen.ndim != 2 or seen.shape[1] != topology.n_obs or not len(seen):
        raise UsageError(
            f"observations have shape {seen.shape}, need (n_observations, {topology.n_obs})"
        )
    if not np.isfinite(seen).all():
        raise UsageError("observations are not all finite")
    need_count("n_steps", n_steps)
    runner = _Runner(topology, neuron, seen, n_steps, trace, steps_per_action, delay)
    answers = np.empty((n_members, topology.n_actions, len(seen)), dtype=np.float32)

    def work(first: int) -> None:
        some = slice(first, min(first + _MEMBERS_AT_ONCE, n_members))
        values, constants = member_values(some)
        for row, member in enumerate(range(some.start, some.stop)):
            answers[member] = runner.answer(
                {name: array[row] for name, array in values.items()},
                {name: float(array[row]) for name, array in constants.items()},
            )

    with one_blas_thread(), ThreadPoolExecutor(n_threads) as pool:
        try:
            list(pool.map(work, range(0, n_members, _MEMBERS_AT_ONCE)))  # raises their errors
        except BaseException:  # such as Ctrl-C
            runner.stopped = True
            raise
    return cast(Floats, answers.transpose(0, 2, 1))


class _Runner:
    """What all members share; arrays are (neurons, observations)."""

    def __init__(
        self,
        topology: Topology,
        neuron: NeuronModel,
        observations: Floats,
        n_steps: int,
        trace: float,
        steps_per_action: int,
        delay: int,
    ) -> None:
        self.topology, self.neuron, self.delay = topology, neuron, delay
        self.trace, self.n_steps, self.steps_per_action = trace, n_steps, steps_per_action
        # An odd number of tiles: rows a power of two apart would share few places in the cache.
        tiles = max(1, _CACHE // topology.n_neurons // _TILE)
        width = _TILE * (tiles - (tiles % 2 == 0))
        self.encoder = encoder_of(topology, observations, width)
        self.synapses = _Products(topology.synapses)
        self.decoder = _Products(topology.decoder)
        self.outputs = _span(topology.outputs)
        self.stopped = False  # nobody waits for the answers any more

    def answer(self, values: Values, constants: Mapping[str, float]) -> Floats:
        """Answers of the member with these values, (n_actions, n_observations)."""
        some = {name: array.astype(np.float32) for name, array in values.items()}
        answers = []
        with np.errstate(all="ignore"):  # the answers of a member that diverges are NaN
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
        """The summed activity of the outputs, and whether each column stayed finite."""
        trace, outputs = self.trace, self.outputs
        state = self.neuron.reset(drive.shape, constants, NUMPY)
        state = {name: array.astype(np.float32) for name, array in state.items()}
        y: Any = np.zeros((self.topology.outputs.size, drive.shape[1]), dtype=np.float32)
        total = y
        current = np.empty_like(drive)
        on_the_way: list[Floats] = []  # activity that has not arrived, oldest first
        for step in range(self.n_steps * self.steps_per_action):
            if self.stopped:
                raise UsageError("stopped")  # nobody sees this
            received = drive  # until something arrives, all neurons are silent
            if len(on_the_way) == self.delay:
                self.synapses.add(weights, on_the_way.pop(0), drive, current)
                received = current
            z = self.neuron.step(state, received, constants, NUMPY)
            on_the_way.append(z)
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
        """Write start plus the sums into target; both are (n_rows, columns of source)."""
        self.kernel(*self.where, values, source, start, target)


def _alike(sparse: SparseMap) -> NDArray[np.uint8]:
    """Whether a row has the same indices as the row before it, (n_rows,)."""
    length = np.diff(sparse.indptr)
    before = np.arange(sparse.n_values) - length[sparse.rows]  # the entry one row earlier
    differs = sparse.indices != sparse.indices[np.maximum(before, 0)]
    alike = np.bincount(sparse.rows[differs], minlength=sparse.n_rows) == 0
    alike[1:] &= length[1:] == length[:-1]
    alike[:1] = False
    return np.asarray(alike, dtype=np.uint8)


def _span(indices: NDArray[np.integer]) -> NDArray[np.integer] | slice:
    """The indices; a slice if they are consecutive, because a slice needs no copy."""
    if indices.size and np.array_equal(indices, np.arange(indices[0], indices[0] + indices.size)):
        return slice(int(indices[0]), int(indices[0]) + indices.size)
    return indices
