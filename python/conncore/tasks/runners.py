"""Gymnasium's half cheetah, walker and hopper: planar bodies with legs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

import mujoco
import numpy as np
from numpy.typing import NDArray

from conncore.tasks.base import FloatArray, draw_per_seed, initial_draws
from conncore.tasks.mujoco import Bodies
from conncore.tasks.native import Healthy, NativeTask, Scoring, planar_bodies


class Runner(NativeTask):
    """What bodies share that observe all but their place, and earn their velocity along x.

    n_unseen: the positions at the front that they do not observe.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        frame_skip: int,
        engine: str,
        max_steps: int,
        control_cost: float,
        velocity_limit: float = np.inf,
        healthy: Healthy | None = None,
        n_unseen: int = 1,
    ) -> None:
        super().__init__(model, frame_skip, engine, max_steps)
        n_seen, n_v = int(model.nq) - n_unseen, int(model.nv)
        self.n_obs = n_seen + n_v
        self._n_unseen = n_unseen
        self.scoring = Scoring(
            obs_index=n_unseen + np.arange(self.n_obs),
            obs_divisor=np.ones(self.n_obs),
            obs_limit=np.repeat([np.inf, velocity_limit], [n_seen, n_v]),
            control_step=self.dt,
            round_actions=True,
            control_cost=control_cost,
            healthy=healthy,
        )

    @staticmethod
    def make_native(
        model: mujoco.MjModel, n_members: int, frame_skip: int, n_threads: int
    ) -> Bodies:
        """Return the bodies of the native engine."""
        return planar_bodies(model, n_members, frame_skip, n_threads)

    def observe(self, bodies: Bodies) -> FloatArray:
        """Return the (n_members, n_obs) observations."""
        observations = np.concatenate([bodies.qpos[:, self._n_unseen :], bodies.qvel], axis=1)
        limit = self.scoring.obs_limit
        return observations if limit is None else np.clip(observations, -limit, limit)

    def controls(self, actions: FloatArray) -> NDArray[np.floating]:
        """Round the actions to float32, the type of Gymnasium's action space."""
        return actions.astype(np.float32)

    def _healthy(self, bodies: Bodies) -> NDArray[np.bool_] | None:
        """Return which members may go on; None if all may."""
        healthy = self.scoring.healthy
        if healthy is None:
            return None
        z, angle = bodies.qpos[:, 1], bodies.qpos[:, 2]
        low, high = healthy.heights
        upright: NDArray[np.bool_] = (low < z) & (z < high) & (np.abs(angle) < healthy.angle)
        values = np.concatenate([bodies.qpos[:, 2:], bodies.qvel], axis=1)
        small: NDArray[np.bool_] = (np.abs(values) < healthy.magnitude).all(axis=1)
        return upright & small

    def ends(self, bodies: Bodies) -> NDArray[np.bool_] | None:
        """Return the members that are not healthy; None if the episode never ends early."""
        healthy = self._healthy(bodies)
        return None if healthy is None else ~healthy

    def reward(
        self, qpos_before: FloatArray, bodies: Bodies, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return the x velocity minus the control cost, which is float32 as in Gymnasium.

        A healthy member earns its reward for that as well.
        """
        reward: FloatArray = (bodies.qpos[:, 0] - qpos_before[:, 0]) / self.dt
        healthy = self._healthy(bodies)
        if healthy is not None and self.scoring.healthy is not None:
            reward = reward + np.where(healthy, self.scoring.healthy.reward, 0.0)
        reward = reward - self.scoring.control_cost * np.sum(np.square(controls), axis=1)
        return reward


class HalfCheetahV5(Runner):
    """Gymnasium's `HalfCheetah-v5` with its default arguments.

    With ``engine="mujoco"`` each step equals Gymnasium's to the bit. The model is Gymnasium's own
    file: a planar runner of 14 kg with six motors.

    Parameters
    ----------
    engine : {"native", "mujoco"}
        The physics engine: compiled kernels, or MuJoCo (slower; a step of the two agrees up to
        rounding and the tolerance of MuJoCo's contact solver).
    max_steps : int
        Largest number of control steps of an episode.
    frame_skip : int
        Simulation steps in one control step. The reward is then over that control step, as with
        Gymnasium's argument of this name.

    Notes
    -----
    **Observations**

    | index | observation                       | unit  | range           |
    | ----- | --------------------------------- | ----- | --------------- |
    | 0     | height of the root above 0.7 m    | m     | -inf to inf     |
    | 1     | pitch of the trunk                | rad   | -inf to inf     |
    | 2     | angle of the back thigh           | rad   | -0.52 to 1.05   |
    | 3     | angle of the back shin            | rad   | -0.785 to 0.785 |
    | 4     | angle of the back foot            | rad   | -0.4 to 0.785   |
    | 5     | angle of the front thigh          | rad   | -1 to 0.7       |
    | 6     | angle of the front shin           | rad   | -1.2 to 0.87    |
    | 7     | angle of the front foot           | rad   | -0.5 to 0.5     |
    | 8     | x velocity of the root            | m/s   | -inf to inf     |
    | 9     | z velocity of the root            | m/s   | -inf to inf     |
    | 10    | angular velocity of the trunk     | rad/s | -inf to inf     |
    | 11-16 | angular velocity of angles 2-7    | rad/s | -inf to inf     |

    The limits of the six joints are soft: a joint can go a little beyond. The root is the origin of
    the trunk.

    **Actions**

    | index | action                      | unit    | range   |
    | ----- | --------------------------- | ------- | ------- |
    | 0     | torque of the back thigh    | 120 N m | -1 to 1 |
    | 1     | torque of the back shin     | 90 N m  | -1 to 1 |
    | 2     | torque of the back foot     | 60 N m  | -1 to 1 |
    | 3     | torque of the front thigh   | 120 N m | -1 to 1 |
    | 4     | torque of the front shin    | 60 N m  | -1 to 1 |
    | 5     | torque of the front foot    | 30 N m  | -1 to 1 |

    Actions are rounded to float32, the type of Gymnasium's action space.

    **Reward.** ``(x_after - x_before) / 0.05 s - 0.1 * sum(actions ** 2)``, in m/s; x is that of
    the root. The fitness is the sum of the rewards.

    **Start.** Gymnasium's distribution, drawn with conncore's random numbers: standing at rest;
    then uniform noise from -0.1 to 0.1 is added to every position (m, rad) and normal noise with a
    standard deviation of 0.1 to every velocity (m/s, rad/s).

    **Episode end.** After 1000 control steps of 0.05 s; never earlier.
    """

    name = "HalfCheetah-v5"

    def __init__(self, engine: str = "native", max_steps: int = 1000, frame_skip: int = 5) -> None:
        super().__init__(_cheetah_model(), frame_skip, engine, max_steps, control_cost=0.1)

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return starts standing at rest, with noise: uniform in qpos, normal in qvel."""
        nq, nv = int(self.model.nq), int(self.model.nv)

        def draw(rng: np.random.Generator) -> FloatArray:
            noise = np.concatenate([rng.uniform(-1.0, 1.0, nq), rng.standard_normal(nv)])
            return 0.1 * noise

        noise = draw_per_seed(seeds, draw, nq + nv)
        return self.model.qpos0 + noise[:, :nq], noise[:, nq:]


class Walker2dV5(Runner):
    """Gymnasium's `Walker2d-v5` with its default arguments.

    With ``engine="mujoco"`` each step equals Gymnasium's to the bit. The model is Gymnasium's own
    file: a planar walker with two legs of three links.

    Parameters
    ----------
    engine : {"native", "mujoco"}
        The physics engine: compiled kernels, or MuJoCo (slower; a step of the two agrees up to
        rounding and the tolerance of MuJoCo's contact solver).
    max_steps : int
        Largest number of control steps of an episode.
    frame_skip : int
        Simulation steps in one control step. The reward is then over that control step, as with
        Gymnasium's argument of this name.

    Notes
    -----
    **Observations**

    | index | observation                       | unit  | range                     |
    | ----- | --------------------------------- | ----- | ------------------------- |
    | 0     | height of the root                | m     | -inf to inf               |
    | 1     | pitch of the trunk                | rad   | -inf to inf               |
    | 2     | angle of the right thigh          | rad   | -2.618 to 0               |
    | 3     | angle of the right leg            | rad   | -2.618 to 0               |
    | 4     | angle of the right foot           | rad   | -0.785 to 0.785           |
    | 5     | angle of the left thigh           | rad   | -2.618 to 0               |
    | 6     | angle of the left leg             | rad   | -2.618 to 0               |
    | 7     | angle of the left foot            | rad   | -0.785 to 0.785           |
    | 8     | x velocity of the root            | m/s   | -10 to 10                 |
    | 9     | z velocity of the root            | m/s   | -10 to 10                 |
    | 10    | angular velocity of the trunk     | rad/s | -10 to 10                 |
    | 11-16 | angular velocity of angles 2-7    | rad/s | -10 to 10                 |

    The limits of the six joints are soft: a joint can go a little beyond. Observed velocities are
    clipped to +-10. The root is the origin of the trunk.

    **Actions**

    | index | action                                       | unit    | range   |
    | ----- | -------------------------------------------- | ------- | ------- |
    | 0-2   | torque of the right thigh, leg and foot      | 100 N m | -1 to 1 |
    | 3-5   | torque of the left thigh, leg and foot       | 100 N m | -1 to 1 |

    Actions are rounded to float32, the type of Gymnasium's action space.

    **Reward.** ``(x_after - x_before) / 0.008 s + healthy - 0.001 * sum(actions ** 2)``; x is that
    of the root in m, and healthy is 1 if the walker is healthy after the step, else 0. It is
    healthy while the height of the root is between 0.8 and 2 m and its pitch between -1 and 1 rad.
    The fitness is the sum of the rewards.

    **Start.** Gymnasium's distribution, drawn with conncore's random numbers: standing at rest;
    then uniform noise from -0.005 to 0.005 is added to every position (m, rad) and every velocity
    (m/s, rad/s).

    **Episode end.** After 1000 control steps of 0.008 s, or after a step that leaves the walker not
    healthy.
    """

    name = "Walker2d-v5"

    def __init__(self, engine: str = "native", max_steps: int = 1000, frame_skip: int = 4) -> None:
        super().__init__(
            _model("walker2d_v5.xml"),
            frame_skip,
            engine,
            max_steps,
            control_cost=1e-3,
            velocity_limit=10.0,
            healthy=Healthy(heights=(0.8, 2.0), angle=1.0, reward=1.0),
        )

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return starts standing at rest, with uniform noise of +-0.005 in qpos and qvel."""
        return noisy_rest(self.model, seeds, 0.005)


class HopperV5(Runner):
    """Gymnasium's `Hopper-v5` with its default arguments.

    With ``engine="mujoco"`` each step equals Gymnasium's to the bit. The model is Gymnasium's own
    file: a planar hopper with one leg of three links. Its thigh can touch its foot, and its trunk
    its leg. The kernels do not compute that: MuJoCo takes such a member over (`SwitchedBodies`).

    Parameters
    ----------
    engine : {"native", "mujoco"}
        The physics engine: compiled kernels, or MuJoCo (slower; a step of the two agrees up to
        rounding and the tolerance of MuJoCo's contact solver).
    max_steps : int
        Largest number of control steps of an episode.
    frame_skip : int
        Simulation steps in one control step. The reward is then over that control step, as with
        Gymnasium's argument of this name.

    Notes
    -----
    **Observations**

    | index | observation                       | unit  | range           |
    | ----- | --------------------------------- | ----- | --------------- |
    | 0     | height of the root                | m     | -inf to inf     |
    | 1     | pitch of the trunk                | rad   | -inf to inf     |
    | 2     | angle of the thigh                | rad   | -2.618 to 0     |
    | 3     | angle of the leg                  | rad   | -2.618 to 0     |
    | 4     | angle of the foot                 | rad   | -0.785 to 0.785 |
    | 5     | x velocity of the root            | m/s   | -10 to 10       |
    | 6     | z velocity of the root            | m/s   | -10 to 10       |
    | 7     | angular velocity of the trunk     | rad/s | -10 to 10       |
    | 8-10  | angular velocity of angles 2-4    | rad/s | -10 to 10       |

    The limits of the three joints are soft: a joint can go a little beyond. Observed velocities
    are clipped to +-10. The root is the origin of the trunk.

    **Actions**

    | index | action                                | unit    | range   |
    | ----- | ------------------------------------- | ------- | ------- |
    | 0-2   | torque of the thigh, leg and foot     | 200 N m | -1 to 1 |

    Actions are rounded to float32, the type of Gymnasium's action space.

    **Reward.** ``(x_after - x_before) / 0.008 s + healthy - 0.001 * sum(actions ** 2)``; x is that
    of the root in m, and healthy is 1 if the hopper is healthy after the step, else 0. It is
    healthy while the height of the root is above 0.7 m, its pitch is between -0.2 and 0.2 rad, and
    all angles and velocities are between -100 and 100. The fitness is the sum of the rewards.

    **Start.** Gymnasium's distribution, drawn with conncore's random numbers: standing at rest;
    then uniform noise from -0.005 to 0.005 is added to every position (m, rad) and every velocity
    (m/s, rad/s).

    **Episode end.** After 1000 control steps of 0.008 s, or after a step that leaves the hopper not
    healthy.
    """

    name = "Hopper-v5"

    def __init__(self, engine: str = "native", max_steps: int = 1000, frame_skip: int = 4) -> None:
        healthy = Healthy(heights=(0.7, np.inf), angle=0.2, reward=1.0, magnitude=100.0)
        super().__init__(
            _model("hopper.xml"),
            frame_skip,
            engine,
            max_steps,
            control_cost=1e-3,
            velocity_limit=10.0,
            healthy=healthy,
        )

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return starts standing at rest, with uniform noise of +-0.005 in qpos and qvel."""
        return noisy_rest(self.model, seeds, 0.005)


def _model(file: str) -> mujoco.MjModel:
    path = files("gymnasium") / "envs" / "mujoco" / "assets" / file
    return mujoco.MjModel.from_xml_string(path.read_text(encoding="utf-8"))


def noisy_rest(
    model: mujoco.MjModel, seeds: Sequence[int], most: float
) -> tuple[FloatArray, FloatArray]:
    """Return the model's state at rest, with uniform noise of +-most in qpos and qvel."""
    n_q, n_v = int(model.nq), int(model.nv)
    noise = most * (2.0 * initial_draws(seeds, n_q + n_v) - 1.0)
    return model.qpos0 + noise[:, :n_q], noise[:, n_q:]


def _cheetah_model() -> mujoco.MjModel:
    """Return Gymnasium's model.

    MuJoCo 4 would warn about `settotalmass` in a file in the working directory, so the attribute
    is removed from the text and the total mass is set here.
    """
    path = files("gymnasium") / "envs" / "mujoco" / "assets" / "half_cheetah.xml"
    mjcf, n_found = re.subn(' settotalmass="14"', "", path.read_text(encoding="utf-8"))
    model = mujoco.MjModel.from_xml_string(mjcf)
    if n_found:
        mujoco.mj_setTotalmass(model, 14.0)
        mujoco.mj_setConst(model, mujoco.MjData(model))
    return model
