"""From a slice of the genome to the weights of all synapses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.signs import unknown_signs
from conncore.errors import UsageError, choose
from conncore.network.genome import Part
from conncore.network.wiring import INITIAL_RANGE, LIMIT

Array = NDArray[np.float64]

# exp() of these is a weight from 2e-9 to 22,000: always finite, never zero, so a sign never fades.
LOG_WEIGHT_RANGE = (-20.0, 10.0)


class SynapseWeights:
    """How the synapses of a connectome take their weights from a genome.

    Parameters
    ----------
    connectome : Connectome
    kind : str
        "shared", "individual" or "free"; see `conncore.network.network.Network`.
    initial : str
        "sign" or "counts"; see `Network`.
    log_weights : (2,) sequence of float
        Initial log weight of excitatory and of inhibitory synapses; free weights do not use them.

    Attributes
    ----------
    log_weights : tuple of two float
    part : Part
        The slice of the genome: "free_weights" if the weights are free, else "log_weights".
    index : (n_synapses,) intp
        The parameter of the slice that each synapse takes.
    offset : (n_synapses,) float64
        Added to each synapse's log weight.
    sign : (n_synapses,) int8

    Raises
    ------
    UsageError
        For an unknown word, a log weight out of range, or signs that are unknown but needed.
    """

    def __init__(
        self, connectome: Connectome, kind: str, initial: str, log_weights: Sequence[float]
    ) -> None:
        self.kind = choose("weights", kind, ("shared", "individual", "free"))
        self.initial = choose("initial_weights", initial, ("sign", "counts"))
        self.log_weights = _in_range(log_weights)
        if kind != "free" and connectome.n_unknown:
            raise unknown_signs(connectome)
        if kind == "free" and initial != "sign":
            raise UsageError("free weights start at random: leave initial_weights at 'sign'")
        n = connectome.n_edges
        self.sign = connectome.sign
        inhibitory = (connectome.sign < 0).astype(np.intp)
        offset = np.zeros(n)
        if initial == "counts" and n:
            log_counts = np.log(connectome.weight)
            offset = log_counts - log_counts.mean()
        start = np.array(self.log_weights)
        if kind == "shared":
            self.index, self.offset = inhibitory, offset
        else:
            self.index, self.offset = np.arange(n), np.zeros(n)
            start = start[inhibitory] + offset
        if kind == "free":
            self.part = Part("free_weights", np.zeros(n), INITIAL_RANGE, -LIMIT, LIMIT)
        else:
            self.part = Part("log_weights", start, 0.0, *LOG_WEIGHT_RANGE)

    def individual(self, log_weights: Array) -> Array:
        """Log weights of all synapses, a new (n_members, n_synapses) array within the range.

        Parameters
        ----------
        log_weights : (n_members, n_parameters of the slice) float64
        """
        if self.kind == "shared":
            log_weights = log_weights[:, self.index] + self.offset
        return np.clip(log_weights, *LOG_WEIGHT_RANGE)

    def __call__(self, parameters: Array) -> Array:
        """Signed weights in the connectome's order, a new (n_members, n_synapses) array.

        Parameters
        ----------
        parameters : (n_members, n_parameters of the slice) float64
        """
        if self.kind == "free":
            free: Array = parameters.copy()
            return free
        weights = self.individual(parameters)
        np.exp(weights, out=weights)
        weights *= self.sign
        return weights


def _in_range(pair: Sequence[float]) -> tuple[float, float]:
    low, high = LOG_WEIGHT_RANGE
    values = tuple(float(value) for value in pair)
    if len(values) != 2 or not all(low <= value <= high for value in values):
        raise UsageError(
            f"log_weights is {list(pair)}, must be two numbers in [{low:g}, {high:g}]: "
            "of excitatory and of inhibitory synapses"
        )
    return values[0], values[1]
