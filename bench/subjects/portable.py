"""Compares the installed kernels, chosen at run time, with a build for this machine only."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np

from conncore.bench import graphs
from conncore.bench.harness import HERE, Harness, Work, repeat

TITLE = "run-time choice of the instruction set against -march=native, one thread"
ROOT = HERE.parent


def build(folder: str) -> Path:
    """Build the sources with -march=native in a folder. Return the folder of the kernels."""
    command = [sys.executable, "setup.py", "--quiet", "build_ext"]
    subprocess.run(
        [*command, "--build-lib", f"{folder}/lib", "--build-temp", f"{folder}/temp"],
        cwd=ROOT, env=os.environ | {"CONNCORE_NATIVE": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True,
    )  # fmt: skip
    return Path(folder, "lib", "conncore", "_kernels")


def load(folder: Path, kernel: str) -> ModuleType:
    """Import a kernel of the native build."""
    [path] = folder.glob(f"{kernel}_native.*")
    name = f"conncore._kernels.{kernel}_native"
    loader = ExtensionFileLoader(name, str(path))
    module = importlib.util.module_from_spec(ModuleSpec(name, loader, origin=str(path)))
    loader.exec_module(module)
    return module


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    if not (ROOT / "setup.py").is_file():
        harness.skip("the native build", "it needs a checkout of the sources")
        return
    n_members = 96 if harness.quick else graphs.N_MEMBERS
    observations = np.ones((n_members, 1))
    with tempfile.TemporaryDirectory() as folder:
        try:
            kernels = build(folder)
        except subprocess.CalledProcessError as error:
            harness.skip("the native build", error.stderr.decode().strip().splitlines()[-1])
            return
        for graph in (graphs.haspel(), graphs.random_graph(*graphs.WINDING)):
            for neuron in ("alif", "relu"):
                weights = graph.weights(n_members)
                native = (load(kernels, "network"), load(kernels, neuron))
                n_steps = max(1, int(4e7 / weights.size))
                works = []
                for name, chosen in (("portable", None), ("native", native)):
                    population = graph.population(weights, 1, neuron, chosen)
                    steps = repeat(population.act, observations, n_steps)
                    works.append(Work(name, steps, weights.size * n_steps))
                title = f"{graph.name}, {neuron}, {n_members} members"
                unit = "ns/synapse/member/step"
                table = harness.measure(title, unit, works, 1e9, clock=time.process_time)
                share = table["native"] / table["portable"]
                harness.claim(f"{graph.name}, {neuron}: portable, share of native", share, 0.9)
