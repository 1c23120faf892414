"""The links and joints of a MuJoCo body, for drawing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from conncore.recording.episode import Body, FloatArray

# as integers, which compare with the arrays of a model
_SPHERE, _CAPSULE, _CYLINDER = (
    int(kind)
    for kind in (
        mujoco.mjtGeom.mjGEOM_SPHERE,
        mujoco.mjtGeom.mjGEOM_CAPSULE,
        mujoco.mjtGeom.mjGEOM_CYLINDER,
    )
)
_ON_JOINT, _HINGE = int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtJoint.mjJNT_HINGE)


class BodyWatch:
    """Keeps the place of a MuJoCo body whenever `look` is called.

    Parameters
    ----------
    model : mujoco.MjModel
        The geoms of its world body (floors, walls) are not part of the body.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._data = mujoco.MjData(model)
        self._geoms = np.flatnonzero(model.geom_bodyid > 0)
        self._axis, self.radius = _axes(model, self._geoms)
        joints = np.unique(model.actuator_trnid[model.actuator_trntype == _ON_JOINT, 0])
        self._joints = joints[model.jnt_type[joints] == _HINGE]
        self._angles: list[FloatArray] = []
        self._links: list[FloatArray] = []

    def look(self, qpos: Sequence[float] | FloatArray) -> None:
        """Keep the place of the body with these joint positions, (nq,)."""
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        turned = self._data.geom_xmat[self._geoms].reshape(-1, 3, 3)
        half = np.einsum("gij,gj->gi", turned, self._axis)
        middle = self._data.geom_xpos[self._geoms]
        self._links.append(np.stack([middle - half, middle + half], axis=1))
        self._angles.append(self._data.qpos[self._model.jnt_qposadr[self._joints]])

    def body(self) -> Body:
        """Return what was kept."""
        names = tuple(self._model.joint(int(j)).name or f"joint {j}" for j in self._joints)
        limited = self._model.jnt_limited[self._joints, None].astype(bool)
        limits = np.where(limited, self._model.jnt_range[self._joints], [-np.inf, np.inf])
        angles, links = np.array(self._angles), np.array(self._links)
        return Body(angles, names, links, self.radius, limits)


def _axes(model: Any, geoms: Any) -> tuple[FloatArray, FloatArray]:
    """Half the axis of each geom in its own frame, (n, 3) in m, and its radius, (n,) in m."""
    axis, radius = np.zeros((len(geoms), 3)), np.zeros(len(geoms))
    for row, geom in enumerate(geoms):
        kind, size = model.geom_type[geom], model.geom_size[geom]
        if kind == _SPHERE:
            radius[row] = size[0]
        elif kind in (_CAPSULE, _CYLINDER):
            axis[row, 2], radius[row] = size[1], size[0]
        else:  # half the lengths of a box or an ellipsoid, or of the box around a mesh
            longest = int(np.argmax(size))
            axis[row, longest], radius[row] = size[longest], np.sort(size)[1]
    return axis, radius
