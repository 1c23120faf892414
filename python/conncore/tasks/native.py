"""The native engine: compiled kernels for planar bodies, equal to MuJoCo up to rounding."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from conncore import _kernels
from conncore._episodes import Episodes
from conncore._planar import PlanarBodies
from conncore._population import Population
from conncore._swimmers import Swimmers
from conncore.errors import choose, need_count
from conncore.noise import Split
from conncore.tasks.base import FloatArray, Policy, PolicyFactory, member_seeds
from conncore.tasks.chain import read_chain
from conncore.tasks.mujoco import Bodies, MujocoBodies, MujocoTask
from conncore.tasks.planar import read_planar
from conncore.threads import resolve_threads

ENGINES = ("native", "mujoco")


@dataclass(frozen=True)
class Healthy:
    """Where a body must be for its episode to go on.

    Attributes
    ----------
    heights : tuple of float
        The z of the root must be between these, in m.
    angle : float
        The angle of the root must be less than this in either direction, in rad.
    magnitude : float
        All positions but the root's x and z, and all velocities, must be less than this in
        magnitude.
    reward : float
        Added to the reward of a step after which the body is healthy.
    """

    heights: tuple[float, float]
    angle: float
    reward: float
    magnitude: float = np.inf


@dataclass(frozen=True, eq=False)
class Scoring:
    """Observations and rewards of a body, for the kernels that run whole episodes.

    Attributes
    ----------
    obs_index : (n_obs,) int64
        Index of each observation in the concatenation of qpos and qvel.
    obs_divisor : (n_obs,) float64
        Each observation is divided by this number.
    control_step : float
        Length of a control step, in seconds.
    round_actions : bool
        Whether actions are rounded to float32 before use.
    control_cost : float
        The reward is the x velocity of the root (m/s) minus this factor times the sum of the
        squared actions. Factor and sum are float32.
    full_speed : float
        In m/s. If positive, the reward is instead the forward speed of the head (along its -y
        axis) divided by this speed, clipped to [0, 1].
    obs_limit : (n_obs,) float64, optional
        Each observation is clipped to plus and minus this number.
    healthy : Healthy, optional
        Ends the episode of a member that is not.
    """

    obs_index: NDArray[np.int64]
    obs_divisor: NDArray[np.float64]
    control_step: float
    round_actions: bool = False
    control_cost: float = 0.0
    full_speed: float = 0.0
    obs_limit: NDArray[np.float64] | None = None
    healthy: Healthy | None = None


def native_bodies(
    model: mujoco.MjModel, n_members: int, frame_skip: int, n_threads: int
) -> Swimmers:
    """Return the bodies of `n_members` members; parameters as in `MujocoBodies`.

    Raises
    ------
    UsageError
        If the model is not a planar chain.
    """
    return Swimmers(
        _kernels.load("swimmer"),
        _kernels.load("episode"),
        read_chain(model),
        n_members,
        frame_skip,
        n_threads,
    )


def planar_bodies(
    model: mujoco.MjModel, n_members: int, frame_skip: int, n_threads: int
) -> PlanarBodies | SwitchedBodies:
    """Return the bodies of `n_members` members; parameters as in `MujocoBodies`.

    Raises
    ------
    UsageError
        If the model is not a planar body on a floor.
    """
    native = PlanarBodies(
        _kernels.load("planar"),
        _kernels.load("episode"),
        read_planar(model),
        n_members,
        frame_skip,
        n_threads,
    )
    return SwitchedBodies(model, native, frame_skip) if native.body.pairs["one"].size else native


class SwitchedBodies:
    """`Bodies` that the kernels move until two links of a member meet, and MuJoCo from then on.

    A member switches before the control step in which its links meet, so that no step is computed
    without that contact. So does a member that fails.

    Parameters
    ----------
    model : mujoco.MjModel
    native : PlanarBodies
    frame_skip : int
        Simulation steps in one control step.

    Attributes
    ----------
    qpos, qvel : (n_members, nq) and (n_members, nv) float64
    switched : mapping of int to MujocoBodies
        The members that MuJoCo moves.
    """

    def __init__(self, model: mujoco.MjModel, native: PlanarBodies, frame_skip: int) -> None:
        self.native = native
        self.switched: dict[int, MujocoBodies] = {}
        self._model, self._frame_skip = model, frame_skip
        self.qpos, self.qvel = native.qpos, native.qvel

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(n_members,) True where the simulation diverged since the reset."""
        failed = self.native.failed
        for member, body in self.switched.items():
            failed[member] = body.failed[0]
        return failed

    def reset(
        self, qpos: FloatArray, qvel: FloatArray, which: NDArray[np.bool_] | None = None
    ) -> None:
        """Start the members where `which` is True, or all, from their rows of `qpos` and `qvel`."""
        self.native.reset(qpos, qvel, which)
        fresh = np.ones(len(qpos), dtype=bool) if which is None else which
        self.switched = {m: body for m, body in self.switched.items() if not fresh[m]}
        self._read()

    def step(self, controls: NDArray[np.floating]) -> None:
        """Advance every member by one control step with its row of (n_members, nu) controls."""
        qpos, qvel = self.qpos, self.qvel
        self.native.step(controls)
        for member in np.flatnonzero(self.native.met | self.native.failed).tolist():
            if member not in self.switched:
                body = MujocoBodies(self._model, 1, self._frame_skip, 1)
                body.reset(qpos[member : member + 1], qvel[member : member + 1])
                self.switched[member] = body
        for member, body in self.switched.items():
            body.step(controls[member : member + 1])
        self._read()

    def _read(self) -> None:
        self.qpos, self.qvel = self.native.qpos, self.native.qvel
        for member, body in self.switched.items():
            self.qpos[member], self.qvel[member] = body.qpos[0], body.qvel[0]


class NativeTask(MujocoTask):
    """A MuJoCo body that the compiled kernels move as well.

    Attributes
    ----------
    engine : {"native", "mujoco"}
        What moves the bodies.
    scoring : Scoring
        `observe`, `reward` and `ends` for the kernels.
    n_repeated : int
        Episodes that `evaluate` has run again, because two links of the body met, or the simulation
        diverged: see `SwitchedBodies`.
    """

    scoring: Scoring
    n_repeated: int = 0

    def __init__(
        self, model: mujoco.MjModel, frame_skip: int, engine: str, max_steps: int = 1000
    ) -> None:
        self.engine = choose("engine", engine, ENGINES)
        self.compiled_episodes = self.engine == "native"
        self.model = model
        self.frame_skip = need_count("frame_skip", frame_skip, 1, 1000)
        self.n_steps = need_count("max_steps", max_steps, 1, 10**9)
        self.n_actions = int(model.nu)

    def bodies(self, n_members: int, n_threads: int) -> Bodies:
        """Return the bodies of `n_members` members, computed by the chosen engine."""
        make: Callable[..., Bodies]
        make = self.make_native if self.engine == "native" else MujocoBodies
        return make(self.model, n_members, self.frame_skip, n_threads)

    @staticmethod
    @abstractmethod
    def make_native(
        model: mujoco.MjModel, n_members: int, frame_skip: int, n_threads: int
    ) -> Bodies:
        """Return the bodies of the native engine: `native_bodies` or `planar_bodies`."""

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

        Where links can meet, the kernels run all episodes, and those in which links met run again
        step by step.
        """
        seeds = member_seeds(seed, len(genomes), split)
        threads = resolve_threads(n_threads)
        bodies, policy = self.prepare(network, genomes, seeds, threads)
        if not (isinstance(bodies, SwitchedBodies) and isinstance(policy, Population)):
            return self.episode(bodies, policy)
        fitness = self.episode(bodies.native, policy)
        again = np.flatnonzero(bodies.native.met | bodies.native.failed)
        if again.size:
            self.n_repeated += again.size
            rows = [seeds[member] for member in again]
            fitness[again] = self.episode(*self.prepare(network, genomes[again], rows, threads))
        return fitness

    def advance(self, bodies: Bodies, actions: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Advance every member by one control step, with the bits of `episode`."""
        if not isinstance(bodies, Episodes):
            return super().advance(bodies, actions)
        return bodies.run(actions[:, None], self.scoring, 1), bodies.ended

    def episode(self, bodies: Bodies, policy: Policy) -> FloatArray:
        """Run one episode; wholly in compiled code if the kernels know bodies and policy."""
        if not (isinstance(bodies, Episodes) and isinstance(policy, Population)):
            return super().episode(bodies, policy)
        fitness = bodies.run(policy, self.scoring, self.n_steps)
        fitness[(policy.status != 0) & ~bodies.ended] = -np.inf
        return fitness

    def compiled(self, bodies: Bodies, policy: Policy) -> bool:
        """Return whether compiled code runs whole episodes of these."""
        return isinstance(bodies, Episodes) and isinstance(policy, Population)

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name and the options; see `Task.describe`.

        Options that early versions did not have are named only where they differ from their
        defaults, so that the settings of early runs keep their digests.
        """
        known = inspect.signature(type(self)).parameters
        later = {
            name: value
            for name, value in self.later_options().items()
            if name in known and value != known[name].default
        }
        return {"name": self.name, "engine": self.engine, **later}

    def later_options(self) -> dict[str, str | int | float | bool]:
        """Return the options that early versions did not have."""
        return {"max_steps": self.n_steps, "frame_skip": self.frame_skip}
