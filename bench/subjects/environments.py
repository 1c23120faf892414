"""Times Gymnasium environments: conncore's `make_vec`, EnvPool and Gymnasium's AsyncVectorEnv."""

from __future__ import annotations

import contextlib
import tempfile

import gymnasium
import numpy as np

import conncore.environments
from conncore.bench.harness import Harness, Work
from conncore.bench.subjects.closed_loop import N_ENVS, envpool, gymnasium_maker

TITLE = "Gymnasium environments with a 6-link swimmer; time of one environment's step"


def steps(name: str, envs: gymnasium.vector.VectorEnv, n_steps: int) -> Work:
    """Steps with constant actions."""
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, envs.action_space.shape)
    actions = actions.astype(envs.action_space.dtype)
    envs.reset(seed=0)

    def call() -> None:
        for _ in range(n_steps):
            envs.step(actions)

    return Work(name, call, envs.num_envs * n_steps)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    if not harness.can_make_gymnasium_bodies():
        return
    n_envs = 64 if harness.quick else 1024
    n_steps = 20 if harness.quick else 500
    works = []
    for name in ("conncore/DmSwimmer6-v0", "conncore/Swimmer6-v0"):
        assert name in conncore.environments.ENVIRONMENTS
        envs = gymnasium.make_vec(name, n_envs, n_threads=harness.threads)
        works.append(steps(name, envs, n_steps))
    works += envpool(harness, "dm-swimmer6", n_envs, max(2, n_steps // 10), harness.threads)
    with contextlib.ExitStack() as stack:
        make = gymnasium_maker("swimmer6", stack.enter_context(tempfile.TemporaryDirectory()))
        assert make is not None
        # not fork: a forked process does not have OpenMP's threads
        envs = gymnasium.vector.AsyncVectorEnv([make] * N_ENVS, context="forkserver")
        stack.callback(envs.close)
        works.append(steps("AsyncVectorEnv, Swimmer-v5 with 6 links", envs, n_steps))
        table = harness.measure(
            f"{n_envs} environments, {harness.threads} threads", "us/environment step", works, 1e6
        )
    pool = table.get("EnvPool, constant actions")
    if pool is not None:
        ratio = pool / table["conncore/DmSwimmer6-v0"]
        harness.claim("make_vec over EnvPool's dm swimmer6", ratio, 20.0)
    ratio = table["AsyncVectorEnv, Swimmer-v5 with 6 links"] / table["conncore/Swimmer6-v0"]
    harness.claim("make_vec over AsyncVectorEnv", ratio, 100.0)
