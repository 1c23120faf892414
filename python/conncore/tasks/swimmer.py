"""The swimmers: a planar chain of links in a fluid, swimming by bending its joints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from conncore import _population
from conncore._swimmers import Swimmers
from conncore.errors import choose
from conncore.tasks.base import FloatArray, JointMap, Policy, initial_draws
from conncore.tasks.mjcf import dm_control_swimmer, gymnasium_swimmer
from conncore.tasks.mujoco import MujocoPopulation, MujocoTask, Population
from conncore.tasks.native import Scoring, native_population

# (model, n_members, frame_skip, n_threads) -> Population. A new engine is one entry here.
ENGINES: dict[str, Callable[[mujoco.MjModel, int, int, int], Population]] = {
    "native": native_population,
    "mujoco": MujocoPopulation,
}
SENSES = ("angles+velocities", "angles")

_N_ROOT = 3  # x, y and the heading come before the joints, in qpos and in qvel
_VELOCITY_SCALE = 0.2
_FULL_SPEED = 0.1  # m/s of the head that earn a full reward in dm-swimmer6
_CONTROL_COST = 1e-4
_NOISE = 0.1  # Gymnasium's reset noise


class _Swimmer(MujocoTask):
    """What the swimmers share: the body's joints, and the choice of the engine."""

    n_steps = 1000
    scoring: Scoring

    def __init__(self, name: str, mjcf: str, frame_skip: int, engine: str) -> None:
        self.name = name
        self.engine = choose("engine", engine, ENGINES)
        self.model = mujoco.MjModel.from_xml_string(mjcf)
        self.frame_skip = frame_skip
        self.n_actions = int(self.model.nu)
        self.joint_limits: FloatArray = self.model.jnt_range[_N_ROOT:, 1].copy()  # rad

    def population(self, n_members: int, n_threads: int) -> Population:
        """Return the simulations of `n_members` members, on the chosen engine."""
        return ENGINES[self.engine](self.model, n_members, self.frame_skip, n_threads)

    def episode(self, population: Population, policy: Policy) -> FloatArray:
        """Run one episode; in compiled code alone where both sides are ours."""
        if isinstance(population, Swimmers) and isinstance(policy, _population.Population):
            return population.run(policy, self.scoring, self.n_steps)
        return super().episode(population, policy)

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name and the options; see `Task.describe`."""
        return {"name": self.name, "engine": self.engine}

    def _noisy_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Straight and at rest at the origin, with uniform noise on everything."""
        noise = _NOISE * (2.0 * initial_draws(seeds, self.model.nq + self.model.nv) - 1.0)
        return noise[:, : self.model.nq], noise[:, self.model.nq :]


class _JointSenseSwimmer(_Swimmer):
    """A swimmer that observes its joints: angles over their limits, then velocities in rad/s."""

    def __init__(
        self,
        name: str,
        mjcf: str,
        frame_skip: int,
        engine: str,
        observe: str,
        full_speed: float = 0.0,
    ) -> None:
        super().__init__(name, mjcf, frame_skip, engine)
        self.senses = choose("observe", observe, SENSES)
        n = self.n_actions
        n_velocities = n if self.senses == "angles+velocities" else 0
        self.n_obs = n + n_velocities
        self.joints = JointMap(
            angle=np.arange(n),
            velocity=n + np.arange(n_velocities),
            action=np.arange(n),
            angle_scale=np.ones(n),
            velocity_scale=np.full(n_velocities, _VELOCITY_SCALE),
        )
        self.scoring = Scoring(
            obs_index=np.concatenate(
                [_N_ROOT + np.arange(n), 2 * _N_ROOT + n + np.arange(n_velocities)]
            ),
            obs_divisor=np.append(self.joint_limits, np.ones(n_velocities)),
            control_step=self.dt,
            full_speed=full_speed,
        )

    def observe(self, population: Population) -> FloatArray:
        """Return the (n_members, n_obs) observations."""
        angles = population.qpos[:, _N_ROOT:] / self.joint_limits
        if self.senses == "angles":
            return angles
        return np.concatenate([angles, population.qvel[:, _N_ROOT:]], axis=1)

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name and the options; see `Task.describe`."""
        return {**super().describe(), "observe": self.senses}


class Swimmer6(_JointSenseSwimmer):
    """Gymnasium's swimmer body with 6 links; the reward is the x velocity of its root, in m/s.

    Parameters
    ----------
    engine : str
        What computes the physics, one of `ENGINES`.
    observe : {"angles+velocities", "angles"}
        Joint angles over their limits, with or without the joint velocities in rad/s.
    """

    def __init__(self, engine: str = "native", observe: str = "angles+velocities") -> None:
        super().__init__("swimmer6", gymnasium_swimmer(6), 4, engine, observe)

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Straight along x, with uniform noise of +-0.1 on all positions and velocities."""
        return self._noisy_states(seeds)

    def reward(
        self, qpos_before: FloatArray, population: Population, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return the x velocity of the root over the step."""
        velocity: FloatArray = (population.qpos[:, 0] - qpos_before[:, 0]) / self.dt
        return velocity


class SwimmerV5(_Swimmer):
    """Gymnasium's `Swimmer-v5` with its defaults, to the bit.

    The observation is the heading, two joint angles (rad), and all five velocities; the reward is
    the x velocity less 1e-4 times the sum of the squared actions.

    Parameters
    ----------
    engine : str
        What computes the physics, one of `ENGINES`.
    """

    def __init__(self, engine: str = "native") -> None:
        super().__init__("Swimmer-v5", gymnasium_swimmer(3), 4, engine)
        n, nq = self.n_actions, int(self.model.nq)
        self.n_obs = nq - 2 + int(self.model.nv)
        self.joints = JointMap(
            angle=1 + np.arange(n),
            velocity=nq - 2 + _N_ROOT + np.arange(n),
            action=np.arange(n),
            angle_scale=1.0 / self.joint_limits,
            velocity_scale=np.full(n, _VELOCITY_SCALE),
        )
        self.scoring = Scoring(
            obs_index=2 + np.arange(self.n_obs),
            obs_divisor=np.ones(self.n_obs),
            control_step=self.dt,
            round_actions=True,
            control_cost=_CONTROL_COST,
        )

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """As `Swimmer6`: Gymnasium's distribution, our own draws."""
        return self._noisy_states(seeds)

    def observe(self, population: Population) -> FloatArray:
        """Return the (n_members, 8) observations."""
        return np.concatenate([population.qpos[:, 2:], population.qvel], axis=1)

    def controls(self, actions: FloatArray) -> NDArray[np.floating]:
        """Round the actions to float32, the type of Gymnasium's action space."""
        return actions.astype(np.float32)

    def reward(
        self, qpos_before: FloatArray, population: Population, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return the x velocity less the control cost, which is float32 as in Gymnasium."""
        velocity = (population.qpos[:, 0] - qpos_before[:, 0]) / self.dt
        cost = _CONTROL_COST * np.sum(np.square(controls), axis=1)
        reward: FloatArray = velocity - cost
        return reward


class DmSwimmer6(_JointSenseSwimmer):
    """dm_control's swimmer body with 6 links; the reward grows with the speed of the head.

    A step of 0.03 s earns 1 from a forward head speed of 0.1 m/s on, 0 at rest or backward, and
    is linear between: dm_control's `tolerance(speed, (0.1, inf), margin=0.1,
    value_at_margin=0, sigmoid="linear")`.

    Parameters
    ----------
    engine : str
        What computes the physics, one of `ENGINES`.
    observe : {"angles+velocities", "angles"}
        Joint angles over their limits, with or without the joint velocities in rad/s.
    """

    def __init__(self, engine: str = "native", observe: str = "angles+velocities") -> None:
        super().__init__("dm-swimmer6", dm_control_swimmer(6), 15, engine, observe, _FULL_SPEED)

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """At the origin and at rest, with any heading and any joint angles within the limits."""
        span = np.append(np.pi, self.joint_limits)
        angles = span * (2.0 * initial_draws(seeds, len(span)) - 1.0)
        qpos = np.zeros((len(seeds), self.model.nq))
        qpos[:, _N_ROOT - 1 :] = angles
        return qpos, np.zeros((len(seeds), self.model.nv))

    def head_speed(self, population: Population) -> FloatArray:
        """Return the (n_members,) forward speed of the head, in m/s.

        The head looks along its -y. It turns about a point on its own y axis, so turning moves
        it along its x alone, and its speed along y is that of the root.
        """
        heading = population.qpos[:, 2]
        vx, vy = population.qvel[:, 0], population.qvel[:, 1]
        speed: FloatArray = np.sin(heading) * vx - np.cos(heading) * vy
        return speed

    def reward(
        self, qpos_before: FloatArray, population: Population, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return how near the head's speed after the step is to 0.1 m/s, in [0, 1]."""
        return np.clip(self.head_speed(population) / _FULL_SPEED, 0.0, 1.0)
