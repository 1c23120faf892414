"""Turn a connectome into a neural network, evolve it on a task, and test whether its wiring helps.

>>> import conncore as cc
>>> worm = cc.load("celegans-haspel2011")
>>> task = cc.make_task("swimmer6")
>>> net = cc.Network(worm, task, neuron="alif", io="anatomical")
>>> run = cc.evolve(net, task, optimizer=cc.ES(), generations=50, out="runs/worm")  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING

from conncore import _openmp  # noqa: F401  (before any compiled module: it sets how threads wait)

if TYPE_CHECKING:
    import conncore.plot as plot  # noqa: F401  (a room, whose functions are public)
    from conncore.catalog.shipped import CatalogEntry, list_connectomes, load
    from conncore.checks.report import check
    from conncore.connectome import Connectome
    from conncore.connectome.body import BodyMap
    from conncore.connectome.labels import Labels
    from conncore.errors import (
        CheckpointError,
        ConncoreError,
        ConnectomeError,
        ConnectomeWarning,
        NotFiniteWarning,
        SlowNeuronWarning,
        UnseededWarning,
        UntrustedRunError,
        UsageError,
    )
    from conncore.evolution.callbacks import GenerationEvent
    from conncore.evolution.evolve import evolve, resume, score
    from conncore.evolution.loop import Run
    from conncore.evolution.restore import load_run
    from conncore.evolution.tensorboard import TensorBoard
    from conncore.experiments.comparison import Comparison, compare, load_comparison
    from conncore.export import to_nir, to_torch
    from conncore.formats import (
        from_networkx,
        read,
        read_cells,
        register_reader,
        to_networkx,
        write,
    )
    from conncore.network.network import Network
    from conncore.network.wiring import register_wiring
    from conncore.neurons.models import register_neuron
    from conncore.nulls.models import NULLS, make_null, register_null
    from conncore.optimizers import CMA, ES, GA, SuccessiveHalving, register_optimizer
    from conncore.optimizers.optimize import optimize
    from conncore.recording.episode import Episode
    from conncore.recording.record import record
    from conncore.robustness.multiverse import Multiverse, multiverse
    from conncore.screens.rate_nulls import compare_rates
    from conncore.screens.screen import screen_rates
    from conncore.simulation.lif_exp import LifExp
    from conncore.simulation.result import Simulation
    from conncore.simulation.simulator import Simulator, simulate
    from conncore.tasks import Task, make_task, register_task
    from conncore.tasks.policy import TaskPolicy

    __version__: str

# The module of each public name. A name is imported when it is first used, so that
# `import conncore` takes milliseconds and loads no other package.
_HOMES = {
    "CMA": "conncore.optimizers",
    "ES": "conncore.optimizers",
    "GA": "conncore.optimizers",
    "NULLS": "conncore.nulls.models",
    "BodyMap": "conncore.connectome.body",
    "CatalogEntry": "conncore.catalog.shipped",
    "CheckpointError": "conncore.errors",
    "Comparison": "conncore.experiments.comparison",
    "ConncoreError": "conncore.errors",
    "Connectome": "conncore.connectome",
    "ConnectomeError": "conncore.errors",
    "ConnectomeWarning": "conncore.errors",
    "Episode": "conncore.recording.episode",
    "GenerationEvent": "conncore.evolution.callbacks",
    "Labels": "conncore.connectome.labels",
    "LifExp": "conncore.simulation.lif_exp",
    "Multiverse": "conncore.robustness.multiverse",
    "Network": "conncore.network.network",
    "NotFiniteWarning": "conncore.errors",
    "Run": "conncore.evolution.loop",
    "Simulation": "conncore.simulation.result",
    "Simulator": "conncore.simulation.simulator",
    "SlowNeuronWarning": "conncore.errors",
    "SuccessiveHalving": "conncore.optimizers",
    "Task": "conncore.tasks",
    "TaskPolicy": "conncore.tasks.policy",
    "TensorBoard": "conncore.evolution.tensorboard",
    "UnseededWarning": "conncore.errors",
    "UntrustedRunError": "conncore.errors",
    "UsageError": "conncore.errors",
    "check": "conncore.checks.report",
    "compare": "conncore.experiments.comparison",
    "compare_rates": "conncore.screens.rate_nulls",
    "evolve": "conncore.evolution.evolve",
    "from_networkx": "conncore.formats",
    "list_connectomes": "conncore.catalog.shipped",
    "load": "conncore.catalog.shipped",
    "load_comparison": "conncore.experiments.comparison",
    "load_run": "conncore.evolution.restore",
    "make_null": "conncore.nulls.models",
    "make_task": "conncore.tasks",
    "multiverse": "conncore.robustness.multiverse",
    "optimize": "conncore.optimizers.optimize",
    "read": "conncore.formats",
    "read_cells": "conncore.formats",
    "record": "conncore.recording.record",
    "register_neuron": "conncore.neurons.models",
    "register_null": "conncore.nulls.models",
    "register_optimizer": "conncore.optimizers",
    "register_reader": "conncore.formats",
    "register_task": "conncore.tasks",
    "register_wiring": "conncore.network.wiring",
    "resume": "conncore.evolution.evolve",
    "score": "conncore.evolution.evolve",
    "screen_rates": "conncore.screens.screen",
    "simulate": "conncore.simulation.simulator",
    "to_networkx": "conncore.formats",
    "to_nir": "conncore.export",
    "to_torch": "conncore.export",
    "write": "conncore.formats",
}

__all__ = [
    "CMA",
    "ES",
    "GA",
    "NULLS",
    "BodyMap",
    "CatalogEntry",
    "CheckpointError",
    "Comparison",
    "ConncoreError",
    "Connectome",
    "ConnectomeError",
    "ConnectomeWarning",
    "Episode",
    "GenerationEvent",
    "Labels",
    "LifExp",
    "Multiverse",
    "Network",
    "NotFiniteWarning",
    "Run",
    "Simulation",
    "Simulator",
    "SlowNeuronWarning",
    "SuccessiveHalving",
    "Task",
    "TaskPolicy",
    "TensorBoard",
    "UnseededWarning",
    "UntrustedRunError",
    "UsageError",
    "check",
    "compare",
    "compare_rates",
    "evolve",
    "from_networkx",
    "list_connectomes",
    "load",
    "load_comparison",
    "load_run",
    "make_null",
    "make_task",
    "multiverse",
    "optimize",
    "read",
    "read_cells",
    "record",
    "register_neuron",
    "register_null",
    "register_optimizer",
    "register_reader",
    "register_task",
    "register_wiring",
    "resume",
    "score",
    "screen_rates",
    "simulate",
    "to_networkx",
    "to_nir",
    "to_torch",
    "write",
]


if not TYPE_CHECKING:  # a type checker that sees __getattr__ takes any name for a public one

    def __getattr__(name):
        if name == "__version__":
            from importlib.metadata import version

            value = version("conncore")
        elif name == "plot":
            value = import_module("conncore.plot")
        elif name in _HOMES:
            value = getattr(import_module(_HOMES[name]), name)
        else:
            raise AttributeError(f"module 'conncore' has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__", "plot"})
