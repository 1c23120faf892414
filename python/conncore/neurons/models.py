"""The neuron models by name. Each is a module of this room and a kernel in conncore/kernels."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from conncore.neurons import adaptive_izhikevich, alif, izhikevich, lif, relu, tanh
from conncore.neurons.types import NeuronModel

NEURONS: Mapping[str, NeuronModel] = MappingProxyType(
    {
        "relu": relu.MODEL,
        "lif": lif.MODEL,
        "alif": alif.MODEL,
        "izhikevich": izhikevich.MODEL,
        "adaptive_izhikevich": adaptive_izhikevich.MODEL,
        "tanh": tanh.MODEL,
    }
)
