"""Runs a few steps of one block of worms; the subject `instructions` runs it under valgrind.

It is a separate program, run by path. Importing the whole package (MuJoCo, Gymnasium) would take
minutes under valgrind, so an empty package replaces it.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType

import numpy as np


def stand_in(name: str) -> None:
    """Put a package into sys.modules without running its __init__."""
    spec = find_spec(name)
    assert spec is not None
    package = ModuleType(name)
    package.__path__ = spec.submodule_search_locations or []
    package.__spec__ = spec
    sys.modules[name] = package


def main() -> None:
    stand_in("conncore")
    from conncore.bench import graphs

    neuron, n_steps = sys.argv[1], int(sys.argv[2])
    graph = graphs.haspel()
    population = graph.population(graph.weights(16), 1, neuron)
    observations = np.ones((16, 1))
    for _ in range(n_steps):
        population.act(observations)


if __name__ == "__main__":
    main()
