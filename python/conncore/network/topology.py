"""The wiring that all members of a population share, as index arrays that are checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore._sorting import _unsafe_lexical_order
from conncore.errors import UsageError, need_count


@dataclass(frozen=True, eq=False)
class SparseMap:
    """Rows of a sparse linear map. Each member has its own values, one per entry.

    Row ``r`` sums ``values[k] * source[indices[k]]`` over ``k`` in
    ``indptr[r]:indptr[r + 1]``, in that order.

    Parameters
    ----------
    indptr : (n_rows + 1,) int32
    indices : (n_values,) int32, each below ``n_source``
    n_source : int
        Length of the source vector.

    Raises
    ------
    UsageError
        If ``indptr`` does not rise from 0 to ``n_values``, or an index is out of range.
    """

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    n_source: int

    def __post_init__(self) -> None:
        for name in ("indptr", "indices"):
            array = _frozen_int32(f"sparse map: {name}", getattr(self, name))
            object.__setattr__(self, name, array)
        if (
            self.indptr.size < 1
            or self.indptr[0] != 0
            or self.indptr[-1] != self.indices.size
            or np.any(self.indptr[1:] < self.indptr[:-1])  # a difference could wrap around
        ):
            raise UsageError(
                f"sparse map: indptr must rise from 0 to {self.indices.size}, the number of indices"
            )
        _check_range("sparse map: indices", self.indices, self.n_source)

    @property
    def n_rows(self) -> int:
        return self.indptr.size - 1

    @property
    def n_values(self) -> int:
        return self.indices.size

    @property
    def ascends(self) -> bool:
        """Whether the indices of every row ascend, each once."""
        rising = self.indices[1:] > self.indices[:-1]
        starts = self.indptr[(self.indptr > 0) & (self.indptr < self.n_values)]
        firsts = np.subtract(starts, 1, dtype=np.intp)
        rising[firsts] = True  # the first index of a row may be anything
        return bool(rising.all())

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of each value, (n_values,)."""
        return np.repeat(np.arange(self.n_rows), np.diff(self.indptr))

    @classmethod
    def from_pairs(
        cls, rows: NDArray[np.integer], sources: NDArray[np.integer], n_rows: int, n_source: int
    ) -> tuple[SparseMap, NDArray[np.int32]]:
        """Build a map from (row, source) pairs.

        Returns
        -------
        sparse_map : SparseMap
            Values sorted by row, then source.
        order : (n_values,) int32
            ``values = pair_values[..., order]`` brings one value per pair into the map's order.
        """
        _check_range("sparse map: rows", rows, n_rows)
        _check_range("sparse map: indices", sources, n_source)
        order = _unsafe_lexical_order(rows, sources, n_rows, n_source)
        indptr = np.zeros(n_rows + 1, dtype=np.int32)
        np.cumsum(np.bincount(rows, minlength=n_rows), out=indptr[1:])
        return cls(indptr, np.asarray(sources)[order].astype(np.int32), n_source), order


@dataclass(frozen=True, eq=False)
class Topology:
    """How observations, neurons and actions of a network are connected.

    Parameters
    ----------
    inputs : (n_inputs,) int32
        Neurons that the encoder drives, each once.
    outputs : (n_outputs,) int32
        Neurons that the decoder reads.
    encoder : SparseMap
        Observations to inputs.
    synapses : SparseMap
        Neurons to neurons.
    decoder : SparseMap
        Outputs to actions.
    rows : str
        The meaning of a row of `synapses`. "post": the synapses that a neuron receives, as
        `Population` needs them. "pre": those that a neuron sends, as `EventPopulation` needs them.
    """

    inputs: NDArray[np.int32]
    outputs: NDArray[np.int32]
    encoder: SparseMap
    synapses: SparseMap
    decoder: SparseMap
    rows: Literal["post", "pre"] = "post"

    def __post_init__(self) -> None:
        for name in ("inputs", "outputs"):
            array = _frozen_int32(f"topology: {name}", getattr(self, name))
            object.__setattr__(self, name, array)
            _check_range(f"topology: {name}", array, self.n_neurons)
        if np.unique(self.inputs).size != self.inputs.size:
            raise UsageError("topology: inputs name a neuron twice")
        for what, found, needed in (
            ("sources of the synapses", self.synapses.n_source, self.n_neurons),
            ("rows of the encoder", self.encoder.n_rows, self.inputs.size),
            ("sources of the decoder", self.decoder.n_source, self.outputs.size),
        ):
            if found != needed:
                raise UsageError(f"topology: there are {found} {what}, must be {needed}")

    @property
    def n_neurons(self) -> int:
        return self.synapses.n_rows

    @property
    def n_obs(self) -> int:
        return self.encoder.n_source

    @property
    def n_actions(self) -> int:
        return self.decoder.n_rows

    def check_values(
        self, values: Mapping[str, ArrayLike], n_constants: int, trace: float, n_threads: int
    ) -> dict[str, NDArray[np.float64]]:
        """Return a population's values as arrays, (n_members, n) float64 by name.

        Raises
        ------
        UsageError
            For a missing array, one of the wrong shape or dtype, or a number out of range.
        """
        need_count("n_threads", n_threads)
        if not 0.0 <= trace < 1.0:
            raise UsageError(f"trace is {trace}, must lie in [0, 1)")
        sizes = {
            "encoder_weights": self.encoder.n_values,
            "encoder_bias": self.inputs.size,
            "synapse_weights": self.synapses.n_values,
            "decoder_weights": self.decoder.n_values,
            "decoder_bias": self.n_actions,
            "constants": n_constants,
        }
        if set(values) != set(sizes):
            raise UsageError(f"values are {sorted(values)}, need {sorted(sizes)}")
        arrays = {name: np.asarray(array) for name, array in values.items()}
        n_members = np.atleast_1d(arrays["synapse_weights"]).shape[0]
        if n_members < 1:
            raise UsageError("a population needs at least one member")
        for name, size in sizes.items():
            array = arrays[name]
            if array.dtype != np.float64 or array.shape != (n_members, size):
                raise UsageError(
                    f"{name} is {array.dtype} {array.shape}, must be float64 ({n_members}, {size})"
                )
        return arrays


def _frozen_int32(what: str, values: NDArray[np.integer]) -> NDArray[np.int32]:
    """A read-only copy, so that indices for kernels cannot change after the checks.

    An int32 array that is already read-only is not copied.
    """
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise UsageError(
            f"{what} is {array.dtype} {array.shape}, must be integers in one dimension"
        )
    if array.dtype == np.int32 and not array.flags.writeable and array.flags.c_contiguous:
        return array
    copy = array.astype(np.int32)
    if not np.array_equal(copy, array):
        raise UsageError(f"{what} holds a number that does not fit 32 bits")
    copy.flags.writeable = False
    return copy


def _check_range(what: str, indices: NDArray[np.integer], bound: int) -> None:
    if indices.size and (indices.min() < 0 or indices.max() >= bound):
        raise UsageError(
            f"{what} run from {indices.min()} to {indices.max()}, must lie in 0..{bound - 1}"
        )
