"""What one environment and many have in common: bodies that start, step and observe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import ArrayLike, NDArray

from conncore.errors import UsageError, need_count, real_array
from conncore.noise import N_STARTS
from conncore.tasks import make_task
from conncore.tasks.base import FloatArray
from conncore.tasks.mujoco import MujocoTask
from conncore.threads import resolve_threads

Mask = NDArray[np.bool_]


class Steps:
    """The bodies of `n_envs` environments, and their spaces.

    Parameters
    ----------
    task : str or MujocoTask
        A task with a body, or its name.
    n_envs : int
    n_threads : int, optional
        All usable cores if None. Results do not depend on it.
    **options
        Options of a task that is given by name.

    Attributes
    ----------
    observation_space : Box
        float64 without bounds, as in Gymnasium's MuJoCo environments.
    action_space : Box
        The range of the motors. float32 where the task rounds its actions to float32, else float64.
    """

    def __init__(
        self, task: str | MujocoTask, n_envs: int, n_threads: int | None, **options: Any
    ) -> None:
        found = make_task(task, **options) if isinstance(task, str) else task
        if not isinstance(found, MujocoTask):
            raise UsageError(f"task {found.name} has no body; choose a task with a MuJoCo body")
        self.task = found
        self.n_envs = need_count("num_envs", n_envs)
        self._bodies = self.task.bodies(self.n_envs, resolve_threads(n_threads))
        low, high = self.task.model.actuator_ctrlrange.T
        dtype = self.task.controls(np.zeros((1, self.task.n_actions))).dtype
        self.action_space = Box(low.astype(dtype), high.astype(dtype), dtype=dtype.type)
        self.observation_space = Box(-np.inf, np.inf, (self.task.n_obs,), np.float64)

    def start(self, which: Mask, numbers: Sequence[int]) -> None:
        """Start an episode where `which`, (n_envs,), is True, each from the start of its number."""
        qpos = np.zeros((self.n_envs, self.task.model.nq))
        qvel = np.zeros((self.n_envs, self.task.model.nv))
        qpos[which], qvel[which] = self.task.initial_states(numbers)
        self._bodies.reset(qpos, qvel, which)

    def observe(self) -> FloatArray:
        """Return the (n_envs, n_obs) observations, a new array."""
        return np.array(self.task.observe(self._bodies))

    def step(self, actions: ArrayLike) -> tuple[FloatArray, Mask, Mask]:
        """Advance all bodies by one control step.

        Returns
        -------
        rewards : (n_envs,) float64
            0 where the simulation diverged.
        terminated : (n_envs,) bool
            True where the task ends the episode in this state, or the simulation diverged.
        failed : (n_envs,) bool
            True where the simulation diverged, or an action was not finite.
        """
        rows = np.asarray(real_array("actions", actions))
        shape = (self.n_envs, self.task.n_actions)
        if rows.shape != shape:
            raise UsageError(f"actions have shape {rows.shape}, need {shape}")
        rewards, ended = self.task.advance(self._bodies, rows)
        failed = self._bodies.failed
        return np.where(failed, 0.0, rewards), ended | failed, failed


def draw_start(generator: np.random.Generator) -> int:
    """Return the number of a training start."""
    return int(generator.integers(N_STARTS))
