"""Spike times of 20 random networks of `lif_exp` by Brian2, written to reference_brain.npz.

See make_reference.py for the environment::

    /tmp/brian/bin/python tests/core/brian2/make_brain_reference.py

Each network has a delay per edge, fixed input spikes, and both refractory rules: under "drop", g is
"unless refractory", as in Shiu et al. 2024; under "keep", it is not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
N_NETWORKS = 20
N_CELLS, N_DRIVEN, N_STEPS = 60, 8, 2000
DT = 0.1  # ms
RULES = {"drop": "volt (unless refractory)", "keep": "volt"}


def build_network(seed: int) -> dict[str, np.ndarray]:
    """Edges with synapse counts, signs and delays in steps; input spikes of the first cells."""
    rng = np.random.default_rng(seed)
    pre, post = np.nonzero(rng.random((N_CELLS, N_CELLS)) < 0.2)
    counts = np.ceil(rng.lognormal(3.7, 0.8, pre.size)).astype(np.int32)
    inhibits = rng.random(N_CELLS) < 0.35
    kick_step, kick_cell = np.nonzero(rng.random((N_STEPS, N_DRIVEN)) < 0.015)
    return {
        "pre": pre.astype(np.int32),
        "post": post.astype(np.int32),
        "weight": np.where(inhibits[pre], -counts, counts).astype(np.int32),
        "delay": rng.integers(1, 60, pre.size).astype(np.int32),
        "kick_step": kick_step.astype(np.int32),
        "kick_cell": kick_cell.astype(np.int32),
    }


def run(network: dict[str, np.ndarray], rule: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps and cells of all spikes, by step, then cell."""
    import brian2 as b2

    b2.prefs.codegen.target = "numpy"
    b2.defaultclock.dt = DT * b2.ms
    cells = b2.NeuronGroup(
        N_CELLS,
        "dv/dt = (v_0 - v + g) / t_m : volt (unless refractory)\n"
        f"dg/dt = -g / t_s : {RULES[rule]}\nrfc : second",
        method="exact", threshold="v > -45 * mV", reset="v = v_0; g = 0 * mV", refractory="rfc",
        namespace={"v_0": -52 * b2.mV, "t_m": 20 * b2.ms, "t_s": 5 * b2.ms},
    )  # fmt: skip
    cells.v = -52 * b2.mV
    cells.rfc = np.where(np.arange(N_CELLS) < N_DRIVEN, 0.0, 2.2) * b2.ms
    synapses = b2.Synapses(cells, cells, "w : volt", on_pre="g_post += w")
    synapses.connect(i=network["pre"], j=network["post"])
    synapses.w = network["weight"] * 0.275 * b2.mV
    synapses.delay = network["delay"] * DT * b2.ms
    times = network["kick_step"] * DT * b2.ms
    source = b2.SpikeGeneratorGroup(N_DRIVEN, network["kick_cell"], times)
    inputs = b2.Synapses(source, cells, on_pre="v_post += 68.75 * mV")
    inputs.connect(j="i")
    spikes = b2.SpikeMonitor(cells)
    b2.Network(cells, synapses, source, inputs, spikes).run(N_STEPS * DT * b2.ms)
    steps = np.rint(np.asarray(spikes.t / b2.defaultclock.dt)).astype(np.int32)
    which = np.asarray(spikes.i).astype(np.int32)
    order = np.lexsort((which, steps))
    return steps[order], which[order]


def main() -> None:
    import brian2

    found: dict[str, np.ndarray] = {}
    for seed in range(N_NETWORKS):
        network = build_network(seed)
        found |= {f"{name}_{seed}": array.astype(np.int16) for name, array in network.items()}
        for rule in RULES:
            steps, which = run(network, rule)
            found[f"steps_{rule}_{seed}"] = steps.astype(np.int16)
            found[f"cells_{rule}_{seed}"] = which.astype(np.int8)
            print(f"network {seed}, {rule}: {steps.size} spikes", flush=True)
    versions = np.array([f"brian2 {brian2.__version__}", f"numpy {np.__version__}"])
    np.savez_compressed(HERE / "reference_brain.npz", versions=versions, **found)


if __name__ == "__main__":
    main()
