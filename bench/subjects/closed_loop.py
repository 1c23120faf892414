"""Times closed loops of network and body: conncore, bodies alone, EnvPool, the paper's method."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import gymnasium
import mujoco
import numpy as np
from mujoco.batch import Batch

import conncore as cc
from conncore.bench import graphs
from conncore.bench.harness import Harness, Work
from conncore.bench.paper import NumpyAlifNetwork
from conncore.tasks.mjcf import gymnasium_swimmer
from conncore.tasks.mujoco import MujocoTask
from conncore.tasks.native import ENGINES

TITLE = "observe, network, physics; time of one member's control step"

N_ENVS = 8  # of Gymnasium's AsyncVectorEnv, one process per member
# EnvPool's environment that is closest to the task
ENVPOOL = {
    "Swimmer-v5": "Swimmer-v5",
    "dm-swimmer6": "SwimmerSwimmer6-v1",
    "HalfCheetah-v5": "HalfCheetah-v5",
}


def tasks(name: str) -> dict[str, MujocoTask]:
    """The task with each of its engines, by the name in the table."""
    found: dict[str, MujocoTask] = {}
    for engine in ENGINES:
        task = cc.make_task(name, engine=engine)
        assert isinstance(task, MujocoTask)
        found[f"conncore, {engine}"] = task
    return found


def network(task: MujocoTask) -> cc.Network:
    """The worm as an alif network with individual weights."""
    worm = cc.load("celegans-haspel2011", split_muscles=True)
    io = "anatomical" if task.joints else "dense"
    return cc.Network(worm, task, "alif", io, weights="individual")


def episodes(task: MujocoTask, n_members: int, n_steps: int, n_threads: int) -> Work:
    """Closed-loop episodes, shortened: the cost of a step does not change during an episode."""
    task.n_steps = n_steps
    net = network(task)
    genomes = net.random_genomes(n_members)
    return Work(
        "", lambda: task.evaluate(net, genomes, seed=0, n_threads=n_threads), n_members * n_steps
    )


def constant_controls(task: MujocoTask, n_members: int, n_steps: int, n_threads: int) -> Work:
    """`mujoco.batch` alone; each member has its own constant controls."""
    batch = Batch(task.model, n_members, nthread=n_threads)
    qpos, qvel = task.initial_states([0] * n_members)
    controls = np.random.default_rng(0).uniform(-1.0, 1.0, (n_members, task.n_actions))

    def steps() -> None:
        batch.reset(stage=mujoco.mjtStage.mjSTAGE_NONE.value)
        batch.bind("qpos")[:], batch.bind("qvel")[:] = qpos, qvel
        batch.bind("ctrl")[:] = controls
        for _ in range(n_steps):
            batch.step(nstep=task.frame_skip)

    return Work("mujoco.batch, constant controls", steps, n_members * n_steps)


def mj_step(task: MujocoTask, n_steps: int) -> Work:
    """One simulation stepped from Python, on one core."""
    data = mujoco.MjData(task.model)
    controls = np.random.default_rng(0).uniform(-1.0, 1.0, task.n_actions)

    def steps() -> None:
        mujoco.mj_resetData(task.model, data)
        data.ctrl[:] = controls
        for _ in range(n_steps):
            mujoco.mj_step(task.model, data, nstep=task.frame_skip)

    return Work("mj_step, constant controls, one core", steps, n_steps)


def gymnasium_maker(name: str, folder: str) -> Callable[[], gymnasium.Env] | None:
    """A function that makes Gymnasium's environment with this body; None if there is none."""
    if name == "swimmer6":
        path = Path(folder, "swimmer6.xml")
        path.write_text(gymnasium_swimmer(6), encoding="utf-8")
        return functools.partial(gymnasium.make, "Swimmer-v5", xml_file=str(path))
    return None if name == "dm-swimmer6" else functools.partial(gymnasium.make, name)


def seen_by(task: MujocoTask, observation: np.ndarray) -> np.ndarray:
    """conncore's observation, taken from Gymnasium's, which also has heading and root velocity."""
    if observation.size == task.n_obs:
        return observation
    n = task.n_actions
    return np.concatenate([observation[1 : 1 + n] / task.model.jnt_range[3:, 1], observation[-n:]])


def paper_way(task: MujocoTask, envs: gymnasium.vector.AsyncVectorEnv, n_steps: int) -> Work:
    """AsyncVectorEnv, and one NumPy network per member."""
    net = network(task)
    genomes = net.random_genomes(N_ENVS)

    def steps() -> None:
        members = [NumpyAlifNetwork(net, genome) for genome in genomes]
        observations, _ = envs.reset(seed=0)
        for _ in range(n_steps):
            actions = [
                member.act(seen_by(task, seen))
                for member, seen in zip(members, observations, strict=True)
            ]
            observations = envs.step(np.array(actions, dtype=np.float32))[0]

    return Work("Gymnasium AsyncVectorEnv, NumPy network", steps, N_ENVS * n_steps)


def envpool(harness: Harness, name: str, n_members: int, n_steps: int, threads: int) -> list[Work]:
    """EnvPool with constant actions."""
    module = harness.peer("envpool") if name in ENVPOOL else None
    if module is None:
        return []
    envs = module.make_gymnasium(ENVPOOL[name], num_envs=n_members, num_threads=threads)
    shape = (n_members, *envs.action_space.shape)
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, shape)
    actions = actions.astype(envs.action_space.dtype)
    envs.reset()

    def steps() -> None:
        for _ in range(n_steps):
            envs.step(actions)

    return [Work("EnvPool, constant actions", steps, n_members * n_steps)]


def one_body(harness: Harness, name: str, stack: contextlib.ExitStack) -> None:
    n_members = 64 if harness.quick else graphs.N_MEMBERS
    n_steps = 20 if harness.quick else 60
    threads = harness.threads
    works = []
    for label, task in tasks(name).items():
        # a native episode is too short to be timed alone
        n = 1000 if label == "conncore, native" and not harness.quick else n_steps
        work = episodes(task, n_members, n, threads)
        works.append(Work(label, work.call, work.units))
    works.append(constant_controls(task, n_members, n_steps, threads))
    works.append(mj_step(task, 20 * n_steps))
    works += envpool(harness, name, n_members, n_steps, threads)
    make = gymnasium_maker(name, stack.enter_context(tempfile.TemporaryDirectory()))
    if make is not None:
        # not fork: a forked process does not have OpenMP's threads
        envs = gymnasium.vector.AsyncVectorEnv([make] * N_ENVS, context="forkserver")
        stack.callback(envs.close)
        works.append(paper_way(task, envs, n_steps))
    table = harness.measure(
        f"{name}: {n_members} members, {threads} threads", "us/member/step", works, 1e6
    )
    ours = table["conncore, mujoco"]
    alone = table["mujoco.batch, constant controls"]
    harness.claim(f"{name}: engine mujoco, share of mujoco.batch alone", alone / ours, 0.9)
    if "conncore, native" in [row.name for row in table.rows]:
        native = table["conncore, native"]
        least = 20.0 if name == "HalfCheetah-v5" else 25.0
        harness.claim(f"{name}: native over engine mujoco", ours / native, least)
        paper = table.get("Gymnasium AsyncVectorEnv, NumPy network")
        if paper is not None:
            harness.claim(f"{name}: native over the paper's way", paper / native, 80.0)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    if not harness.can_make_gymnasium_bodies():
        return
    for name in ("swimmer6", "Swimmer-v5", "dm-swimmer6", "HalfCheetah-v5"):
        with contextlib.ExitStack() as stack:
            one_body(harness, name, stack)
