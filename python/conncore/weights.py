"""Synapses' weights: signed exponentials of log weights, of which many synapses may share one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome

Array = NDArray[np.float64]

# exp() of these is a weight from 2e-9 to 22,000: always finite, never zero, so a sign never fades.
LOG_WEIGHT_RANGE = (-20.0, 10.0)


def signed_weights(sign: NDArray[np.int8], log_weights: Array) -> Array:
    """sign * exp(log weight, kept in `LOG_WEIGHT_RANGE`), (n_members, n) float64."""
    weights = np.clip(log_weights, *LOG_WEIGHT_RANGE)
    np.exp(weights, out=weights)
    weights *= sign
    return weights


@dataclass(frozen=True, eq=False)
class WeightClasses:
    """Synapses that weigh the same in a network of shared weights, whatever its genome.

    Attributes
    ----------
    codes : (n_synapses,) uint16 or None
        Class of each synapse; None where every synapse is a class of its own.
    sign : (n_classes,) int8
    offset : (n_classes,) float64
        What is added to the log weight of the sign.
    """

    codes: NDArray[np.uint16] | None
    sign: NDArray[np.int8]
    offset: Array

    @classmethod
    def of(cls, connectome: Connectome, *, by_counts: bool) -> WeightClasses:
        """Classes by sign, and by weight if `by_counts`; their weights are whole numbers then."""
        sign = connectome.sign
        if not by_counts or not sign.size:
            pair = np.array([1, -1], dtype=np.int8)
            return cls((sign < 0).astype(np.uint16), pair, np.zeros(2))
        offset = np.log(connectome.weight)
        mean = offset.mean()
        if connectome.weight.max() >= 2**15 or np.any(connectome.weight % 1):
            return cls(None, sign, offset - mean)
        keys = 2 * connectome.weight.astype(np.int64) + (sign < 0)
        found = np.flatnonzero(np.bincount(keys))
        code = np.zeros(2**16, dtype=np.uint16)
        code[found] = np.arange(found.size)
        signs = np.where(found % 2, -1, 1).astype(np.int8)
        return cls(code[keys], signs, np.log(found // 2) - mean)

    def log_weights(self, pairs: Array) -> Array:
        """(n_members, 2) shared log weights as (n_members, n_classes)."""
        return pairs[:, (self.sign < 0).astype(np.intp)] + self.offset

    def per_synapse(self, values: Array) -> Array:
        """(n_members, n_classes) values as (n_members, n_synapses)."""
        return values if self.codes is None else values[:, self.codes]
