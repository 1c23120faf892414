"""The native swimmers against MuJoCo, and the closed loop against the physics alone, on one core.

    python bench/swimmer.py [--repeats 7] [--json FILE]

All runs of a row are interleaved, and the medians of the ratios are what to read: the times of a
shared machine are not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

import conncore as cc
from conncore import _kernels
from conncore.tasks import make_task
from conncore.tasks.swimmer import DmSwimmer6, Swimmer6

BODIES = ("swimmer6", "dm-swimmer6")
TORQUES = ("smooth gait", "random torque")
N_STEPS = 200  # control steps of an episode of the physics
N_MUJOCO = 48  # members of the closed loop on MuJoCo; its time grows in step with them

Swimmer = Swimmer6 | DmSwimmer6


def use(isa: str) -> None:
    """Take the kernels of this instruction set from now on."""
    os.environ["CONNCORE_ISA"] = isa
    _kernels.load.cache_clear()


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def torques(kind: str, n_members: int, n_joints: int) -> NDArray[np.float64]:
    """(n_members, N_STEPS, n_joints): a wave at nearly full torque, which meets the limits, or
    noise; another one for every member."""
    rng = np.random.default_rng(0)
    if kind == "random torque":
        return rng.uniform(-1.0, 1.0, (n_members, N_STEPS, n_joints))
    phase = rng.uniform(0.0, 2.0 * np.pi, (n_members, 1, 1))
    wave = np.sin(0.2 * np.arange(N_STEPS)[:, None] - 1.2 * np.arange(n_joints) + phase)
    return np.tanh(2.0 * wave)


def physics(body: str, kind: str, repeats: int) -> list[dict[str, Any]]:
    """Seconds per simulation step of one member: mj_step, and every instruction set."""
    task = make_task(body)
    assert isinstance(task, (Swimmer6, DmSwimmer6))
    n_members = 128
    actions = torques(kind, n_members, task.n_actions)
    start = task.initial_states(range(n_members))
    data = mujoco.MjData(task.model)
    substeps = N_STEPS * task.frame_skip
    populations = {}
    for isa in _kernels.built_for():
        use(isa)
        populations[isa] = task.population(n_members, 1)

    def mj_step(member: int) -> None:
        mujoco.mj_resetData(task.model, data)
        data.qpos[:], data.qvel[:] = start[0][member], start[1][member]
        for action in actions[member]:
            data.ctrl[:] = action
            mujoco.mj_step(task.model, data, task.frame_skip)

    times: dict[str, list[float]] = {isa: [] for isa in ("mj_step", *populations)}
    for repeat in range(repeats):
        times["mj_step"].append(seconds(lambda m=repeat: mj_step(m)) / substeps)
        for isa, population in populations.items():
            population.reset(*start)
            taken = seconds(lambda p=population: p.run(actions, task.scoring, N_STEPS))
            times[isa].append(taken / substeps / n_members)
    return [
        {
            "body": body,
            "torque": kind,
            "isa": isa,
            "mj_step_ns": 1e9 * median(times["mj_step"]),
            "native_ns": 1e9 * median(times[isa]),
            "ratio": median(m / t for m, t in zip(times["mj_step"], times[isa], strict=True)),
        }
        for isa in populations
    ]


def closed_loop(neuron: str, isa: str, repeats: int, n_members: int) -> dict[str, Any]:
    """Seconds per control step of one member: with a network, of the physics alone, on MuJoCo.

    The physics alone replays the actions of the networks, so it meets the same limits.
    """
    use(isa)
    task, reference = make_task("swimmer6"), make_task("swimmer6", engine="mujoco")
    assert isinstance(task, Swimmer6)
    assert isinstance(reference, Swimmer6)
    task.n_steps = reference.n_steps = N_STEPS
    worm = cc.load("celegans-haspel2011", split_muscles=True)
    network = cc.Network(worm, task, neuron=neuron)
    genomes = network.random_genomes(n_members)
    start = task.initial_states([0] * n_members)
    population = task.population(n_members, 1)
    policy = network.policy(genomes, n_threads=1)

    population.reset(*start)
    actions = np.empty((n_members, N_STEPS, task.n_actions))
    for step in range(N_STEPS):
        actions[:, step] = policy.act(task.observe(population))
        population.step(actions[:, step])

    some = genomes[:N_MUJOCO]
    times: dict[str, list[float]] = {"loop": [], "physics": [], "evaluate": [], "mujoco": []}
    for _ in range(repeats):
        policy.reset()
        population.reset(*start)
        times["loop"].append(seconds(lambda: population.run(policy, task.scoring, N_STEPS)))
        population.reset(*start)
        times["physics"].append(seconds(lambda: population.run(actions, task.scoring, N_STEPS)))
        times["evaluate"].append(seconds(lambda: task.evaluate(network, genomes, 0, n_threads=1)))
        taken = seconds(lambda: reference.evaluate(network, some, 0, n_threads=1))
        times["mujoco"].append(taken * n_members / len(some))
    pairs = list(zip(*times.values(), strict=True))
    per_step = 1e9 / (n_members * N_STEPS)
    return {
        "neuron": neuron,
        "isa": isa,
        **{f"{name}_ns": median(taken) * per_step for name, taken in times.items()},
        "share_of_physics": median(alone / loop for loop, alone, _, _ in pairs),
        "ratio": median(mj / whole for _, _, whole, mj in pairs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--members", type=int, default=750)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    print(f"{'body':12} {'torque':14} {'isa':9} {'mj_step':>10} {'native':>9} {'ratio':>7}")
    rows = []
    for body in BODIES:
        for kind in TORQUES:
            for row in physics(body, kind, options.repeats):
                rows.append(row)
                print(
                    f"{body:12} {kind:14} {row['isa']:9} {row['mj_step_ns']:7.0f} ns "
                    f"{row['native_ns']:6.1f} ns {row['ratio']:6.1f}x"
                )
    print(
        f"\n{'neuron':7} {'isa':9} {'loop':>9} {'physics':>9} {'share':>6} "
        f"{'evaluate':>9} {'mujoco':>10} {'ratio':>7}"
    )
    loops = []
    for neuron in ("alif", "relu"):
        for isa in _kernels.built_for():
            row = closed_loop(neuron, isa, options.repeats, options.members)
            loops.append(row)
            print(
                f"{neuron:7} {isa:9} {row['loop_ns']:6.0f} ns {row['physics_ns']:6.0f} ns "
                f"{row['share_of_physics']:5.0%} {row['evaluate_ns']:6.0f} ns "
                f"{row['mujoco_ns']:7.0f} ns {row['ratio']:6.1f}x"
            )
    if options.json:
        found = {"machine": platform.machine(), "physics": rows, "closed_loop": loops}
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
