"""What this installation is built of, and whether its kernels compute what they should."""

from __future__ import annotations

import platform
from importlib.metadata import version

import numpy as np

from conncore import _kernels
from conncore._cpu import instruction_sets
from conncore._parallel import has_openmp
from conncore.catalog.shipped import load
from conncore.network.network import Network
from conncore.neurons.models import NEURONS
from conncore.reference import ReferencePopulation
from conncore.tasks import make_task
from conncore.threads import resolve_threads


def examine() -> tuple[dict[str, str], list[str]]:
    """Facts about the installation, and what is wrong with it (nothing, on a good one)."""
    built = _kernels.built_for()
    facts = {
        "conncore": version("conncore"),
        "python": f"{platform.python_version()} on {platform.platform()}",
        **{name: version(name) for name in ("numpy", "mujoco", "gymnasium")},
        "usable cores": str(resolve_threads(None)),
        "threads": "OpenMP" if has_openmp() else "none: built without OpenMP, runs serially",
        "instruction sets": f"{', '.join(built)} (processor: {', '.join(instruction_sets())})",
        "kernels in use": _kernels.load("network").__name__.rpartition("_")[2],
    }
    return facts, [problem for neuron in NEURONS if (problem := _compare(neuron))]


def _compare(neuron: str) -> str:
    """Run a few steps of the worm on the kernels and in NumPy; "" if they agree to the bit."""
    task = make_task("swimmer6")
    network = Network(load("celegans-haspel2011"), task, neuron=neuron)
    genomes = network.random_genomes(17)
    policy = network.policy(genomes)
    twin = ReferencePopulation(
        network.topology,
        neuron,
        network.values(genomes),
        network.neuron_constants(genomes),
        trace=network.trace,
        n_repeats=network.steps_per_action,
    )
    observations = np.random.default_rng(0).normal(size=(50, len(genomes), task.n_obs))
    for rows in observations:
        same = np.array_equal(policy.act(rows), twin.act(rows))
        if not same or not np.array_equal(policy.activity(), twin.activity()):
            return f"the {neuron} kernel differs from its NumPy twin; please report this output"
    return ""
