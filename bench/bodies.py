"""What the subjects about native bodies share: bodies alone and closed loops, on one core."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import mujoco
import numpy as np
from numpy.typing import NDArray

import conncore as cc
from conncore import _kernels
from conncore._episodes import Episodes
from conncore._population import Population
from conncore.bench.harness import Harness, Work
from conncore.tasks import make_task
from conncore.tasks.native import NativeTask

TORQUES = ("smooth gait", "random torque")
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


def body(name: str, engine: str, n_steps: int) -> NativeTask:
    """The task with shorter episodes, which nothing ends early.

    The cost of a step hardly changes during an episode.
    """
    task = make_task(name, engine=engine)
    assert isinstance(task, NativeTask)
    task.n_steps = n_steps
    task.scoring = dataclasses.replace(task.scoring, healthy=None)
    return task


def simulations(task: NativeTask, n_members: int) -> Episodes:
    bodies = task.bodies(n_members, 1)
    assert isinstance(bodies, Episodes)
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


def alone(
    harness: Harness, name: str, kind: str, n_steps: int, least: Mapping[str, float]
) -> tuple[str, float]:
    """Time mj_step and conncore's kernels of every instruction set, with the same torques.

    `least` has the ratio that each instruction set needs. Returns the best one and its time, in ns.
    """
    task = body(name, "native", n_steps)
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

    def native(bodies: Episodes) -> None:
        bodies.reset(*start)
        bodies.run(actions, task.scoring, n_steps)

    works = [Work("mj_step", mj_step, substeps)]
    for isa in _kernels.built_for():
        with kernels(isa):
            bodies = simulations(task, n_members)
        works.append(Work(isa, lambda b=bodies: native(b), substeps * n_members))  # type: ignore[misc]
    title = f"physics alone, {name}, {kind}"
    table = harness.measure(title, "ns/member/simulation step", works, 1e9, time.process_time)
    for isa in _kernels.built_for():
        ratio = table["mj_step"] / table[isa]
        harness.claim(f"{title}: {isa} over mj_step", ratio, least[isa])
    best = _kernels.built_for()[0]
    return best, table[best]


def closed_loop(
    harness: Harness,
    task: NativeTask,
    network: cc.Network,
    title: str,
    n_members: int,
    others: list[Work],
) -> dict[str, float]:
    """Time whole episodes with a network, bodies alone that replay the actions, and `others`.

    Returns the times of a member's control step, in ns.
    """
    n_steps = task.n_steps
    genomes = network.random_genomes(n_members)
    start = task.initial_states([0] * n_members)
    bodies = simulations(task, n_members)
    policy = network.policy(genomes, n_threads=1)
    assert isinstance(policy, Population)
    reference = body(task.name, "mujoco", n_steps)
    some = genomes[:N_MUJOCO]

    bodies.reset(*start)
    actions = np.empty((n_members, n_steps, task.n_actions))
    for step in range(n_steps):
        actions[:, step] = policy.act(task.observe(bodies))
        bodies.step(task.controls(actions[:, step]))

    def loop() -> None:
        policy.reset()
        bodies.reset(*start)
        bodies.run(policy, task.scoring, n_steps)

    def replay() -> None:
        bodies.reset(*start)
        bodies.run(actions, task.scoring, n_steps)

    table = harness.measure(
        title,
        "ns/member/control step",
        [
            Work("closed loop", loop, n_members * n_steps),
            Work("physics alone", replay, n_members * n_steps),
            Work("engine mujoco", lambda: reference.evaluate(network, some, 0, 1),
                 len(some) * n_steps),
            *others,
        ],
        1e9,
        time.process_time,
    )  # fmt: skip
    return {row.name: table[row.name] for row in table.rows}
