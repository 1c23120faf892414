"""Compares the native swimmers with MuJoCo, and the closed loop with the bodies alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import mujoco
import numpy as np
from numpy.typing import NDArray

import conncore as cc
from conncore import _kernels
from conncore._population import Population
from conncore._swimmers import Swimmers
from conncore.bench.harness import Harness, Work
from conncore.bench.subjects import limits
from conncore.tasks import make_task
from conncore.tasks.swimmer import DmSwimmer6, Swimmer6

TITLE = "native swimmers: physics alone and closed loop, one core"

BODIES = ("swimmer6", "dm-swimmer6")
TORQUES = ("smooth gait", "random torque")
OVER_MJ_STEP = {"avx512": 40.0, "avx2": 30.0, "baseline": 18.0}
N_MUJOCO = 48  # members of the closed loop on MuJoCo, whose time is proportional to their number


@contextmanager
def kernels(isa: str) -> Iterator[None]:
    """Use the kernels of this instruction set for objects that are made inside."""
    before = os.environ.get("CONNCORE_ISA")
    os.environ["CONNCORE_ISA"] = isa
    _kernels.load.cache_clear()
    try:
        yield
    finally:
        del os.environ["CONNCORE_ISA"]
        if before is not None:
            os.environ["CONNCORE_ISA"] = before
        _kernels.load.cache_clear()


def swimmer(body: str, engine: str, n_steps: int) -> Swimmer6 | DmSwimmer6:
    """The task with shorter episodes; the cost of a step does not change during an episode."""
    task = make_task(body, engine=engine)
    assert isinstance(task, (Swimmer6, DmSwimmer6))
    task.n_steps = n_steps
    return task


def simulations(task: Swimmer6 | DmSwimmer6, n_members: int) -> Swimmers:
    bodies = task.bodies(n_members, 1)
    assert isinstance(bodies, Swimmers)
    return bodies


def torques(kind: str, n_members: int, n_steps: int, n_joints: int) -> NDArray[np.float64]:
    """Torques of shape (n_members, n_steps, n_joints), different for each member.

    They are noise, or a wave at nearly full torque, which reaches the limits of the joints.
    """
    rng = np.random.default_rng(0)
    if kind == "random torque":
        return rng.uniform(-1.0, 1.0, (n_members, n_steps, n_joints))
    phase = rng.uniform(0.0, 2.0 * np.pi, (n_members, 1, 1))
    wave = np.sin(0.2 * np.arange(n_steps)[:, None] - 1.2 * np.arange(n_joints) + phase)
    return np.tanh(2.0 * wave)


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
    task = swimmer(body, "native", 1)
    n_flops = flops(task.n_actions + 1, simulations(task, 1).chain.runge_kutta)
    name = f"physics alone, {body}, {kind}, {isa}"
    harness.note(f"{name}: operations a simulation step", n_flops)
    rate = n_flops / nanoseconds * 1e9
    harness.note(f"{name}: share of the peak of dgemm", rate / limits.peak_flops())


def bodies_alone(harness: Harness, body: str, kind: str, n_steps: int) -> None:
    """mj_step and conncore's kernels of every instruction set, with the same torques."""
    task = swimmer(body, "native", n_steps)
    n_members = 128
    actions = torques(kind, n_members, n_steps, task.n_actions)
    start = task.initial_states(range(n_members))
    data = mujoco.MjData(task.model)
    substeps = n_steps * task.frame_skip

    def mj_step() -> None:
        mujoco.mj_resetData(task.model, data)
        data.qpos[:], data.qvel[:] = start[0][0], start[1][0]
        for action in actions[0]:
            data.ctrl[:] = action
            mujoco.mj_step(task.model, data, task.frame_skip)

    def native(bodies: Swimmers) -> None:
        bodies.reset(*start)
        bodies.run(actions, task.scoring, n_steps)

    works = [Work("mj_step", mj_step, substeps)]
    for isa in _kernels.built_for():
        with kernels(isa):
            bodies = simulations(task, n_members)
        works.append(Work(isa, lambda b=bodies: native(b), substeps * n_members))  # type: ignore[misc]
    title = f"physics alone, {body}, {kind}"
    table = harness.measure(title, "ns/member/simulation step", works, 1e9, time.process_time)
    for isa in _kernels.built_for():
        ratio = table["mj_step"] / table[isa]
        harness.claim(f"{title}: {isa} over mj_step", ratio, OVER_MJ_STEP[isa])
    best = _kernels.built_for()[0]
    roofline(harness, body, kind, best, table[best])


def closed_loop(harness: Harness, neuron: str, n_members: int, n_steps: int) -> None:
    """Whole episodes with a network, and bodies alone that replay the actions."""
    task, reference = (swimmer("swimmer6", engine, n_steps) for engine in ("native", "mujoco"))
    worm = cc.load("celegans-haspel2011", split_muscles=True)
    network = cc.Network(worm, task, neuron=neuron)
    genomes = network.random_genomes(n_members)
    start = task.initial_states([0] * n_members)
    bodies = simulations(task, n_members)
    policy = network.policy(genomes, n_threads=1)
    assert isinstance(policy, Population)

    bodies.reset(*start)
    actions = np.empty((n_members, n_steps, task.n_actions))
    for step in range(n_steps):
        actions[:, step] = policy.act(task.observe(bodies))
        bodies.step(actions[:, step])

    def loop() -> None:
        policy.reset()
        bodies.reset(*start)
        bodies.run(policy, task.scoring, n_steps)

    def replay() -> None:
        bodies.reset(*start)
        bodies.run(actions, task.scoring, n_steps)

    some = genomes[:N_MUJOCO]
    title = f"closed loop, swimmer6, {neuron}, {n_members} members"
    table = harness.measure(
        title,
        "ns/member/control step",
        [
            Work("closed loop", loop, n_members * n_steps),
            Work("physics alone", replay, n_members * n_steps),
            Work("engine mujoco", lambda: reference.evaluate(network, some, 0, 1),
                 len(some) * n_steps),
        ],
        1e9,
        time.process_time,
    )  # fmt: skip
    ours = table["closed loop"]
    harness.claim(f"{title}: share of the physics' speed", table["physics alone"] / ours, 0.75)
    harness.claim(f"{title}: over engine mujoco", table["engine mujoco"] / ours, 25.0)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    n_steps = 20 if harness.quick else 200
    for body in BODIES:
        for kind in TORQUES:
            bodies_alone(harness, body, kind, n_steps)
    for neuron in ("alif", "relu"):
        closed_loop(harness, neuron, 96 if harness.quick else 750, n_steps)
