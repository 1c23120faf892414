"""The registry of neuron models: their constants, initial weights and output filter.

The equations live in conncore/kernels/<name>.pyx and, in NumPy, in conncore.reference.<name>.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Constant:
    """A constant of a neuron model: its default, and how the optimiser tunes it.

    Parameters
    ----------
    default : float
    lower, upper : float
        The range that it is kept in.
    unit : float
        What it is counted in, so that steps of one size suit all parameters: about its own size,
        of a decay that of 1 - decay. A power of two, which rounds nothing.
    """

    default: float
    lower: float
    upper: float
    unit: float


@dataclass(frozen=True)
class NeuronModel:
    """What a network needs to know of a neuron model, besides its equations.

    Parameters
    ----------
    constants : mapping of str to Constant
        By the names that the equations use.
    log_weights : tuple of two float
        Initial log weight of excitatory and of inhibitory synapses.
    trace : float
        Low-pass factor of the output activity, y <- trace y + (1 - trace) z; 0 for none.
    steps_per_action : int
        Steps of the equations per control step.
    """

    constants: Mapping[str, Constant]
    log_weights: tuple[float, float]
    trace: float
    steps_per_action: int = 1


# Constants and initial log weights of the paper (arXiv 2209.14406), except for Izhikevich cells:
# they take steps of dt = 0.2 ms, our reading of its "voltage constant scalar 0.2", ten of them per
# control step, and start from weaker synapses. docs/reproduction.md has the measurements.
_MEMBRANE = {
    "gamma": Constant(math.exp(-1 / 20), 0.0, 1.0, 2**-4),
    "v_th": Constant(1.0, 0.01, 10.0, 1),
}
_ADAPTATION = {
    "gamma_s": Constant(math.exp(-1 / 10), 0.0, 1.0, 2**-3),
    "beta": Constant(0.5, 0.0, 10.0, 2**-1),
}
_IZHIKEVICH = {
    "a": Constant(0.02, 0.0, 1.0, 2**-6),
    "b": Constant(0.25, -1.0, 1.0, 2**-2),
    "c": Constant(-58.0, -80.0, -40.0, 64),
    "d": Constant(0.0, -20.0, 20.0, 8),
    "scale": Constant(20.0, 0.0, 200.0, 16),
    "dt": Constant(0.2, 0.01, 1.0, 2**-2),
}

NEURONS: Mapping[str, NeuronModel] = MappingProxyType(
    {
        "relu": NeuronModel({"z_max": Constant(10.0, 0.1, 1000.0, 8)}, (-2.5, -3.0), 0.0),
        "lif": NeuronModel(_MEMBRANE, (-1.0, -1.5), 0.8),
        "alif": NeuronModel(_MEMBRANE | _ADAPTATION, (-1.0, -1.5), 0.8),
        "izhikevich": NeuronModel(_IZHIKEVICH, (0.0, -0.5), 0.8, 10),
    }
)
