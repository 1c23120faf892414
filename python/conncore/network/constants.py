"""The constants of a network's neurons: fixed for all members, or tuned as part of the genome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError, choose
from conncore.network.genome import Part
from conncore.neurons.models import NEURONS

Array = NDArray[np.float64]


class NeuronConstants:
    """Constants of a neuron model, some of which a genome may hold.

    Parameters
    ----------
    neuron : str
        A name in `NEURONS`.
    given : mapping of str to float
        Constants that differ from the model's defaults.
    tune : sequence of str
        Constants that are part of the genome.

    Attributes
    ----------
    start : mapping of str to float
        All constants of the model; the genome starts from these.
    tune : tuple of str
    part : Part
        The slice "constants" of the genome, one parameter for each constant in `tune`.

    Raises
    ------
    UsageError
        For an unknown constant, one out of its range, or one that `tune` names twice.
    """

    def __init__(self, neuron: str, given: Mapping[str, float], tune: Sequence[str]) -> None:
        known = NEURONS[neuron].constants
        for name, value in given.items():
            constant = known[choose("constant", name, known, f"of {neuron}")]
            if not constant.lower <= value <= constant.upper:
                raise UsageError(
                    f"constant {name} of {neuron} is {value}, must lie in "
                    f"[{constant.lower:g}, {constant.upper:g}]"
                )
        self.start: Mapping[str, float] = MappingProxyType(
            {name: float(given.get(name, constant.default)) for name, constant in known.items()}
        )
        self.tune = tuple(choose("constant to tune", name, known) for name in tune)
        if len(set(self.tune)) != len(self.tune):
            raise UsageError(f"tune names a constant twice: {', '.join(self.tune)}")
        tuned = [known[name] for name in self.tune]
        self.part = Part(
            "constants",
            np.array([self.start[name] for name in self.tune]),
            0.0,
            np.array([constant.lower for constant in tuned]),
            np.array([constant.upper for constant in tuned]),
            np.array([constant.unit for constant in tuned]),
        )

    def __call__(self, parameters: Array) -> dict[str, Array]:
        """Constants of each member by name, each (n_members,).

        Parameters
        ----------
        parameters : (n_members, n_tuned) float64
        """
        constants = {name: np.full(len(parameters), value) for name, value in self.start.items()}
        constants.update(zip(self.tune, parameters.T, strict=True))
        return constants
