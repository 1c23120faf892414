"""Turn a connectome into a neural network, evolve it on a task, and see whether the wiring helped.

>>> import conncore as cc
>>> worm = cc.load("celegans-haspel2011")
>>> task = cc.make_task("swimmer6")
>>> net = cc.Network(worm, task, neuron="alif", io="anatomical")
>>> run = cc.evolve(net, task, optimizer=cc.ES(), generations=50, out="runs/worm")  # doctest: +SKIP
"""

from importlib.metadata import version

from conncore import _openmp  # noqa: F401  (first: it says how threads wait)
from conncore.catalog.shipped import CatalogEntry, catalog, load
from conncore.connectome import Connectome
from conncore.errors import CheckpointError, ConncoreError, ConnectomeError, UsageError
from conncore.evolution.evolve import Run, evolve, resume, score
from conncore.experiments.comparison import Comparison, compare
from conncore.export import to_nir, to_torch
from conncore.formats import from_networkx, read, to_networkx, write
from conncore.network.network import Network
from conncore.nulls.models import NULLS, make_null
from conncore.optimizers import CMA, ES, GA
from conncore.tasks import Task, make_task

__version__ = version("conncore")

__all__ = [
    "CMA",
    "ES",
    "GA",
    "NULLS",
    "CatalogEntry",
    "CheckpointError",
    "Comparison",
    "ConncoreError",
    "Connectome",
    "ConnectomeError",
    "Network",
    "Run",
    "Task",
    "UsageError",
    "catalog",
    "compare",
    "evolve",
    "from_networkx",
    "load",
    "make_null",
    "make_task",
    "read",
    "resume",
    "score",
    "to_networkx",
    "to_nir",
    "to_torch",
    "write",
]
