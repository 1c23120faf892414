"""The drive of the input cells for many observations: tanh of the encoder's sums, in float32."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conncore._kernels import load
from conncore._population import empty_aligned
from conncore.network.topology import Topology

Floats = NDArray[np.float32]

_VECTOR = 16  # float32 of the widest vector, and of a cache line
_DENSE = 0.4  # BLAS is faster if at least this share of the values differs from the background


class Encoder(ABC):
    """The encoder of a topology for fixed observations and any weights.

    Parameters
    ----------
    topology : Topology
    observations : (n_observations, n_obs) float32
    width : int
        Number of observations in a block.
    """

    def __init__(self, topology: Topology, observations: Floats, width: int) -> None:
        encoder = topology.encoder
        self.n_neurons, self.inputs = topology.n_neurons, topology.inputs
        self.shape = n_rows, n_source = encoder.n_rows, encoder.n_source
        self.padded = n_rows + -n_rows % _VECTOR
        self.places = encoder.indices.astype(np.int64) * self.padded + encoder.rows
        self.full = np.array_equal(encoder.indices, np.tile(np.arange(n_source), n_rows))
        self.blocks = [observations[i : i + width] for i in range(0, len(observations), width)]

    def drives(self, weights: Floats, bias: Floats) -> Iterator[Floats]:
        """The drive of all cells, one (n_neurons, observations) array per block.

        Parameters
        ----------
        weights : (n_values of the encoder,) float32
        bias : (n_inputs,) float32
        """
        n_rows, n_source = self.shape
        matrix = empty_aligned(n_source * self.padded, np.float32).reshape(n_source, self.padded)
        if self.full:
            matrix[:, :n_rows] = weights.reshape(self.shape).T
            matrix[:, n_rows:] = 0.0
        else:  # weights of the same place add up
            matrix[:] = np.bincount(self.places, weights, matrix.size).reshape(matrix.shape)
        start = np.zeros(self.padded, dtype=np.float32)
        start[:n_rows] = bias
        for index, block in enumerate(self.blocks):
            drive = np.zeros((self.n_neurons, len(block)), dtype=np.float32)
            self.drive(index, matrix, start, drive)
            yield drive

    @abstractmethod
    def drive(self, index: int, matrix: Floats, start: Floats, out: Floats) -> None:
        """Write tanh of start plus the products of a block into the rows of the input cells."""


class DenseEncoder(Encoder):
    """Products by BLAS."""

    def __init__(self, topology: Topology, observations: Floats, width: int) -> None:
        super().__init__(topology, observations, width)
        self.columns = [np.ascontiguousarray(block.T) for block in self.blocks]
        self.tanh = load("products")._unsafe_tanh

    def drive(self, index: int, matrix: Floats, start: Floats, out: Floats) -> None:
        self.tanh(matrix[:, : self.shape[0]].T @ self.columns[index], start, self.inputs, out)


class SparseEncoder(Encoder):
    """Products with the differences between an observation and the background.

    The background is the commonest value at each place: most pixels of an image are dark in most
    images.
    """

    def __init__(
        self, topology: Topology, observations: Floats, width: int, background: Floats
    ) -> None:
        super().__init__(topology, observations, width)
        self.background = background
        self.entries = []
        for block in self.blocks:
            over = block - background
            row, place = np.nonzero(over)
            indptr = np.searchsorted(row, np.arange(len(block) + 1)).astype(np.int32)
            self.entries.append((indptr, place.astype(np.int32), over[row, place]))
        kernels = load("products")
        self.add_rows, self.drive_cells = kernels._unsafe_add_rows, kernels._unsafe_drive

    def drive(self, index: int, matrix: Floats, start: Floats, out: Floats) -> None:
        shared = start.copy()
        self.add_rows(self.background, matrix, shared)
        self.drive_cells(*self.entries[index], matrix, shared, self.inputs, out)


def encoder_of(topology: Topology, observations: Floats, width: int) -> Encoder:
    """Return the encoder that is faster for these observations; see `Encoder`."""
    background = commonest(observations)
    if np.mean(observations != background) >= _DENSE:
        return DenseEncoder(topology, observations, width)
    return SparseEncoder(topology, observations, width, background)


def commonest(observations: Floats) -> Floats:
    """The commonest of five quantiles of each column.

    It finds every value that fills more than a quarter of its column.
    """
    last = len(observations) - 1
    at = [last * quarter // 4 for quarter in range(5)]
    found: Floats = np.sort(np.ascontiguousarray(observations.T), axis=1)[:, at].T
    counts = np.array([(observations == row).sum(axis=0) for row in found])
    return np.ascontiguousarray(np.take_along_axis(found, counts.argmax(axis=0)[None], 0)[0])
