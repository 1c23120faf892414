"""Spike times of a 100-cell random network by Brian2, written to reference_<model>.npz.

Brian2 2.9 does not import under NumPy 2.4, so it gets an environment of its own::

    python -m venv /tmp/brian
    /tmp/brian/bin/pip install "brian2==2.9.0" "numpy<2.3"
    /tmp/brian/bin/python tests/brian2/make_reference.py

The committed files come from Python 3.11, Brian2 2.9.0 and NumPy 2.2.6, code generation target
"numpy"; each file records its versions. tests/test_brian2.py runs the same networks through
conncore's kernels and needs no Brian2.

Brian2 does the work: its state updaters integrate v (exact for alif, Euler for Izhikevich),
thresholds find spikes, Synapses carry them, resets follow. Its order within a step is groups,
thresholds, synapses, resets. Weights are added after the thresholds, so a spike of step t moves
v in step t + 1: the delay of one step that conncore has.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
N_NEURONS = 100
N_STEPS = 1000
CONSTANTS = {
    "alif": {"gamma": np.exp(-1 / 20), "v_th": 1.0, "gamma_s": np.exp(-1 / 10), "beta": 0.5},
    "izhikevich": {"a": 0.02, "b": 0.25, "c": -58.0, "d": 2.0, "scale": 20.0, "dt": 0.2},
}
WEIGHT = {"alif": 0.4, "izhikevich": 4.0}  # mean of an excitatory synapse
SEED = 20240607
PERIODS = np.array([17.0, 40.0, 101.0, 330.0])  # of the observations, in steps


def build_network(model: str) -> dict[str, np.ndarray]:
    """Random wiring (10%, self-loops too, every fifth cell inhibits) and the drive of each cell.

    Cell j gets the input tanh(bias[j] + gain[j] * sin(2 pi step / PERIODS[j % 4])).
    """
    rng = np.random.default_rng(SEED)
    post, pre = np.nonzero(rng.random((N_NEURONS, N_NEURONS)) < 0.1)
    size = WEIGHT[model] * rng.uniform(0.2, 1.8, pre.size)
    return {
        "pre": pre.astype(np.int16),
        "post": post.astype(np.int16),
        "weight": np.where(pre % 5 == 0, -3.0 * size, size),
        "bias": rng.uniform(-0.3, 0.3, N_NEURONS),
        "gain": rng.uniform(-1.5, 1.5, N_NEURONS),
    }


def observations() -> np.ndarray:
    """(N_STEPS, 4): a sine wave for every fourth cell."""
    return np.sin(2 * np.pi * np.arange(N_STEPS)[:, None] / PERIODS)


def run(model: str, network: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Steps and cells of all spikes."""
    import brian2 as b2

    b2.prefs.codegen.target = "numpy"  # the compiled targets use -ffast-math
    constants = CONSTANTS[model]
    b2.defaultclock.dt = constants.get("dt", 1.0) * b2.ms
    inputs = """
        x = tanh(bias + gain * wave(t, i % 4)) : 1
        arriving : 1
        bias : 1
        gain : 1
    """
    if model == "alif":
        cells = b2.NeuronGroup(
            N_NEURONS,
            "dv/dt = -v / tau : 1\na : 1" + inputs,
            method="exact",
            threshold="v >= v_th + a",
            reset="v = 0; a = a + beta",
            namespace={"tau": -b2.defaultclock.dt / np.log(constants["gamma"]), **constants},
        )
        cells.run_regularly("v = v + (x + arriving)", when="after_groups", order=0)
        cells.run_regularly("a = gamma_s * a", when="after_thresholds")
    else:
        cells = b2.NeuronGroup(
            N_NEURONS,
            "dv/dt = (0.04*v**2 + 5*v + 140 - u + scale*(x + arriving)) / ms : 1\nu : 1" + inputs,
            method="euler",
            threshold="v >= 30",
            reset="v = c; u = u + d",
            namespace=constants | {"dt_ms": constants["dt"]},
        )
        cells.run_regularly("u = u + dt_ms * (a * (b * v - u))", when="after_groups", order=0)
        cells.v = constants["c"]
        cells.u = constants["b"] * constants["c"]
    cells.bias, cells.gain = network["bias"], network["gain"]
    cells.run_regularly("arriving = 0", when="after_groups", order=1)
    synapses = b2.Synapses(cells, cells, "w : 1", on_pre="arriving_post += w")
    synapses.connect(i=network["pre"], j=network["post"])
    synapses.w = network["weight"]
    spikes = b2.SpikeMonitor(cells)
    net = b2.Network(cells, synapses, spikes)
    wave = b2.TimedArray(observations(), dt=b2.defaultclock.dt)
    net.run(N_STEPS * b2.defaultclock.dt, namespace={"wave": wave})
    steps = np.rint(np.asarray(spikes.t / b2.defaultclock.dt)).astype(np.int16)
    return steps, np.asarray(spikes.i).astype(np.int8)


def main() -> None:
    import brian2

    for model, constants in CONSTANTS.items():
        network = build_network(model)
        steps, cells = run(model, network)
        path = HERE / f"reference_{model}.npz"
        np.savez_compressed(
            path,
            **network,
            constant_names=np.array(list(constants)),
            constants=np.array(list(constants.values())),
            n_steps=N_STEPS,
            spike_step=steps,
            spike_cell=cells,
            versions=np.array([f"brian2 {brian2.__version__}", f"numpy {np.__version__}"]),
        )
        rate = steps.size / (N_STEPS * N_NEURONS)
        print(f"{path.name}: {steps.size} spikes, {rate:.3f} a cell and step")


if __name__ == "__main__":
    main()
