"""The native engine: our own kernels, equal to MuJoCo up to rounding for planar chains."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from conncore import _kernels
from conncore._swimmers import Swimmers
from conncore.tasks.chain import read_chain


@dataclass(frozen=True, eq=False)
class Scoring:
    """What a swimmer observes and earns, for the kernels that run whole episodes.

    Attributes
    ----------
    obs_index : (n_obs,) int64
        Which entry of qpos followed by qvel each observation is.
    obs_divisor : (n_obs,) float64
        What it is divided by.
    control_step : float
        In seconds.
    round_actions : bool
        Round the actions to float32 before they are used.
    control_cost : float
        The reward is the root's x velocity less this times the sum of the squared actions, both
        in float32.
    full_speed : float
        If positive, the reward is instead the head's speed along its -y over this, in m/s,
        within [0, 1].
    """

    obs_index: NDArray[np.int64]
    obs_divisor: NDArray[np.float64]
    control_step: float
    round_actions: bool = False
    control_cost: float = 0.0
    full_speed: float = 0.0


def native_population(
    model: mujoco.MjModel, n_members: int, frame_skip: int, n_threads: int
) -> Swimmers:
    """Return the simulations of `n_members` members; the arguments are `MujocoPopulation`'s.

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
