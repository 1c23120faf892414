"""The swimmers: a planar chain of links in a fluid, swimming by bending its joints."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from conncore.errors import choose
from conncore.network.interface import JointMap
from conncore.tasks.base import FloatArray, Policy, initial_draws
from conncore.tasks.chain import center_of_mass
from conncore.tasks.mjcf import dm_control_swimmer, gymnasium_swimmer
from conncore.tasks.mujoco import Bodies
from conncore.tasks.native import NativeTask, Scoring, native_bodies

SENSES = ("angles+velocities", "angles")
REWARD_POINTS = ("root", "center-of-mass")

_N_ROOT = 3  # x, y and the heading come before the joints, in qpos and in qvel
_VELOCITY_SCALE = 0.2
_FULL_SPEED = 0.1  # m/s; at this speed of the head the reward of dm-swimmer6 is 1
_CONTROL_COST = 1e-4
_NOISE = 0.1  # Gymnasium's reset noise


class _Swimmer(NativeTask):
    """The joints of the body, which all swimmers share."""

    make_native = staticmethod(native_bodies)

    def __init__(self, name: str, mjcf: str, frame_skip: int, engine: str, max_steps: int) -> None:
        super().__init__(mujoco.MjModel.from_xml_string(mjcf), frame_skip, engine, max_steps)
        self.name = name
        self.joint_limits: FloatArray = self.model.jnt_range[_N_ROOT:, 1].copy()  # rad

    def _noisy_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Straight at the origin, plus uniform noise in every position and velocity."""
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
        max_steps: int,
        observe: str,
        full_speed: float = 0.0,
    ) -> None:
        super().__init__(name, mjcf, frame_skip, engine, max_steps)
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

    def observe(self, bodies: Bodies) -> FloatArray:
        """Return the (n_members, n_obs) observations."""
        angles = bodies.qpos[:, _N_ROOT:] / self.joint_limits
        if self.senses == "angles":
            return angles
        return np.concatenate([angles, bodies.qvel[:, _N_ROOT:]], axis=1)

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name and the options; see `Task.describe`."""
        return {**super().describe(), "observe": self.senses}


class Swimmer6(_JointSenseSwimmer):
    """Gymnasium's swimmer body with 6 links; it swims along x.

    The body is a chain of six links in a fluid of density 4000 kg/m^3 and viscosity 0.1 Pa s. A
    link is a capsule with an axis of 1 m and a radius of 0.1 m. Joint 1, the foremost, is between
    links 1 and 2.

    Parameters
    ----------
    engine : {"native", "mujoco"}
        The physics engine: compiled kernels, or MuJoCo (slower; both agree up to rounding).
    observe : {"angles+velocities", "angles"}
        With "angles", the network observes rows 0-4 of the table only.
    reward_point : {"root", "center-of-mass"}
        The point of the body whose x velocity is the reward.
    max_steps : int
        Number of control steps of an episode.
    frame_skip : int
        Simulation steps in one control step.

    Notes
    -----
    **Observations**

    | index | observation                      | unit  | range                 |
    | ----- | -------------------------------- | ----- | --------------------- |
    | 0-4   | angle of joints 1-5 over 1.745   | 1     | -1 to 1 (soft limits) |
    | 5-9   | angular velocity of joints 1-5   | rad/s | -inf to inf           |

    The limits of a joint are +-1.745 rad (100 degrees); a torque can push it a little beyond.

    **Actions**

    | index | action                 | unit    | range   |
    | ----- | ---------------------- | ------- | ------- |
    | 0-4   | torque of joints 1-5   | 150 N m | -1 to 1 |

    **Reward.** ``(x_after - x_before) / 0.04 s``, in m/s: the mean x velocity of the root over a
    control step. The root is a point fixed to link 1, on its axis, 0.5 m behind joint 1. The
    fitness is the sum of the rewards: the distance in m, divided by 0.04. A control step takes
    0.01 s times `frame_skip`.

    **Start.** Straight along x, at rest, at the origin; then uniform noise from -0.1 to 0.1 is
    added to every position (m, rad) and every velocity (m/s, rad/s).

    **Episode end.** After 1000 control steps of 0.04 s; never earlier.
    """

    def __init__(
        self,
        engine: str = "native",
        observe: str = "angles+velocities",
        reward_point: str = "root",
        max_steps: int = 1000,
        frame_skip: int = 4,
    ) -> None:
        super().__init__("swimmer6", gymnasium_swimmer(6), frame_skip, engine, max_steps, observe)
        self.reward_point = choose("reward_point", reward_point, REWARD_POINTS)
        self._center = center_of_mass(self.model)

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return starts straight along x, with uniform noise of +-0.1 in qpos and qvel."""
        return self._noisy_states(seeds)

    def _place(self, qpos: FloatArray) -> FloatArray:
        """Return the (n_members,) x of the point that earns the reward."""
        return qpos[:, 0] if self.reward_point == "root" else self._center(qpos)

    def reward(
        self, qpos_before: FloatArray, bodies: Bodies, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return the x velocity of the reward point over the step."""
        velocity: FloatArray = (self._place(bodies.qpos) - self._place(qpos_before)) / self.dt
        return velocity

    def episode(self, bodies: Bodies, policy: Policy) -> FloatArray:
        """Run one episode. The kernels reward the root; the sum of the rewards is a distance."""
        before = bodies.qpos.copy()
        fitness = super().episode(bodies, policy)
        if self.reward_point == "root" or not self.compiled(bodies, policy):
            return fitness
        moved = (self._place(bodies.qpos) - self._place(before)) / self.dt
        return np.where(np.isfinite(fitness), moved, fitness)

    def later_options(self) -> dict[str, str | int | float | bool]:
        """Return the options that early versions did not have."""
        return {**super().later_options(), "reward_point": self.reward_point}


class SwimmerV5(_Swimmer):
    """Gymnasium's `Swimmer-v5` with its default arguments.

    With ``engine="mujoco"`` each step equals Gymnasium's to the bit. The body is that of
    `Swimmer6` with three links.

    Parameters
    ----------
    engine : {"native", "mujoco"}
        The physics engine: compiled kernels, or MuJoCo (slower; both agree up to rounding).
    max_steps : int
        Number of control steps of an episode.
    frame_skip : int
        Simulation steps in one control step.

    Notes
    -----
    **Observations**

    | index | observation                      | unit  | range                         |
    | ----- | -------------------------------- | ----- | ----------------------------- |
    | 0     | heading of link 1                | rad   | -inf to inf                   |
    | 1-2   | angle of joints 1-2              | rad   | -1.745 to 1.745 (soft limits) |
    | 3     | x velocity of the root           | m/s   | -inf to inf                   |
    | 4     | y velocity of the root           | m/s   | -inf to inf                   |
    | 5     | angular velocity of link 1       | rad/s | -inf to inf                   |
    | 6-7   | angular velocity of joints 1-2   | rad/s | -inf to inf                   |

    **Actions**

    | index | action                 | unit    | range   |
    | ----- | ---------------------- | ------- | ------- |
    | 0-1   | torque of joints 1-2   | 150 N m | -1 to 1 |

    Actions are rounded to float32, the type of Gymnasium's action space.

    **Reward.** ``(x_after - x_before) / 0.04 s - 1e-4 * sum(actions ** 2)``, in m/s; x is that of
    the root, as in `Swimmer6`. The fitness is the sum of the rewards.

    **Start.** Gymnasium's distribution, drawn with conncore's random numbers: straight along x, at
    rest, at the origin; then uniform noise from -0.1 to 0.1 is added to every position (m, rad) and
    every velocity (m/s, rad/s).

    **Episode end.** After 1000 control steps of 0.04 s; never earlier.
    """

    def __init__(self, engine: str = "native", max_steps: int = 1000, frame_skip: int = 4) -> None:
        super().__init__("Swimmer-v5", gymnasium_swimmer(3), frame_skip, engine, max_steps)
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
        """Return starts straight along x, with uniform noise of +-0.1 in qpos and qvel."""
        return self._noisy_states(seeds)

    def observe(self, bodies: Bodies) -> FloatArray:
        """Return the (n_members, 8) observations."""
        return np.concatenate([bodies.qpos[:, 2:], bodies.qvel], axis=1)

    def controls(self, actions: FloatArray) -> NDArray[np.floating]:
        """Round the actions to float32, the type of Gymnasium's action space."""
        return actions.astype(np.float32)

    def reward(
        self, qpos_before: FloatArray, bodies: Bodies, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return the x velocity minus the control cost, which is float32 as in Gymnasium."""
        velocity = (bodies.qpos[:, 0] - qpos_before[:, 0]) / self.dt
        cost = _CONTROL_COST * np.sum(np.square(controls), axis=1)
        reward: FloatArray = velocity - cost
        return reward


class DmSwimmer6(_JointSenseSwimmer):
    """dm_control's swimmer body with 6 links; the reward grows with the speed of the head.

    The body is a chain of six plates, each 0.1 m long and 10 g heavy, in a fluid of density
    3000 kg/m^3. Joint 1, the foremost, is between links 1 and 2. Link 1 is the head.

    Parameters
    ----------
    engine : {"native", "mujoco"}
        The physics engine: compiled kernels, or MuJoCo (slower; both agree up to rounding).
    observe : {"angles+velocities", "angles"}
        With "angles", the network observes rows 0-4 of the table only.
    max_steps : int
        Number of control steps of an episode.
    frame_skip : int
        Simulation steps in one control step.

    Notes
    -----
    **Observations**

    | index | observation                      | unit  | range                 |
    | ----- | -------------------------------- | ----- | --------------------- |
    | 0-4   | angle of joints 1-5 over 1.047   | 1     | -1 to 1 (soft limits) |
    | 5-9   | angular velocity of joints 1-5   | rad/s | -inf to inf           |

    The limits of a joint are +-1.047 rad (60 degrees); a torque can push it a little beyond.

    **Actions**

    | index | action                 | unit     | range   |
    | ----- | ---------------------- | -------- | ------- |
    | 0-4   | torque of joints 1-5   | 5e-4 N m | -1 to 1 |

    **Reward.** ``clip(speed / 0.1 m/s, 0, 1)``, without unit; speed is the forward speed of the
    head after the step. This is dm_control's ``tolerance(speed, (0.1, inf), margin=0.1,
    value_at_margin=0, sigmoid="linear")``; dm_control's own swimmer rewards the distance to a
    target instead. The fitness is the sum of the rewards, 1000 at most.

    **Start.** At the origin and at rest, with a heading from -pi to pi and joint angles from
    -1.047 to 1.047 rad, all uniform.

    **Episode end.** After 1000 control steps of 0.03 s; never earlier.
    """

    def __init__(
        self,
        engine: str = "native",
        observe: str = "angles+velocities",
        max_steps: int = 1000,
        frame_skip: int = 15,
    ) -> None:
        mjcf = dm_control_swimmer(6)
        super().__init__("dm-swimmer6", mjcf, frame_skip, engine, max_steps, observe, _FULL_SPEED)

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return starts at rest at the origin, with random headings and joint angles."""
        span = np.append(np.pi, self.joint_limits)
        angles = span * (2.0 * initial_draws(seeds, len(span)) - 1.0)
        qpos = np.zeros((len(seeds), self.model.nq))
        qpos[:, _N_ROOT - 1 :] = angles
        return qpos, np.zeros((len(seeds), self.model.nv))

    def head_speed(self, bodies: Bodies) -> FloatArray:
        """Return the (n_members,) forward speed of the head, in m/s.

        The head points along its -y axis. It turns about a point on its own y axis, so turning
        moves the head along its x axis only, and its speed along y is that of the root.
        """
        heading = bodies.qpos[:, 2]
        vx, vy = bodies.qvel[:, 0], bodies.qvel[:, 1]
        speed: FloatArray = np.sin(heading) * vx - np.cos(heading) * vy
        return speed

    def reward(
        self, qpos_before: FloatArray, bodies: Bodies, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return the speed of the head after the step over 0.1 m/s, clipped to [0, 1]."""
        return np.clip(self.head_speed(bodies) / _FULL_SPEED, 0.0, 1.0)
