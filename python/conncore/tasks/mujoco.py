"""Tasks with a MuJoCo body: the simulated bodies of all members, and the loop that scores them.

A task defines observations and rewards; `Bodies` computes the physics. Another physics engine is
another class with the methods of `Bodies`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

import mujoco
import numpy as np
from mujoco.batch import Batch, SimulationError
from numpy.typing import NDArray

from conncore.noise import Split
from conncore.tasks.base import FloatArray, Policy, PolicyFactory, Task, member_seeds
from conncore.threads import resolve_threads

# the warnings that MuJoCo counts where a state or a control is not finite
_DIVERGED = [
    int(mujoco.mjtWarning.mjWARN_BADQPOS),
    int(mujoco.mjtWarning.mjWARN_BADQVEL),
    int(mujoco.mjtWarning.mjWARN_BADQACC),
    int(mujoco.mjtWarning.mjWARN_BADCTRL),
]


class Bodies(Protocol):
    """The bodies of all members: one simulation of the same model per member.

    Attributes
    ----------
    qpos, qvel : (n_members, nq) and (n_members, nv) float64
        Positions and velocities. `step` and `reset` may change these arrays in place: copy what
        you need after the next step.
    failed : (n_members,) bool
        True for a member whose simulation diverged since the reset; its state has no meaning.
    """

    @property
    def qpos(self) -> FloatArray: ...
    @property
    def qvel(self) -> FloatArray: ...
    @property
    def failed(self) -> NDArray[np.bool_]: ...

    def reset(
        self, qpos: FloatArray, qvel: FloatArray, which: NDArray[np.bool_] | None = None
    ) -> None:
        """Start the members where `which` is True, or all, from their rows of `qpos` and `qvel`."""

    def step(self, controls: NDArray[np.floating]) -> None:
        """Advance every member by one control step with its row of (n_members, nu) controls."""


class MujocoBodies:
    """`Bodies` computed by `mujoco.batch.Batch`.

    Parameters
    ----------
    model : mujoco.MjModel
    n_members : int
    frame_skip : int
        Simulation steps in one control step.
    n_threads : int
        Results do not depend on it.
    """

    def __init__(
        self, model: mujoco.MjModel, n_members: int, frame_skip: int, n_threads: int
    ) -> None:
        self._batch = Batch(model, n_members, nthread=n_threads)
        self._frame_skip = frame_skip
        self._failed = np.zeros(n_members, dtype=bool)
        self.qpos: FloatArray = self._batch.bind("qpos")
        self.qvel: FloatArray = self._batch.bind("qvel")
        self._ctrl: FloatArray = self._batch.bind("ctrl")

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(n_members,) True where the simulation diverged since the reset."""
        counts: NDArray[np.int32] = self._batch.warning[:, _DIVERGED, 1]
        failed: NDArray[np.bool_] = self._failed | counts.any(axis=1)
        return failed

    def reset(
        self, qpos: FloatArray, qvel: FloatArray, which: NDArray[np.bool_] | None = None
    ) -> None:
        """Start the members where `which` is True, or all, from their rows of `qpos` and `qvel`."""
        ids = np.arange(len(self._failed)) if which is None else np.flatnonzero(which)
        self._failed[ids] = False
        self._batch.reset(ids=ids, stage=mujoco.mjtStage.mjSTAGE_NONE.value)
        self.qpos[ids] = qpos[ids]
        self.qvel[ids] = qvel[ids]

    def step(self, controls: NDArray[np.floating]) -> None:
        """Advance every member by one control step with its row of (n_members, nu) controls."""
        # MuJoCo would log a non-finite control to a file in the working directory
        self._failed |= ~np.isfinite(controls).all(axis=1)
        self._ctrl[:] = controls
        self._ctrl[self._failed] = 0.0
        try:
            self._batch.step(nstep=self._frame_skip)
        except SimulationError as error:  # the other members ran to completion
            self._failed[error.ids] = True


class MujocoTask(Task):
    """A task with a MuJoCo body, scored by the sum of the rewards of its steps.

    A subclass sets the attributes below, and defines the starts, the observations and the rewards
    of all members at once.

    Attributes
    ----------
    model : mujoco.MjModel
    frame_skip : int
        Simulation steps in one control step.
    """

    model: mujoco.MjModel
    frame_skip: int

    @property
    def dt(self) -> float:
        """Length of a control step, in seconds."""
        return float(self.model.opt.timestep * self.frame_skip)

    @abstractmethod
    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return qpos and qvel, one start per row; equal seeds give equal starts.

        `seeds` are what `member_seeds` returns.
        """

    @abstractmethod
    def observe(self, bodies: Bodies) -> FloatArray:
        """Return the (n_members, n_obs) observations."""

    @abstractmethod
    def reward(
        self, qpos_before: FloatArray, bodies: Bodies, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return the (n_members,) rewards of a step that began at `qpos_before`."""

    def ends(self, bodies: Bodies) -> NDArray[np.bool_] | None:
        """Return the (n_members,) members whose episode ends in this state; by default None."""
        return None

    def controls(self, actions: FloatArray) -> NDArray[np.floating]:
        """Return the controls for (n_members, n_actions) actions: by default the actions."""
        return actions

    def decode(self, outputs: FloatArray, n_envs: int | None) -> NDArray[np.floating]:
        """Return the actions; see `Task.decode`."""
        actions = self.controls(outputs)
        return actions[0] if n_envs is None else actions

    def bodies(self, n_members: int, n_threads: int) -> Bodies:
        """Return the bodies of `n_members` members."""
        return MujocoBodies(self.model, n_members, self.frame_skip, n_threads)

    def step(self, bodies: Bodies, actions: FloatArray) -> FloatArray:
        """Advance every member by one control step; return the (n_members,) rewards."""
        qpos_before = bodies.qpos.copy()
        controls = self.controls(actions)
        bodies.step(controls)
        return self.reward(qpos_before, bodies, controls)

    def advance(self, bodies: Bodies, actions: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Advance every member by one control step, as part of an episode.

        Returns
        -------
        rewards : (n_members,) float64
            Without meaning for a member that failed.
        ended : (n_members,) bool
            True where the episode ends in this state.
        """
        rewards = self.step(bodies, actions)
        ends = self.ends(bodies)
        return rewards, np.zeros(len(rewards), dtype=bool) if ends is None else ends

    def episode(self, bodies: Bodies, policy: Policy) -> FloatArray:
        """Run one episode from the current state; return the (n_members,) fitness."""
        fitness = np.zeros(len(bodies.failed))
        going = np.ones(len(fitness), dtype=bool)
        for _ in range(self.n_steps):
            actions = policy.act(self.observe(bodies))
            if not going.all():
                actions = np.where(going[:, None], actions, 0.0)
            rewards = self.step(bodies, actions)
            fitness[going] += rewards[going]
            ends = self.ends(bodies)
            if ends is not None and (ends & going).any():
                failed = bodies.failed | (policy.status != 0)
                fitness[ends & going & failed] = -np.inf
                going &= ~ends
                if not going.any():
                    break
        failed = bodies.failed | (policy.status != 0)
        fitness[(going & failed) | ~np.isfinite(fitness)] = -np.inf
        return fitness

    def evaluate(
        self,
        network: PolicyFactory,
        genomes: FloatArray,
        seed: int | Sequence[int],
        n_threads: int | None = None,
        *,
        split: Split = "train",
    ) -> FloatArray:
        """Score every genome on one episode; see `Task.evaluate`."""
        seeds = member_seeds(seed, len(genomes), split)
        return self.episode(*self.prepare(network, genomes, seeds, resolve_threads(n_threads)))

    def prepare(
        self, network: PolicyFactory, genomes: FloatArray, seeds: Sequence[int], n_threads: int
    ) -> tuple[Bodies, Policy]:
        """Return bodies and networks at the start of an episode; `seeds` as in `initial_states`."""
        bodies = self.bodies(len(genomes), n_threads)
        bodies.reset(*self.initial_states(seeds))
        policy = network.policy(genomes, n_threads=n_threads)
        policy.reset()
        return bodies, policy
