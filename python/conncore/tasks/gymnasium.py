"""Any task registered with Gymnasium, through its vector API."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import SyncVectorEnv
from numpy.typing import NDArray

from conncore.errors import UsageError, need_count
from conncore.noise import Split
from conncore.tasks.base import FloatArray, Policy, PolicyFactory, Task, member_seeds
from conncore.threads import resolve_threads

_CHUNK = 64  # environments that exist at a time: limits the memory for many members
_DEFAULT_STEPS = 1000  # for environments without a limit


class UnknownEnvironmentError(UsageError):
    """Gymnasium does not know this name."""


class GymnasiumTask(Task):
    """A Gymnasium environment with its default arguments.

    The environments run in Python, one after the other; `n_threads` speeds up the network only.

    Parameters
    ----------
    name : str
        The id of the environment. "module:id" first imports the module that registers the id.
    max_steps : int, optional
        Largest number of steps of an episode. If None, the limit of the environment, or 1000 if it
        has no limit.

    Raises
    ------
    UsageError
        If there is no such environment, it cannot be made, or its spaces are not supported.

    Notes
    -----
    **Observations**

    | space of the environment | observation of the network                        | range     |
    | ------------------------ | ------------------------------------------------- | --------- |
    | Box                      | its numbers in C order, in the environment's unit | the Box's |
    | Discrete(n)              | n numbers: 1 at the observed value, 0 elsewhere   | 0 or 1    |

    **Actions**

    | space of the environment | action of the environment for outputs in [-1, 1]              |
    | ------------------------ | ------------------------------------------------------------- |
    | Box of floats            | each output, mapped linearly from [-1, 1] to [low, high]      |
    | ... where a bound is inf | the output itself, clipped to the other bound                 |
    | Discrete(n)              | the index of the largest of n outputs, plus the space's start |

    **Reward.** The environment's, in its unit; the fitness is the sum of the rewards of an episode.

    **Start.** ``reset(seed=...)`` with the seed of the member, so equal seeds give equal episodes
    for equal actions.

    **Episode end.** When the environment terminates or truncates the episode, or after `max_steps`.
    """

    def __init__(self, name: str, max_steps: int | None = None) -> None:
        self.name = name
        if max_steps is not None:
            need_count("max_steps", max_steps)
        with closing(_make(name, 1)) as envs:
            spec = envs.envs[0].spec
            self.n_steps = max_steps or (spec and spec.max_episode_steps) or _DEFAULT_STEPS
            observed, acted = envs.single_observation_space, envs.single_action_space
        if not isinstance(observed, (spaces.Box, spaces.Discrete)):
            raise UsageError(f"{name!r} observes {observed}; supported are Box and Discrete")
        if not isinstance(acted, (spaces.Box, spaces.Discrete)) or (
            isinstance(acted, spaces.Box) and not np.issubdtype(acted.dtype, np.floating)
        ):
            raise UsageError(f"{name!r} acts in {acted}; supported are Box of floats and Discrete")
        self._observed: spaces.Box | spaces.Discrete = observed
        self._acted: spaces.Box | spaces.Discrete = acted
        self.n_obs = spaces.flatdim(self._observed)
        self.n_actions = spaces.flatdim(self._acted)

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name and the options; see `Task.describe`."""
        return {"name": self.name, "max_steps": self.n_steps}

    def evaluate(
        self,
        network: PolicyFactory,
        genomes: FloatArray,
        seed: int | Sequence[int],
        n_threads: int | None = None,
        *,
        split: Split = "train",
    ) -> FloatArray:
        """Score every genome on one episode; see `Task.evaluate`.

        Each environment is reset with the seed that `member_seeds` gives to its member.
        """
        n_members = len(genomes)
        seeds = member_seeds(seed, n_members, split)
        threads = resolve_threads(n_threads)
        fitness = np.empty(n_members)
        for start in range(0, n_members, _CHUNK):
            chunk = slice(start, min(start + _CHUNK, n_members))
            policy = network.policy(genomes[chunk], n_threads=threads)
            with closing(_make(self.name, len(seeds[chunk]))) as envs:
                fitness[chunk] = self._episodes(envs, policy, seeds[chunk])
        return fitness

    def _episodes(self, envs: SyncVectorEnv, policy: Policy, seeds: list[int]) -> FloatArray:
        """Run one episode a member; a member whose network fails gets -inf."""
        observations, _ = envs.reset(seed=[*seeds])
        policy.reset()
        fitness = np.zeros(len(seeds))
        running = np.ones(len(seeds), dtype=bool)
        for _ in range(self.n_steps):
            outputs = policy.act(self._encode(observations))
            failed = running & ((policy.status != 0) | ~np.isfinite(outputs).all(axis=1))
            fitness[failed] = -np.inf
            running &= ~failed
            actions = self._decode(np.where(running[:, None], outputs, 0.0))
            # not envs.step(): it would reset finished environments and step them too
            for m in np.flatnonzero(running):
                observations[m], reward, terminated, truncated, _ = envs.envs[m].step(actions[m])
                fitness[m] += float(reward)
                running[m] = not (terminated or truncated)
            if not running.any():
                break
        fitness[~np.isfinite(fitness)] = -np.inf
        return fitness

    def _encode(self, observations: NDArray[Any]) -> FloatArray:
        """Return the observations of n members as (n, n_obs) float64."""
        if isinstance(self._observed, spaces.Discrete):
            one_hot: FloatArray = np.eye(self.n_obs)[observations - self._observed.start]
            return one_hot
        return observations.reshape(-1, self.n_obs).astype(np.float64)

    def _decode(self, outputs: FloatArray) -> NDArray[Any]:
        """Return the actions for (n, n_actions) outputs in [-1, 1]."""
        if isinstance(self._acted, spaces.Discrete):
            actions: NDArray[Any] = self._acted.start + outputs.argmax(axis=1)
            return actions
        low, high = self._acted.low.astype(np.float64), self._acted.high.astype(np.float64)
        bounded = np.isfinite(low) & np.isfinite(high)
        middle = np.where(bounded, (low + high) / 2, 0.0)
        half = np.where(bounded, (high - low) / 2, 1.0)
        stretched = middle + half * outputs.reshape(-1, *low.shape)
        return np.clip(stretched, low, high).astype(self._acted.dtype)


def _make(name: str, n_envs: int) -> SyncVectorEnv:
    """Return `n_envs` environments, or raise a `UsageError` of one line."""
    try:
        envs = gymnasium.make_vec(name, n_envs, vectorization_mode="sync", disable_env_checker=True)
    except (
        gymnasium.error.DependencyNotInstalled,
        gymnasium.error.DeprecatedEnv,
        ImportError,
    ) as error:
        raise UsageError(f"Gymnasium cannot make {name!r}: {error}") from None
    except gymnasium.error.Error as error:
        raise UnknownEnvironmentError(str(error)) from None
    assert isinstance(envs, SyncVectorEnv)  # what the mode asks for
    return envs
