"""Gymnasium's half cheetah and walker: planar bodies with two legs and six motors."""

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


class _Runner(NativeTask):
    """What the bodies share: they observe all but their x, and earn its velocity."""

    make_native = staticmethod(planar_bodies)

    def __init__(
        self,
        model: mujoco.MjModel,
        frame_skip: int,
        engine: str,
        max_steps: int,
        control_cost: float,
        velocity_limit: float = np.inf,
        healthy: Healthy | None = None,
    ) -> None:
        super().__init__(model, frame_skip, engine, max_steps)
        n_q, n_v = int(model.nq), int(model.nv)
        self.n_obs = n_q - 1 + n_v
        self.scoring = Scoring(
            obs_index=1 + np.arange(self.n_obs),
            obs_divisor=np.ones(self.n_obs),
            obs_limit=np.repeat([np.inf, velocity_limit], [n_q - 1, n_v]),
            control_step=self.dt,
            round_actions=True,
            control_cost=control_cost,
            healthy=healthy,
        )

    def observe(self, bodies: Bodies) -> FloatArray:
        """Return the (n_members, 17) observations."""
        observations = np.concatenate([bodies.qpos[:, 1:], bodies.qvel], axis=1)
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
        return upright

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


class HalfCheetahV5(_Runner):
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


class Walker2dV5(_Runner):
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
        path = files("gymnasium") / "envs" / "mujoco" / "assets" / "walker2d_v5.xml"
        super().__init__(
            mujoco.MjModel.from_xml_string(path.read_text(encoding="utf-8")),
            frame_skip,
            engine,
            max_steps,
            control_cost=1e-3,
            velocity_limit=10.0,
            healthy=Healthy(heights=(0.8, 2.0), angle=1.0, reward=1.0),
        )

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return starts standing at rest, with uniform noise of +-0.005 in qpos and qvel."""
        n_q, n_v = int(self.model.nq), int(self.model.nv)
        noise = 0.005 * (2.0 * initial_draws(seeds, n_q + n_v) - 1.0)
        return self.model.qpos0 + noise[:, :n_q], noise[:, n_q:]


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
