"""Gymnasium's half cheetah: a planar runner with six motors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

import mujoco
import numpy as np
from numpy.typing import NDArray

from conncore.tasks.base import FloatArray, draw_per_seed
from conncore.tasks.mujoco import Bodies, MujocoTask

_NOISE = 0.1  # Gymnasium's reset noise


class HalfCheetahV5(MujocoTask):
    """Gymnasium's `HalfCheetah-v5` with its default arguments; each step equals it to the bit.

    The model is Gymnasium's own file: a planar runner of 14 kg with six motors.

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
    n_steps = 1000
    frame_skip = 5

    def __init__(self) -> None:
        self.model = _model()
        self.n_actions = int(self.model.nu)
        self.n_obs = int(self.model.nq + self.model.nv) - 1

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return starts standing at rest, with noise: uniform in qpos, normal in qvel."""
        nq, nv = int(self.model.nq), int(self.model.nv)

        def draw(rng: np.random.Generator) -> FloatArray:
            noise = np.concatenate([rng.uniform(-1.0, 1.0, nq), rng.standard_normal(nv)])
            return _NOISE * noise

        noise = draw_per_seed(seeds, draw, nq + nv)
        return self.model.qpos0 + noise[:, :nq], noise[:, nq:]

    def observe(self, bodies: Bodies) -> FloatArray:
        """Return the (n_members, 17) observations."""
        return np.concatenate([bodies.qpos[:, 1:], bodies.qvel], axis=1)

    def controls(self, actions: FloatArray) -> NDArray[np.floating]:
        """Round the actions to float32, the type of Gymnasium's action space."""
        return actions.astype(np.float32)

    def reward(
        self, qpos_before: FloatArray, bodies: Bodies, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return the x velocity minus the control cost, which is float32 as in Gymnasium."""
        velocity = (bodies.qpos[:, 0] - qpos_before[:, 0]) / self.dt
        reward: FloatArray = velocity - 0.1 * np.sum(np.square(controls), axis=1)
        return reward

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name; see `Task.describe`."""
        return {"name": self.name}


def _model() -> mujoco.MjModel:
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
