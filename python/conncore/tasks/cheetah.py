"""Gymnasium's half cheetah: a planar runner with six motors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

import mujoco
import numpy as np
from numpy.typing import NDArray

from conncore.tasks.base import FloatArray, draw_per_seed
from conncore.tasks.mujoco import MujocoTask, Population

_NOISE = 0.1  # Gymnasium's reset noise


class HalfCheetahV5(MujocoTask):
    """Gymnasium's `HalfCheetah-v5` with its defaults, to the bit, on Gymnasium's own body.

    The observation is all positions but x (m and rad), then all nine velocities; the reward is
    the x velocity less 0.1 times the sum of the squared actions. No episode ends early.
    """

    name = "HalfCheetah-v5"
    n_steps = 1000
    frame_skip = 5

    def __init__(self) -> None:
        self.model = _model()
        self.n_actions = int(self.model.nu)
        self.n_obs = int(self.model.nq + self.model.nv) - 1

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Standing at rest, with uniform noise on positions and normal noise on velocities."""
        nq, nv = int(self.model.nq), int(self.model.nv)

        def draw(rng: np.random.Generator) -> FloatArray:
            noise = np.concatenate([rng.uniform(-1.0, 1.0, nq), rng.standard_normal(nv)])
            return _NOISE * noise

        noise = draw_per_seed(seeds, draw, nq + nv)
        return self.model.qpos0 + noise[:, :nq], noise[:, nq:]

    def observe(self, population: Population) -> FloatArray:
        """Return the (n_members, 17) observations."""
        return np.concatenate([population.qpos[:, 1:], population.qvel], axis=1)

    def controls(self, actions: FloatArray) -> NDArray[np.floating]:
        """Round the actions to float32, the type of Gymnasium's action space."""
        return actions.astype(np.float32)

    def reward(
        self, qpos_before: FloatArray, population: Population, controls: NDArray[np.floating]
    ) -> FloatArray:
        """Return the x velocity less the control cost, which is float32 as in Gymnasium."""
        velocity = (population.qpos[:, 0] - qpos_before[:, 0]) / self.dt
        reward: FloatArray = velocity - 0.1 * np.sum(np.square(controls), axis=1)
        return reward

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name; see `Task.describe`."""
        return {"name": self.name}


def _model() -> mujoco.MjModel:
    """Gymnasium's model; of `settotalmass` MuJoCo 4 would warn, in a file in the working folder."""
    path = files("gymnasium") / "envs" / "mujoco" / "assets" / "half_cheetah.xml"
    mjcf, n_found = re.subn(' settotalmass="14"', "", path.read_text(encoding="utf-8"))
    model = mujoco.MjModel.from_xml_string(mjcf)
    if n_found:
        mujoco.mj_setTotalmass(model, 14.0)
        mujoco.mj_setConst(model, mujoco.MjData(model))
    return model
