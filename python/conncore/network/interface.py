"""What a network needs to know of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class JointMap:
    """Which observations and which actions belong to which joint, the foremost joint first.

    Attributes
    ----------
    angle : (n_joints,) int64
        Index of each joint's angle in the observation.
    velocity : (n_joints,) int64, or (0,) where the task does not observe velocities
        Index of each joint's angular velocity in the observation.
    action : (n_joints,) int64
        Index of each joint's motor in the action.
    angle_scale : (n_joints,) float64
        Factor that brings the observed angle to about [-1, 1].
    velocity_scale : (n_joints,) float64, or (0,) like `velocity`
        Factor that brings the observed velocity (rad/s) to about [-1, 1].

    Examples
    --------
    >>> joints = cc.make_task("swimmer6").joints
    >>> joints.angle, joints.action
    (array([0, 1, 2, 3, 4]), array([0, 1, 2, 3, 4]))
    """

    angle: NDArray[np.int64]
    velocity: NDArray[np.int64]
    action: NDArray[np.int64]
    angle_scale: NDArray[np.float64]
    velocity_scale: NDArray[np.float64]

    @property
    def n_joints(self) -> int:
        """Number of joints."""
        return len(self.angle)


class NetworkTask(Protocol):
    """What a network needs of a task; every `conncore.tasks.Task` has it."""

    @property
    def name(self) -> str:
        """The task's name, for messages."""

    @property
    def n_obs(self) -> int:
        """Number of values in an observation."""

    @property
    def n_actions(self) -> int:
        """Number of values in an action."""

    @property
    def joints(self) -> JointMap | None:
        """The body's joints, or None if the body has no chain of joints."""
