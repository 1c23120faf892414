"""Compares the native half cheetah and walker with MuJoCo and Gymnasium."""

from __future__ import annotations

import contextlib
import tempfile

import gymnasium
import numpy as np

import conncore as cc
from conncore.bench.bodies import TORQUES, alone, body, closed_loop
from conncore.bench.harness import Harness, Work
from conncore.bench.paper import NumpyAlifNetwork

TITLE = "native bodies with legs: physics alone and closed loop, one core"

OVER_MJ_STEP = {
    "HalfCheetah-v5": {"avx512": 30.0, "avx2": 14.0, "baseline": 7.0},
    "Walker2d-v5": {"avx512": 25.0, "avx2": 14.0, "baseline": 7.0},
}


def gymnasium_member(name: str, network: cc.Network, n_steps: int) -> Work:
    """One member with a NumPy network and Gymnasium's steps, without processes of its own.

    `closed_loop` measures the paper's way, with Gymnasium's AsyncVectorEnv.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # MuJoCo logs a warning
        env = gymnasium.make(name).unwrapped
    genome = network.random_genomes(1)[0]

    def steps() -> None:
        member = NumpyAlifNetwork(network, genome)
        observation, _ = env.reset(seed=0)
        for _ in range(n_steps):
            observation = env.step(member.act(observation).astype(np.float32))[0]

    return Work("Gymnasium, NumPy network", steps, n_steps)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    if not harness.can_make_gymnasium_bodies():
        return
    n_steps = 20 if harness.quick else 200
    for name, least in OVER_MJ_STEP.items():
        for kind in TORQUES:
            alone(harness, name, kind, n_steps, least)
    n_members = 96 if harness.quick else 750
    worm = cc.load("celegans-haspel2011", split_muscles=True)
    for name in OVER_MJ_STEP:
        task = body(name, "native", n_steps)
        network = cc.Network(worm, task, "alif", io="dense", weights="individual")
        title = f"closed loop, {name}, {n_members} members"
        others = [gymnasium_member(name, network, n_steps)]
        table = closed_loop(harness, task, network, title, n_members, others)
        ours = table["closed loop"]
        harness.claim(f"{title}: over engine mujoco", table["engine mujoco"] / ours, 20.0)
        slowest = table["Gymnasium, NumPy network"]
        harness.claim(f"{title}: over Gymnasium with NumPy", slowest / ours, 50.0)
