"""What a task is, and what it asks of a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.errors import UsageError, need_count, real_array
from conncore.network.interface import JointMap
from conncore.noise import N_STARTS, Split, check_split
from conncore.report.notebook import html_facts

if TYPE_CHECKING:
    from conncore.network.network import Network

FloatArray = NDArray[np.float64]

# What is added to the seed of a start: no two splits share a random generator.
_OFFSET: dict[Split, int] = {"train": 0, "validation": N_STARTS, "held-out": 2 * N_STARTS}


class Policy(Protocol):
    """The networks of all members, with their states: one row per member."""

    @property
    def status(self) -> NDArray[np.uint8]:
        """(n_members,) 0 where the member's state is finite, 1 where it is not."""

    def reset(self) -> None:
        """Put every member in its initial state."""

    def act(self, observations: FloatArray) -> FloatArray:
        """Map (n_members, n_obs) observations to (n_members, n_actions) actions in [-1, 1]."""


class PolicyFactory(Protocol):
    """What tasks use of a `Network`."""

    def policy(self, genomes: FloatArray, n_threads: int | None = None) -> Policy:
        """Return a policy with one member per row of `genomes`."""

    def respond(
        self,
        genomes: FloatArray,
        observations: ArrayLike,
        n_steps: int,
        n_threads: int | None = None,
    ) -> NDArray[np.float32]:
        """Answers to each of many observations, (n_members, n_observations, n_actions)."""


class Task(ABC):
    """Something a network is scored on; a higher fitness is better.

    Attributes
    ----------
    name : str
        The name that `make_task` knows it by.
    n_obs, n_actions, n_steps : int
        Sizes of an observation and of an action, and the most steps of an episode.
    joints : JointMap or None
        The body's joints, where the task has a body that anatomical input/output can use.
    n_validation, n_held_out : int
        Starts on which a run chooses its solution, and starts that score it.
    compiled_episodes : bool
        Whether the compiled core runs whole episodes, so that hundreds of thousands are cheap.
    locations : tuple of str
        Options that say where the task finds its files. A run may resume with others.

    Examples
    --------
    >>> class Echo(cc.Task):  # answer with the observation
    ...     name, n_obs, n_actions, n_steps = "echo", 1, 1, 20
    ...
    ...     def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
    ...         policy, error = network.policy(genomes, n_threads), 0.0
    ...         for seen in np.sin(np.arange(self.n_steps)):
    ...             error += np.abs(policy.act(np.full((len(genomes), 1), seen))[:, 0] - seen)
    ...         return -error
    ...
    ...     def describe(self):
    ...         return {"name": self.name}
    ...
    >>> task = Echo()
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task, "relu", "dense")
    >>> task.evaluate(net, net.random_genomes(3, seed=0), seed=0).shape
    (3,)
    """

    name: str
    n_obs: int
    n_actions: int
    n_steps: int
    joints: JointMap | None = None
    n_validation: int = 16
    n_held_out: int = 32
    compiled_episodes: bool = False
    locations: tuple[str, ...] = ()

    @abstractmethod
    def evaluate(
        self,
        network: PolicyFactory,
        genomes: FloatArray,
        seed: int | Sequence[int],
        n_threads: int | None = None,
        *,
        split: Split = "train",
    ) -> FloatArray:
        """Score every genome on one episode.

        Parameters
        ----------
        network : Network
            Turns genomes into a policy.
        genomes : (n_members, n_parameters) float64
        seed : int, or one int per member
            Number of the start, from 0 to 2**29 - 1. One int starts all members from the same
            state (common random numbers). A member's result depends on its genome, its seed and
            `split` alone.
        n_threads : int, optional
            All usable cores if None.
        split : {"train", "validation", "held-out"}
            Which starts `seed` numbers. Equal seeds of different splits are different starts, so
            a network is never scored on a start that it was trained on. A task passes `seed` and
            `split` to `member_seeds`, which returns the seed of each member's random numbers.

        Returns
        -------
        (n_members,) float64
            Fitness; -inf for a member whose network or simulation became non-finite.

        Raises
        ------
        UsageError
            If `seed`, `n_threads` or `split` cannot be used.
        """

    @abstractmethod
    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name and the options: `make_task(**task.describe())` rebuilds the task."""

    def encode(self, observations: Any, n_envs: int | None) -> FloatArray:
        """Return rows of numbers, (n_envs, n_obs), for what environments return as observations.

        `n_envs` is None for the observation of one environment, which becomes one row. Otherwise
        the observations are those of a vector environment. Raises ValueError if they do not fit.
        """
        rows = np.asarray(observations, dtype=np.float64)
        return rows[None] if n_envs is None else rows

    def decode(self, outputs: FloatArray, n_envs: int | None) -> Any:
        """Return the actions for (n_envs, n_actions) outputs of networks, in [-1, 1].

        If `n_envs` is None, there is one row of outputs, and the result is one action.
        """
        return outputs[0] if n_envs is None else outputs

    def __repr__(self) -> str:
        sizes = f"{self.n_obs} observations, {self.n_actions} actions, {self.n_steps} steps"
        return f"<Task {self.name}: {sizes}>"

    def _repr_html_(self) -> str:
        """Return the table that notebooks show."""
        options = {name: value for name, value in self.describe().items() if name != "name"}
        facts = {
            "observations": self.n_obs,
            "actions": self.n_actions,
            "steps of an episode": self.n_steps,
            "joints": "" if self.joints is None else self.joints.n_joints,
            "starts": f"{self.n_validation} validation, {self.n_held_out} held-out",
        }
        return html_facts(f"Task {self.name}", {**facts, **options})

    def failure(self) -> str:
        """Return what was not finite where members of the last evaluation scored -inf."""
        return "network or simulation"


def member_seeds(seed: int | Sequence[int], n_members: int, split: Split) -> list[int]:
    """Return the seed of each member's random generator or environment.

    Parameters
    ----------
    seed : int, or one int per member
        As in `Task.evaluate`.
    n_members : int
    split : {"train", "validation", "held-out"}
        As in `Task.evaluate`.

    Returns
    -------
    list of int
        `n_members` numbers below 2**31, which every simulator takes: `seed`, plus 2**29 for
        validation and 2 * 2**29 for held-out starts. So no two splits share a number.

    Raises
    ------
    UsageError
        If there is not one seed per member, a seed is not a whole number from 0 to 2**29 - 1, or
        there is no such split.

    Examples
    --------
    >>> from conncore.tasks import member_seeds
    >>> member_seeds(7, 3, "train"), member_seeds(7, 1, "held-out")
    ([7, 7, 7], [1073741831])
    """
    offset = _OFFSET[check_split(split)]
    given: Sequence[Any] = (
        list(seed) if isinstance(seed, (Sequence, np.ndarray)) else [seed] * n_members
    )
    if len(given) != n_members:
        raise UsageError(
            f"seed has {len(given)} entries for {n_members} members; "
            "give one int, or one per member"
        )
    return [offset + need_count("seed", number, 0, N_STARTS - 1) for number in given]


def draw_per_seed(
    seeds: Sequence[int], draw: Callable[[np.random.Generator], FloatArray], n_draws: int
) -> FloatArray:
    """Return (len(seeds), n_draws) numbers from `draw`; equal seeds have equal rows."""
    rows = {seed: draw(np.random.Generator(np.random.Philox(seed))) for seed in set(seeds)}
    return np.array([rows[seed] for seed in seeds]).reshape(len(seeds), n_draws)


def initial_draws(seeds: Sequence[int], n_draws: int) -> FloatArray:
    """Return (len(seeds), n_draws) uniform numbers in [0, 1); equal seeds have equal rows."""
    return draw_per_seed(seeds, lambda rng: rng.random(n_draws), n_draws)


#: A function of a network, genomes (n_members, n_parameters) and a seed; returns the fitness of
#: each genome, (n_members,).
Function = Callable[[Any, FloatArray, int], ArrayLike]


class FunctionTask(Task):
    """A task whose fitness a function of (network, genomes, seed) computes.

    `evaluate` calls the function once per distinct seed, with the genomes of this seed.
    """

    def __init__(self, function: Function, network: Network) -> None:
        self.function = function
        self.name = getattr(function, "__name__", type(function).__name__)
        self.n_obs, self.n_actions = network.task.n_obs, network.task.n_actions
        self.joints = network.task.joints
        self.n_steps = 1

    def evaluate(
        self,
        network: Any,
        genomes: FloatArray,
        seed: int | Sequence[int],
        n_threads: int | None = None,
        *,
        split: Split = "train",
    ) -> FloatArray:
        """Score every genome; see `Task.evaluate`. The function chooses its threads itself."""
        seeds = np.array(member_seeds(seed, len(genomes), split))
        fitness = np.empty(len(genomes))
        for one in np.unique(seeds).tolist():
            members = np.flatnonzero(seeds == one)
            found = self.function(network, genomes[members], one)
            scores = np.asarray(real_array(f"fitness of {self.name}", found), dtype=np.float64)
            if scores.shape != members.shape:
                raise UsageError(
                    f"{self.name} returned fitness of shape {scores.shape} for {len(members)} "
                    "genomes"
                )
            fitness[members] = scores
        return np.where(np.isfinite(fitness), fitness, -np.inf)

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name; a run directory does not hold the function."""
        return {"name": self.name, "rebuildable": False}


def as_task(task: Any, network: Network | None) -> Task:
    """Return a task as it is, and a function as a task.

    Raises
    ------
    UsageError
        If `task` is neither, or a function comes without its network.
    """
    if hasattr(task, "evaluate") and not isinstance(task, type):
        given: Task = task
        return given
    if not callable(task) or isinstance(task, type):
        raise UsageError(
            f"task is a {type(task).__name__}; give a task, or a function of network, genomes, seed"
        )
    if network is None:
        raise UsageError("task is a function, so the network is needed too: pass network=")
    return FunctionTask(task, network)
