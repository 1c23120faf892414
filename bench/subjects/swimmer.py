"""Compares the native swimmers with MuJoCo, and the closed loop with the bodies alone."""

from __future__ import annotations

import conncore as cc
from conncore._swimmers import Swimmers
from conncore.bench.bodies import TORQUES, alone, closed_loop, simulations
from conncore.bench.bodies import body as bodies_of
from conncore.bench.harness import Harness
from conncore.bench.subjects import limits

TITLE = "native swimmers: physics alone and closed loop, one core"

BODIES = ("swimmer6", "dm-swimmer6")
OVER_MJ_STEP = {"avx512": 40.0, "avx2": 30.0, "baseline": 18.0}


def flops(n: int, runge_kutta: bool) -> int:
    """Additions, multiplications and divisions of one step of a chain of n links within its limits.

    They are counted line by line in kernels/swimmer.pyx, without comparisons and absolute values.
    """
    pairs = n * (n - 1) // 2
    limited = 5 * (n - 1)
    factorised = 4 * pairs + 4 * (n - 1) + n + pairs + n * (n - 1) * (n + 1) // 3
    forces = 36 * n + 2 + 18 * n
    solved = 2 * (n - 1) + 4 * pairs + n + 5 * n + 2
    acceleration = limited + factorised + forces + solved
    size, turned = n + 2, 26 * n
    if not runge_kutta:
        return acceleration + 4 * size + n + turned
    return 4 * acceleration + 4 * 4 * size + 3 * (4 * size + n + turned) + 2 * size + turned


def roofline(harness: Harness, body: str, kind: str, isa: str, nanoseconds: float) -> None:
    """The share of a core's peak that the bodies reach; a multiply-add counts as two operations."""
    bodies = simulations(bodies_of(body, "native", 1), 1)
    assert isinstance(bodies, Swimmers)
    n_flops = flops(bodies.chain.n_links, bodies.chain.runge_kutta)
    name = f"physics alone, {body}, {kind}, {isa}"
    harness.note(f"{name}: operations a simulation step", n_flops)
    rate = n_flops / nanoseconds * 1e9
    harness.note(f"{name}: share of the peak of dgemm", rate / limits.peak_flops())


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    n_steps = 20 if harness.quick else 200
    for body in BODIES:
        for kind in TORQUES:
            isa, nanoseconds = alone(harness, body, kind, n_steps, OVER_MJ_STEP)
            roofline(harness, body, kind, isa, nanoseconds)
    n_members = 96 if harness.quick else 750
    worm = cc.load("celegans-haspel2011", split_muscles=True)
    for neuron in ("alif", "relu"):
        task = bodies_of("swimmer6", "native", n_steps)
        network = cc.Network(worm, task, neuron=neuron)
        title = f"closed loop, swimmer6, {neuron}, {n_members} members"
        table = closed_loop(harness, task, network, title, n_members, [])
        ours = table["closed loop"]
        harness.claim(f"{title}: share of the physics' speed", table["physics alone"] / ours, 0.75)
        harness.claim(f"{title}: over engine mujoco", table["engine mujoco"] / ours, 25.0)
