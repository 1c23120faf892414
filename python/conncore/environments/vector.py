"""A task as many Gymnasium environments, which compiled code moves in one call per step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike

from conncore.environments.steps import Mask, Steps, draw_start
from conncore.errors import UsageError, need_count
from conncore.tasks.base import FloatArray
from conncore.tasks.mujoco import MujocoTask


class BodyVectorEnv(VectorEnv[FloatArray, ArrayLike, Any]):
    """Environments of one task with a body; `gymnasium.make_vec` makes them.

    They behave as `gymnasium.vector.SyncVectorEnv` over `gymnasium.make(...)` does, with the same
    numbers: its three autoreset modes, the seeds of each environment, ``options={"reset_mask":
    ...}``, and "final_obs" and "final_info".

    Parameters
    ----------
    task : str or MujocoTask
        The task, or its name.
    num_envs : int
    max_episode_steps : int, optional
        Episodes are truncated after this number of steps: those of the task if None.
    autoreset_mode : AutoresetMode or str
        "NextStep", "SameStep" or "Disabled".
    n_threads : int, optional
        All usable cores if None. Results do not depend on it.
    render_mode : None
        The environments draw no pictures.
    **options
        Options of the task: `engine`, and `observe` for swimmers.
    """

    def __init__(
        self,
        task: str | MujocoTask,
        num_envs: int = 1,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        n_threads: int | None = None,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        if render_mode is not None:
            raise TypeError(f"render_mode is {render_mode!r}; the environments draw no pictures")
        self._steps = Steps(task, num_envs, n_threads, **options)
        self.task = self._steps.task
        self.num_envs = self._steps.n_envs
        self.max_episode_steps = (
            self.task.n_steps
            if max_episode_steps is None
            else need_count("max_episode_steps", max_episode_steps)
        )
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = self._steps.observation_space
        self.single_action_space = self._steps.action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._generators: list[np.random.Generator | None] = [None] * self.num_envs
        self._seeds: list[int | None] = [None] * self.num_envs
        self._elapsed = np.full(self.num_envs, -1)  # steps of each episode; -1 before the first
        self._over = np.zeros(self.num_envs, dtype=bool)

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The random generator of each environment; it draws the starts of new episodes."""
        return tuple(self._generator(env) for env in range(self.num_envs))

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # type: ignore[override]
        """The seed of each environment's generator."""
        for env in range(self.num_envs):
            self._generator(env)
        return tuple(self._seeds)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[FloatArray, dict[str, Any]]:
        """Start new episodes.

        Parameters
        ----------
        seed : int or sequence of int, optional
            One seed per environment, or the seed of the first, to which the others add 1, 2, ...
            See `BodyEnv` for the starts.
        options : dict, optional
            "reset_mask": (num_envs,) bool, the environments to start. Default: all.

        Returns
        -------
        observations : (num_envs, n_obs) float64
            Of all environments.
        infos : dict
            Empty.
        """
        seeds: list[int | None]
        if seed is None or isinstance(seed, (int, np.integer)):
            seeds = [None if seed is None else int(seed) + env for env in range(self.num_envs)]
        else:
            seeds = list(seed)
        if len(seeds) != self.num_envs:
            raise UsageError(f"seed has {len(seeds)} entries for {self.num_envs} environments")
        which = np.ones(self.num_envs, dtype=bool)
        if options is not None and "reset_mask" in options:
            which = np.asarray(options.pop("reset_mask"))
            if which.shape != (self.num_envs,) or which.dtype != bool or not which.any():
                raise UsageError(
                    f"options['reset_mask'] needs {self.num_envs} bools, at least one True; it is "
                    f"{which.dtype} of shape {which.shape}"
                )
        self._start(which, seeds)
        self._over = self._over & ~which
        return self._steps.observe(), {}

    def step(self, actions: ArrayLike) -> tuple[FloatArray, FloatArray, Mask, Mask, dict[str, Any]]:
        """Advance all environments by one control step, and start those that are due."""
        if (self._elapsed < 0).any():
            raise ResetNeeded("call reset() before step()")
        due = self._over
        if self.autoreset_mode is AutoresetMode.DISABLED and due.any():
            raise ResetNeeded(
                f"{due.sum()} environments have ended; with autoreset_mode 'Disabled', start them "
                "with reset(options={'reset_mask': ...}) before the next step"
            )
        rewards, terminated, failed = self._steps.step(actions)
        self._elapsed += 1
        truncated = self._elapsed >= self.max_episode_steps
        if self.autoreset_mode is AutoresetMode.NEXT_STEP and due.any():
            self._start(due, [None] * self.num_envs)
            rewards[due] = 0.0
            terminated, truncated, failed = terminated & ~due, truncated & ~due, failed & ~due
        observations = self._steps.observe()
        infos: dict[str, Any] = {}
        over = terminated | truncated
        if self.autoreset_mode is AutoresetMode.SAME_STEP and over.any():
            for env in np.flatnonzero(over).tolist():
                info = {"failed": True} if failed[env] else {}
                final = {"final_obs": observations[env], "final_info": info}
                infos = self._add_info(infos, final, env)
            self._start(over, [None] * self.num_envs)
            observations = self._steps.observe()
            self._over = np.zeros(self.num_envs, dtype=bool)
        else:
            for env in np.flatnonzero(failed).tolist():
                infos = self._add_info(infos, {"failed": True}, env)
            self._over = over
        return observations, rewards, terminated, truncated, infos

    def _start(self, which: Mask, seeds: Sequence[int | None]) -> None:
        """Start from the seeds' own starts; without a seed, from one that the generator draws."""
        numbers = []
        for env in np.flatnonzero(which).tolist():
            if (seed := seeds[env]) is None:
                numbers.append(draw_start(self._generator(env)))
            else:
                self._seed(env, seed)
                numbers.append(int(seed))
        self._steps.start(which, numbers)
        self._elapsed[which] = 0

    def _generator(self, env: int) -> np.random.Generator:
        return self._generators[env] or self._seed(env, None)

    def _seed(self, env: int, seed: int | None) -> np.random.Generator:
        generator, self._seeds[env] = seeding.np_random(seed)
        self._generators[env] = generator
        return generator
