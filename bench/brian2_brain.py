"""Simulates a brain of `lif_exp` cells in Brian2 (C++ standalone, one core).

bench/subjects/brain.py runs this file as

PYTHON bench/brian2_brain.py BRAIN.npz SPIKES.npz

with the Python of an environment that has Brian2. BRAIN.npz has the edges and the input spikes,
and SPIKES.npz gets Brian2's spikes. The script prints one line of JSON. The time is processor time,
of Brian2's own clock around its loop over the steps: without building, loading and saving.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile

import brian2 as b2  # type: ignore[import-not-found]
import numpy as np


def main() -> None:
    source, target = sys.argv[1:]
    with np.load(source) as file:
        brain = dict(file)
    folder = tempfile.mkdtemp(prefix="brian2_brain_")
    b2.set_device("cpp_standalone", build_on_run=False, directory=folder)
    b2.prefs.devices.cpp_standalone.openmp_threads = 0  # its OpenMP target loses spikes
    b2.defaultclock.dt = 0.1 * b2.ms
    n_cells, n_steps = int(brain["n_cells"]), int(brain["n_steps"])
    cells = b2.NeuronGroup(
        n_cells,
        "dv/dt = (v_0 - v + g) / t_m : volt (unless refractory)\n"
        "dg/dt = -g / t_s : volt (unless refractory)\nrfc : second",
        method="exact", threshold="v > -45 * mV", reset="v = v_0; g = 0 * mV", refractory="rfc",
        namespace={"v_0": -52 * b2.mV, "t_m": 20 * b2.ms, "t_s": 5 * b2.ms},
    )  # fmt: skip
    cells.v = -52 * b2.mV
    driven = np.unique(brain["kick_cell"])
    refractory = np.full(n_cells, 2.2)
    refractory[driven] = 0.0
    cells.rfc = refractory * b2.ms
    synapses = b2.Synapses(cells, cells, "w : volt", on_pre="g_post += w", delay=1.8 * b2.ms)
    synapses.connect(i=brain["pre"], j=brain["post"])
    synapses.w = brain["weight"] * 0.275 * b2.mV
    which = np.searchsorted(driven, brain["kick_cell"])
    kicks = b2.SpikeGeneratorGroup(driven.size, which, brain["kick_step"] * 0.1 * b2.ms)
    inputs = b2.Synapses(kicks, cells, on_pre="v_post += 68.75 * mV")
    inputs.connect(i=np.arange(driven.size), j=driven)
    spikes = b2.SpikeMonitor(cells)
    b2.Network(cells, synapses, kicks, inputs, spikes).run(n_steps * 0.1 * b2.ms)
    b2.device.build(directory=folder, compile=True, run=True, debug=False)
    steps = np.rint(np.asarray(spikes.t / (0.1 * b2.ms))).astype(np.int32)
    cell = np.asarray(spikes.i).astype(np.int32)
    order = np.lexsort((cell, steps))
    np.savez(target, step=steps[order], cell=cell[order])
    seconds = float(b2.device._last_run_time)
    shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"version": b2.__version__, "seconds": seconds}))


if __name__ == "__main__":
    main()
