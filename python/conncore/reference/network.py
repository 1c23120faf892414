"""A population in plain NumPy: the twin of conncore/kernels/network.pyx."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from conncore.network.population import NumpyPopulation
from conncore.network.topology import Topology
from conncore.neurons.models import NEURONS


class ReferencePopulation(NumpyPopulation):
    """Same arguments and results as ``conncore._population.Population``, without threads.

    Parameters
    ----------
    topology : Topology
    neuron : str
        Name of a neuron model.
    values, constants, trace, n_repeats, linear, delay
        As for `NumpyPopulation`.
    """

    def __init__(
        self,
        topology: Topology,
        neuron: str,
        values: Mapping[str, NDArray[np.float64]],
        constants: Mapping[str, NDArray[np.float64]],
        *,
        trace: float,
        n_repeats: int = 1,
        linear: bool = False,
        delay: int = 1,
    ) -> None:
        super().__init__(
            topology, NEURONS[neuron], values, constants,
            trace=trace, n_repeats=n_repeats, linear=linear, delay=delay,
        )  # fmt: skip
