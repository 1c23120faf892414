"""A task as one Gymnasium environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.environments.steps import Steps, draw_start
from conncore.tasks.base import FloatArray
from conncore.tasks.mujoco import MujocoTask


class BodyEnv(gymnasium.Env[FloatArray, NDArray[np.floating]]):
    """A task with a body as a Gymnasium environment; `gymnasium.make` makes it.

    The class of the task lists observations, actions and rewards. With equal actions, the sum of
    the rewards of an episode equals the fitness that the task gives, to the bit.

    Parameters
    ----------
    task : str or MujocoTask
        The task, or its name.
    n_threads : int
        One body uses one thread.
    render_mode : None
        The environments draw no pictures; see `conncore.plot` for films of episodes.
    **options
        Options of the task: `engine`, and `observe` for swimmers.

    Notes
    -----
    **Starts.** ``reset(seed=s)`` starts from the task's start with the number s. These numbers are
    the seeds that `conncore.tasks.member_seeds` returns: below 2**29 they are training starts.
    ``reset()`` draws the number of the next start from `np_random`.

    **End.** `terminated` is True where the task ends the episode, or where the simulation diverged
    or an action is not finite. In the last two cases the reward is 0 and `info` has "failed".
    `gymnasium.make` truncates the episode after 1,000 steps.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  (so Gymnasium declares it)

    def __init__(
        self,
        task: str | MujocoTask,
        n_threads: int = 1,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        if render_mode is not None:  # TypeError: Stable-Baselines3 then tries without it
            raise TypeError(f"render_mode is {render_mode!r}; the environment draws no pictures")
        self._steps = Steps(task, 1, n_threads, **options)
        self.task = self._steps.task
        self.observation_space = self._steps.observation_space
        self.action_space = self._steps.action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[FloatArray, dict[str, Any]]:
        """Start an episode; return the observation and an empty dict."""
        super().reset(seed=seed)
        number = draw_start(self.np_random) if seed is None else seed
        self._steps.start(np.ones(1, dtype=bool), [number])
        return self._steps.observe()[0], {}

    def step(self, action: ArrayLike) -> tuple[FloatArray, float, bool, bool, dict[str, Any]]:
        """Advance by one control step."""
        rewards, terminated, failed = self._steps.step(np.asarray(action)[None])
        info = {"failed": True} if failed[0] else {}
        return self._steps.observe()[0], float(rewards[0]), bool(terminated[0]), False, info
