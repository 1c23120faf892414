"""Simulates the large network in Brian2 (C++ standalone, one core).

bench/subjects/large.py runs this file as

PYTHON bench/brian2_large.py GRAPH.npz N_DRIVERS STEPS ACTIVITY...

with the Python of an environment that has Brian2. It prints one line of JSON. Two runs of different
length are compiled into one program. The times come from the program's own profile of synapses and
neurons.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import brian2 as b2  # type: ignore[import-not-found]
import numpy as np
from large_graph import kicked  # type: ignore[import-not-found]
from numpy.typing import NDArray


def run(
    graph: dict[str, NDArray[Any]], n_drivers: int, steps: int, activity: float
) -> dict[str, float]:
    folder = tempfile.mkdtemp(prefix="brian2_large_")
    b2.device.reinit()
    b2.device.activate(build_on_run=False, directory=folder)
    b2.defaultclock.dt = 1 * b2.ms
    b2.prefs.devices.cpp_standalone.openmp_threads = 0
    cells = b2.NeuronGroup(
        int(graph["n_cells"]), "dv/dt = -v / (20 * ms) : 1", threshold="v >= 1", reset="v = 0",
        method="exact",
    )  # fmt: skip
    synapses = b2.Synapses(cells, cells, "w : 1", on_pre="v_post += w", delay=0 * b2.ms)
    synapses.connect(i=graph["pre"], j=graph["post"])
    synapses.w = graph["signed"]
    start = np.zeros(int(graph["n_cells"]))
    start[kicked(n_drivers, activity)] = 2.0
    cells.v = start
    spikes = b2.SpikeMonitor(cells, record=False)
    b2.run(2 * n_drivers * b2.ms)  # warm up
    b2.run(steps * b2.ms, profile=True)
    b2.device.build(directory=folder, compile=True, run=True, debug=False)
    summary = b2.profiling_summary()
    profile = {
        name: float(t / b2.second) for name, t in zip(summary.names, summary.times, strict=True)
    }
    counts = np.array(spikes.count)
    out = np.bincount(graph["pre"], minlength=counts.size)
    total = 2 * n_drivers + steps
    shutil.rmtree(Path(folder), ignore_errors=True)
    return {
        "events_per_step": float(out @ counts / total),
        "seconds_per_step": sum(t for name, t in profile.items() if "spikemonitor" not in name)
        / steps,
        "synapse_seconds_per_step": sum(t for n, t in profile.items() if "synapses" in n) / steps,
        "active": float(counts.sum() / total / counts.size),
    }


def main() -> None:
    path, n_drivers, steps, *activities = sys.argv[1:]
    with np.load(path) as file:
        graph = dict(file)
    b2.set_device("cpp_standalone", build_on_run=False)
    results = {a: run(graph, int(n_drivers), int(steps), float(a)) for a in activities}
    print(json.dumps({"version": b2.__version__, "results": results}))


if __name__ == "__main__":
    main()
