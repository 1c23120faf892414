"""Gymnasium's environments as tasks: by id, by class, or from a function."""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import gymnasium
import numpy as np
from gymnasium import spaces

from conncore.errors import ConncoreError, UnseededWarning, UsageError, need_count, need_positive
from conncore.noise import Split
from conncore.tasks.base import FloatArray, Policy, PolicyFactory, Task, member_seeds
from conncore.tasks.spaces import batch, check_observed, decoder, flatten, rows_of
from conncore.threads import resolve_threads

Environment = gymnasium.Env[Any, Any]

_CHUNK = 64  # environments that exist at a time: limits the memory for many members
_DEFAULT_STEPS = 1000  # for environments without a limit
_TRIAL_STEPS = 20  # steps that two equal environments must repeat alike
_SIGNATURES = {
    "reset": "reset(seed=None, options=None) returns observation, info",
    "step": "step(action) returns observation, reward, terminated, truncated, info",
}


class UnknownEnvironmentError(UsageError):
    """Gymnasium does not know this name."""


class GymnasiumTask(Task):
    """A Gymnasium environment.

    The environments run in Python, one after the other; `n_threads` speeds up the network only.

    Parameters
    ----------
    name : str, class or callable
        The id of the environment, or a class or function that returns a new environment. The id
        "module:id" first imports the module that registers the id.
    max_steps : int, optional
        Largest number of steps of an episode. If None, the limit of the environment, or 1000 if it
        has no limit.
    action_scale : float, optional
        An action of a Box without bounds is the output of the network times this number.
    kwargs : mapping of str, optional
        Passed to the environment, like `arguments`: for names of arguments that are taken above.
    **arguments
        Passed to the environment.

    Raises
    ------
    UsageError
        If there is no such environment, it cannot be made, its spaces are not supported, or its
        `reset` or `step` fails or returns what Gymnasium does not allow.

    Warns
    -----
    UnseededWarning
        If two new environments differ after equal seeds and equal actions.

    Notes
    -----
    **Observations**

    | space of the environment | observation of the network                        | range     |
    | ------------------------ | ------------------------------------------------- | --------- |
    | Box                      | its numbers in C order, in the environment's unit | the Box's |
    | Discrete(n)              | n numbers: 1 at the observed value, 0 elsewhere   | 0 or 1    |
    | MultiDiscrete            | such numbers for each of its values               | 0 or 1    |
    | MultiBinary              | its numbers                                       | 0 or 1    |
    | Dict, Tuple              | its parts, in the order of `FlattenObservation`   | the parts |

    **Actions**

    | space of the environment | action of the environment for outputs in [-1, 1]              |
    | ------------------------ | ------------------------------------------------------------- |
    | Box of floats            | each output, mapped linearly from [-1, 1] to [low, high]      |
    | ... where a bound is inf | the output times `action_scale`, clipped to the other bound   |
    | Discrete(n)              | the index of the largest of n outputs, plus the space's start |
    | MultiDiscrete            | such an index for each of its values                          |
    | MultiBinary              | 1 where the output is above 0, else 0                         |
    | Dict, Tuple              | its parts, each from its own outputs                          |

    **Reward.** The environment's, in its unit; the fitness is the sum of the rewards of an episode.
    It is -inf if an observation is NaN, or a reward or the network is not finite.

    **Start.** ``reset(seed=...)`` with the seed of the member, so equal seeds give equal episodes
    for equal actions.

    **Episode end.** When the environment terminates or truncates the episode, or after `max_steps`.
    """

    def __init__(
        self,
        name: str | Callable[..., Environment],
        max_steps: int | None = None,
        action_scale: float = 1.0,
        kwargs: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        if twice := sorted(arguments.keys() & set(kwargs or {})):
            raise UsageError(f"argument {twice[0]!r} is given twice; take it out of kwargs")
        arguments |= kwargs or {}
        self._source = name
        self.name = name if isinstance(name, str) else getattr(name, "__name__", repr(name))
        if max_steps is not None:
            need_count("max_steps", max_steps)
        need_positive("action_scale", action_scale)
        self._arguments, self._scale = arguments, action_scale
        self._causes: Counter[str] = Counter()
        with self._environments(2) as pair:
            spec = pair[0].spec
            self.n_steps = max_steps or (spec and spec.max_episode_steps) or _DEFAULT_STEPS
            self._observed, self._acted = pair[0].observation_space, pair[0].action_space
            check_observed(self._observed, self.name)
            decoder(self._acted, self.name, action_scale)  # refuses other spaces
            self.n_obs = spaces.flatdim(self._observed)
            self.n_actions = spaces.flatdim(self._acted)
            self._try(pair)

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name and the options; `rebuildable` is False if they cannot make the task."""
        said: dict[str, str | int | float | bool] = {"name": self.name, "max_steps": self.n_steps}
        if self._scale != 1.0:
            said["action_scale"] = self._scale
        taken = inspect.signature(type(self)).parameters
        plain = {
            key: value
            for key, value in self._arguments.items()
            if isinstance(value, (str, int, float)) and key not in taken
        }
        said.update(plain)
        if not isinstance(self._source, str) or len(plain) < len(self._arguments):
            said["rebuildable"] = False
        return said

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled; refuse a class or function that has no importable name."""
        try:
            pickle.dumps((self._source, self._arguments))
        except Exception as error:
            raise UsageError(
                f"task {self.name!r} cannot be pickled ({error}); make it from a class or function "
                "at the top of a module, with arguments that can be pickled"
            ) from error
        return vars(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy; it shares a class or function that cannot be pickled."""
        copied = object.__new__(type(self))
        copied.__dict__.update(copy.deepcopy(vars(self), memo))
        return copied

    def encode(self, observations: Any, n_envs: int | None) -> FloatArray:
        """Return the observations as rows; see `Task.encode`."""
        return rows_of(self._observed, observations, n_envs)

    def decode(self, outputs: FloatArray, n_envs: int | None) -> Any:
        """Return the actions; see `Task.decode`."""
        actions = decoder(self._acted, self.name, self._scale)(outputs)
        return actions[0] if n_envs is None else batch(self._acted, actions)

    def failure(self) -> str:
        """Return what was not finite in the last evaluation; see `Task.failure`."""
        counts = (f"{what} ({n} members)" for what, n in self._causes.most_common() if n)
        return ", ".join(counts) or super().failure()

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
        causes: Counter[str] = Counter()  # its own, because another thread may evaluate too
        for start in range(0, n_members, _CHUNK):
            chunk = slice(start, min(start + _CHUNK, n_members))
            policy = network.policy(genomes[chunk], n_threads=threads)
            with self._environments(len(seeds[chunk])) as envs:
                fitness[chunk] = self._episodes(envs, policy, seeds[chunk], causes)
        self._causes = causes
        return fitness

    def replay(
        self, actions: FloatArray, seed: int, look: Callable[[Environment], object], **more: Any
    ) -> FloatArray:
        """Repeat an episode in a new environment.

        Parameters
        ----------
        actions : (n_steps, n_actions) float64
            Outputs of the network.
        seed : int
            What `member_seeds` returns for the start.
        look : callable
            Called with the environment before each step.
        **more
            Passed to the environment too, such as ``render_mode``.

        Returns
        -------
        (n_steps,) float64
            The reward of each step.
        """
        decode = decoder(self._acted, self.name, self._scale)
        reward = np.empty(len(actions))
        with self._environments(1, **more) as (env,):
            self._reset(env, seed)
            for step, action in enumerate(actions):
                look(env)
                _, reward[step], _ = self._step(env, decode(action[None])[0])
        return reward

    def _episodes(
        self,
        envs: list[Environment],
        policy: Policy,
        seeds: list[int],
        causes: Counter[str],
    ) -> FloatArray:
        """Run one episode a member; a member with numbers that are not finite gets -inf."""
        pairs = zip(envs, seeds, strict=True)
        observations = np.array([self._reset(env, seed) for env, seed in pairs])
        policy.reset()
        decode = decoder(self._acted, self.name, self._scale)
        fitness = np.zeros(len(seeds))
        running = np.ones(len(seeds), dtype=bool)
        for _ in range(self.n_steps):
            blind = running & np.isnan(observations).any(axis=1)
            endless = running & np.isinf(observations).any(axis=1)
            outputs = policy.act(observations)
            failed = running & ((policy.status != 0) | ~np.isfinite(outputs).all(axis=1))
            causes["observation"] += int((blind | (failed & endless)).sum())
            causes["network"] += int((failed & ~blind & ~endless).sum())
            failed |= blind
            fitness[failed] = -np.inf
            running &= ~failed
            actions = decode(np.where(running[:, None], outputs, 0.0))
            for m in np.flatnonzero(running).tolist():
                observations[m], reward, over = self._step(envs[m], actions[m])
                fitness[m] += reward
                running[m] = not over
                if not np.isfinite(fitness[m]):
                    causes["reward"] += 1
                    fitness[m], running[m] = -np.inf, False
            if not running.any():
                break
        return fitness

    def _try(self, pair: list[Environment]) -> None:
        """Step two environments alike, and warn if they differ."""
        rng = np.random.Generator(np.random.Philox(0))
        decode = decoder(self._acted, self.name, self._scale)
        seen: list[list[Any]] = [[self._reset(env, 0), 0.0, False] for env in pair]
        for _ in range(min(self.n_steps, _TRIAL_STEPS)):
            if any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(*seen, strict=True)):
                warnings.warn(
                    f"environment {self.name!r} differs between two runs with equal seeds and "
                    "actions, so results cannot be repeated; draw its random numbers from "
                    "self.np_random, which reset(seed=...) seeds",
                    UnseededWarning,
                    stacklevel=4,
                )
                return
            if seen[0][2]:
                return
            (action,) = decode(rng.uniform(-1.0, 1.0, (1, self.n_actions)))
            seen = [list(self._step(env, action)) for env in pair]

    @contextmanager
    def _environments(self, n_envs: int, **more: Any) -> Iterator[list[Environment]]:
        """Make environments, and close them at the end."""
        with ExitStack() as stack:
            envs = []
            for _ in range(n_envs):
                envs.append(self._make(**more))
                stack.callback(envs[-1].close)
            yield envs

    def _make(self, **more: Any) -> Environment:
        arguments = self._arguments | more
        if isinstance(self._source, str):
            return _make(self._source, arguments)
        try:
            env = self._source(**arguments)
        except Exception as error:
            raise _fault(self.name, "__init__", error) from error
        if not isinstance(env, gymnasium.Env):
            raise UsageError(
                f"{self.name!r} made a {type(env).__name__}; give a class or function that makes "
                "a gymnasium.Env"
            )
        return env

    def _reset(self, env: Environment, seed: int) -> FloatArray:
        result = self._call("reset", env.reset, seed=seed)
        if not isinstance(result, tuple) or len(result) != 2:
            raise self._wrong("reset", f"returned {_what(result)}")
        return self._flat("reset", result[0])

    def _step(self, env: Environment, action: Any) -> tuple[FloatArray, float, bool]:
        result = self._call("step", env.step, action)
        if not isinstance(result, tuple) or len(result) != 5:
            raise self._wrong("step", f"returned {_what(result)}")
        observation, reward, terminated, truncated, _ = result
        if not isinstance(reward, float):
            reward = self._number(reward)
        return self._flat("step", observation), float(reward), bool(terminated or truncated)

    def _number(self, reward: Any) -> float:
        """Return a reward that is a number of another type, or an array of one number."""
        try:
            number = np.asarray(reward)
        except ValueError:
            number = np.empty(0)
        if number.dtype.kind not in "fiub" or number.size != 1:
            raise self._wrong("step", f"returned the reward {reward!r}, which is no number")
        return float(number.item())

    def _flat(self, method: str, observation: Any) -> FloatArray:
        try:
            return flatten(self._observed, observation)
        except ValueError as error:
            raise _wrong_line(self.name, method, f"returned an observation that {error}") from error

    def _call(self, method: str, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except ConncoreError:
            raise
        except Exception as error:
            raise _fault(self.name, method, error) from error

    def _wrong(self, method: str, problem: str) -> UsageError:
        return _wrong_line(self.name, method, f"{problem}; Gymnasium's {_SIGNATURES[method]}")


def _what(result: Any) -> str:
    kind = type(result).__name__
    return f"a tuple of {len(result)} values" if isinstance(result, tuple) else f"a {kind}"


def _wrong_line(name: str, method: str, problem: str) -> UsageError:
    return UsageError(f"environment {name!r}: {method} " + " ".join(problem.split()))


def _fault(name: str, method: str, error: Exception) -> UsageError:
    hint = ""
    if method in _SIGNATURES and isinstance(error, (TypeError, ValueError)):
        hint = f"; Gymnasium's {_SIGNATURES[method]}"
    return _wrong_line(name, method, f"raised {type(error).__name__}: {error}{hint}")


def _make(name: str, arguments: dict[str, Any]) -> Environment:
    """Return the environment called `name`, or raise a `UsageError` of one line."""
    try:
        return gymnasium.make(name, disable_env_checker=True, **arguments)
    except (
        gymnasium.error.DependencyNotInstalled,
        gymnasium.error.DeprecatedEnv,
        ImportError,
    ) as error:
        advice = ""
        if getattr(error, "name", None) in ("glfw", "OpenGL", "imageio"):
            advice = "; pip install 'conncore[mujoco]'"
        elif isinstance(error, ModuleNotFoundError) and ":" in name:
            advice = "; install the module, or add its directory to sys.path"
            advice += " (the command line finds modules of the working directory)"
        raise UsageError(f"Gymnasium cannot make {name!r}: {error}{advice}") from error
    except gymnasium.error.Error as error:
        raise UnknownEnvironmentError(str(error)) from error
    except Exception as error:
        if arguments and isinstance(error, TypeError):
            raise UsageError(
                f"environment {name!r} cannot take {', '.join(map(repr, arguments))} ({error}); "
                "the options are max_steps, action_scale, kwargs and those of the environment"
            ) from error
        raise _fault(name, "__init__", error) from error
