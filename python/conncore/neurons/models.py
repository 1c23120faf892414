"""The neuron models by name. Each is a module of this room and a kernel in conncore/kernels."""

from __future__ import annotations

from conncore.neurons import adaptive_izhikevich, alif, izhikevich, lif, relu, tanh
from conncore.neurons.types import NeuronModel
from conncore.registry import Registry

NEURONS: Registry[NeuronModel] = Registry(
    "neuron",
    "conncore.neurons",
    {
        "relu": relu.MODEL,
        "lif": lif.MODEL,
        "alif": alif.MODEL,
        "izhikevich": izhikevich.MODEL,
        "adaptive_izhikevich": adaptive_izhikevich.MODEL,
        "tanh": tanh.MODEL,
    },
)


def register_neuron(name: str, model: NeuronModel) -> None:
    """Make networks, the commands and run directories know a neuron model of your own.

    Its networks run in NumPy, 10 to 1,000 times slower than those of a compiled kernel.

    Parameters
    ----------
    name : str
    model : conncore.neurons.types.NeuronModel
        Constants and equations; `conncore.neurons.lif` is an example.

    Raises
    ------
    UsageError
        If conncore has a model of this name.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from conncore.neurons import lif
    >>> cc.register_neuron("slow-lif", replace(lif.MODEL, trace=0.95))
    >>> cc.Network(cc.load("celegans-haspel2011"), cc.make_task(), neuron="slow-lif").trace
    0.95
    """
    NEURONS.register(name, model)
