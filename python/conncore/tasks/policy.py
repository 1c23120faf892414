"""A trained network that acts in the environments of its task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.errors import UsageError, need_count
from conncore.tasks.base import FloatArray, Task

if TYPE_CHECKING:
    from conncore.network.network import Network

State = dict[str, FloatArray]


class TaskPolicy:
    """A network that acts in the environment of its task, or in many copies of the environment.

    `act` takes the observations of the environment and returns its actions: observations are
    flattened, and actions are scaled to the environment's space, as in `Task.evaluate`.
    ``run.policy()`` returns the policy of a run.

    Parameters
    ----------
    network : Network
    genome : (n_parameters,) float64
    n_envs : int, optional
        If None, `act` takes one observation and returns one action. Otherwise `act` takes the
        observations of a vector environment of this many environments. Each environment then has
        a network of its own, with the same genome and with its own state.
    task : Task, optional
        The network's own task if None.
    n_threads : int, optional
        All usable cores if None. Results do not depend on it.

    Raises
    ------
    UsageError
        If the genome does not fit the network.

    Notes
    -----
    A network remembers: call `reset` where an episode starts, ``reset(over)`` where a vector
    environment starts some episodes. `get_state` returns all that `act` changes, by name. If the
    network has a delay of d steps, "activity" holds the last d steps, (n_envs, d * n_cells):

    | name          | shape              | content                                              |
    | ------------- | ------------------ | ---------------------------------------------------- |
    | "v", ...      | (n_envs, n_cells)  | state variables of the neuron model (none for relu)  |
    | "activity"    | (n_envs, n_cells)  | activity or spikes (0 or 1) of the last step         |
    | "trace"       | (n_envs, n_output) | low-pass filtered activity of the output cells       |

    Examples
    --------
    >>> import gymnasium
    >>> import conncore.environments
    >>> env = gymnasium.make("conncore/Swimmer6-v0")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), cc.make_task("swimmer6"))
    >>> policy = cc.TaskPolicy(net, net.random_genomes(1)[0])
    >>> observation, _ = env.reset(seed=0)
    >>> policy.act(observation).shape
    (5,)
    """

    def __init__(
        self,
        network: Network,
        genome: ArrayLike,
        n_envs: int | None = None,
        *,
        task: Task | None = None,
        n_threads: int | None = None,
    ) -> None:
        found = network.task if task is None else task
        if not isinstance(found, Task):
            raise UsageError("the network has no task that knows its environment; pass task=")
        row = np.asarray(genome)
        if row.ndim != 1:
            raise UsageError(f"genome has shape {row.shape}, need (n_parameters,)")
        self.task = found
        self.n_envs = n_envs if n_envs is None else need_count("n_envs", n_envs)
        self._n = self.n_envs or 1
        self._networks = network.policy(np.tile(row, (self._n, 1)), n_threads=n_threads)

    def act(self, observations: Any) -> Any:
        """Return the action for an observation, or the actions for those of all environments.

        Raises
        ------
        UsageError
            If the observations do not fit the environment.
        """
        try:
            rows = self.task.encode(observations, self.n_envs)
        except (TypeError, ValueError) as error:
            raise UsageError(f"the observation {error}") from error
        return self.task.decode(self._networks.act(rows), self.n_envs)

    def reset(self, which: NDArray[np.bool_] | None = None) -> None:
        """Bring the neurons to rest: of all environments, or where `which`, (n_envs,), is True."""
        if which is None:
            self._networks.reset()
            return
        fresh = np.asarray(which)
        if fresh.shape != (self._n,) or fresh.dtype != bool:
            raise UsageError(
                f"which is {fresh.dtype} of shape {fresh.shape}, need bool ({self._n},)"
            )
        if not fresh.any():
            return
        kept = self._networks.get_state()
        self._networks.reset()
        state = self._networks.get_state()
        for name, values in state.items():
            values[~fresh] = kept[name][~fresh]
        self._networks.set_state(state)

    def get_state(self) -> State:
        """Return a copy of the state; see the class."""
        return self._networks.get_state()

    def set_state(self, state: Mapping[str, ArrayLike]) -> None:
        """Continue from a state that `get_state` returned.

        Raises
        ------
        UsageError
            If a name or a shape differs, or spikes are not 0 or 1.
        """
        self._networks.set_state(state)

    @property
    def status(self) -> NDArray[np.uint8]:
        """(n_envs,): 1 where the state of a neuron became infinite or NaN, else 0."""
        return self._networks.status

    def __repr__(self) -> str:
        return f"<TaskPolicy of {self.task.name}: {self._n} environments>"
