"""Izhikevich's simple model. Kernel: conncore/kernels/izhikevich.pyx."""

from __future__ import annotations

from conncore.neurons.types import Constant, Constants, Floats, NeuronModel, Operations, State


def reset(shape: tuple[int, int], constants: Constants, ops: Operations) -> State:
    v = ops.full(shape, constants["c"])
    return {"v": v, "u": constants["b"] * v}


def step(state: State, current: Floats, constants: Constants, ops: Operations) -> Floats:
    v, u, dt = state["v"], state["u"], constants["dt"]
    v = v + dt * (0.04 * v * v + 5.0 * v + 140.0 - u + constants["scale"] * current)
    u = u + dt * (constants["a"] * (constants["b"] * v - u))
    spikes, z = ops.spike(v, 30.0, width=30.0)
    state["v"] = ops.where(spikes, constants["c"], v)
    state["u"] = ops.where(spikes, u + constants["d"], u)
    return z


# The paper's (arXiv 2209.14406), with two differences. A step is dt = 0.2 ms, our reading of the
# paper's "voltage constant scalar 0.2", and a control step has ten of them. Initial synapses are
# weaker than the paper's (2, 1). docs/reproduction.md has the measurements.
MODEL = NeuronModel(
    constants={
        "a": Constant(0.02, 0.0, 1.0, 2**-6),
        "b": Constant(0.25, -1.0, 1.0, 2**-2),
        "c": Constant(-58.0, -80.0, -40.0, 64),
        "d": Constant(0.0, -20.0, 20.0, 8),
        "scale": Constant(20.0, 0.0, 200.0, 16),
        "dt": Constant(0.2, 0.01, 1.0, 2**-2),
    },
    reset=reset,
    step=step,
    log_weights=(0.0, -0.5),
    trace=0.8,
    steps_per_action=10,
)
