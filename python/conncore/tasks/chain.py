"""Reads a planar chain of links from a MuJoCo model: the numbers that the native kernel needs.

The equations are in conncore/kernels/swimmer.pyx. Every number comes from the compiled model.
`read_chain` refuses a model with any feature that the kernel does not compute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError

Array = NDArray[np.float64]

N_ROOT = 3  # x, y and the heading come before the joints, in qpos and in qvel
_MIN_VALUE = 1e-15  # mjMINVAL, mjMINIMP and mjMAXIMP: the bounds of MuJoCo's own divisions
_IMPEDANCE_RANGE = (1e-4, 0.9999)
_ALIGNED = 1e-9

# Fields of MjModel that must be zero, and the feature of a model in which a field is not zero: for
# every native body, and for chains alone.
ABSENT = {
    "neq": "equality constraints",
    "ntendon": "tendons",
    "nflex": "flexible bodies",
    "nmocap": "mocap bodies",
    "nplugin": "plugins",
    "npair": "explicit contact pairs",
    "na": "actuators with activation",
    "nplastic": "plastic joints",
    "nhistory": "delays",
    "dof_dampingpoly": "joint damping",
    "dof_frictionloss": "joint friction",
    "jnt_stiffnesspoly": "joint springs",
    "jnt_springyield": "plastic joints",
    "jnt_margin": "limits with a margin",
    "jnt_actfrclimited": "joints with a limited motor force",
    "jnt_actgravcomp": "gravity compensation",
    "body_gravcomp": "gravity compensation",
    "geom_fluid": "the ellipsoid fluid model",
    "actuator_damping": "actuator damping",
    "actuator_dampingpoly": "actuator damping",
    "actuator_armature": "actuator armature",
    "actuator_delay": "delays",
    "actuator_forcelimited": "actuators with a limited force",
    "actuator_dyntype": "actuators other than motors",
    "actuator_biastype": "actuators other than motors",
    "actuator_gaintype": "actuators other than motors",
    "actuator_trntype": "actuators that do not drive a joint",
}
_ABSENT = {
    **ABSENT,
    "qpos0": "joints with a reference other than 0",
    "dof_damping": "joint damping",
    "jnt_stiffness": "joint springs",
}


@dataclass(frozen=True, eq=False)
class Chain:
    """A planar chain: see `read_chain`.

    Attributes
    ----------
    n_links : int
    runge_kutta : bool
        True for the integrator RK4, False for semi-implicit Euler.
    timestep : float
        Length of a simulation step, in seconds.
    inverse_mass : float
        1 / (mass of the chain + armature of a slide joint), in 1/kg.
    links : mapping of str to (n_links,) float64
        Names and units are those of `Link` in conncore/_block.pxd.
    coupling : (n_links, n_links) float64
        Inertia between the angles after elimination of the translation, in kg m^2; symmetric. It
        excludes the cosines and the armature between two links.
    motors : mapping of str to (n_actions,) array
        "link" (int): the motor turns this link against the link in front. "gear": torque of a
        control of 1, in N m. "lower" and "upper": range of the control.
    """

    n_links: int
    runge_kutta: bool
    timestep: float
    inverse_mass: float
    links: Mapping[str, Array]
    coupling: Array
    motors: Mapping[str, NDArray[np.generic]]


def read_chain(model: mujoco.MjModel) -> Chain:
    """Return the planar chain that a compiled model describes.

    Raises
    ------
    UsageError
        If the model is not a planar chain; the message has the reason.
    """
    _check_features(model)
    _check_joints(model)
    n = int(model.nbody) - 1
    axis, centre, length, offset = _geometry(model)
    mass = model.body_mass[1:]
    behind = np.append(np.cumsum(mass[::-1])[::-1][1:], 0.0)
    moment = mass * centre + length * behind
    armature = model.dof_armature[N_ROOT - 1 :].copy()
    inverse_mass = 1.0 / (mass.sum() + model.dof_armature[0])
    turning, fluid = _fluid(model, axis)

    # a motor or a soft limit between links k - 1 and k acts on both: the kernel adds its armature
    coupling = np.outer(length, moment)
    coupling = np.triu(coupling, 1) + np.triu(coupling, 1).T
    coupling[np.diag_indices(n)] = mass * centre**2 + length**2 * behind + turning
    coupling -= inverse_mass * np.outer(moment, moment)
    coupling[0, 0] += armature[0]
    armature[0] = 0.0

    links = {
        "centre": centre,
        "length": length,
        "moment": moment,
        "armature": armature,
        "offset": offset,
        **fluid,
        **_limits(model, offset),
    }
    return Chain(
        n_links=n,
        runge_kutta=model.opt.integrator == mujoco.mjtIntegrator.mjINT_RK4,
        timestep=float(model.opt.timestep),
        inverse_mass=float(inverse_mass),
        links=links,
        coupling=coupling,
        motors=motors(model, _refuse),
    )


def _refuse(reason: str) -> UsageError:
    return UsageError(f"not a planar chain for engine='native': {reason}; use engine='mujoco'")


def check_absent(
    model: mujoco.MjModel, absent: Mapping[str, str], refuse: Callable[[str], UsageError]
) -> None:
    """Raise if a field of `absent` is not zero, or the integrator is neither Euler nor RK4."""
    for field, what in absent.items():
        if np.any(getattr(model, field)):
            raise refuse(f"the model has {what}")
    integrator = mujoco.mjtIntegrator(model.opt.integrator)
    if integrator not in (mujoco.mjtIntegrator.mjINT_EULER, mujoco.mjtIntegrator.mjINT_RK4):
        raise refuse(f"its integrator is {integrator.name}, not Euler or RK4")


def _check_features(model: mujoco.MjModel) -> None:
    check_absent(model, _ABSENT, _refuse)
    option = model.opt
    if np.any(option.gravity[:2]):
        raise _refuse("gravity acts in its plane")
    if np.any(option.wind[:2]):
        raise _refuse("it is in a wind")
    harmless = mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_WARMSTART
    if option.disableflags & ~int(harmless) or option.enableflags or option.disableactuator:
        raise _refuse("it disables or enables parts of MuJoCo")
    contacts = not option.disableflags & mujoco.mjtDisableBit.mjDSBL_CONTACT
    a = model.geom_contype[:, None] & model.geom_conaffinity
    meets = (a | a.T) * (model.geom_bodyid[:, None] != model.geom_bodyid)
    if contacts and meets.any():
        raise _refuse("its geoms can collide")


def _check_joints(model: mujoco.MjModel) -> None:
    slide, hinge = int(mujoco.mjtJoint.mjJNT_SLIDE), int(mujoco.mjtJoint.mjJNT_HINGE)
    n = int(model.nbody) - 1
    if n < 2 or np.any(model.body_parentid[1:] != np.arange(n)):
        raise _refuse("its bodies do not follow one another in one chain of at least two")
    if np.any(model.body_jntnum[1:] != [N_ROOT] + [1] * (n - 1)) or np.any(
        model.jnt_type != [slide, slide] + [hinge] * n
    ):
        raise _refuse("its joints are not two slides and a hinge, then a hinge a link")
    axes = np.eye(3)[[0, 1] + [2] * n]
    if np.any(model.jnt_axis != axes) or np.any(model.body_quat[1] != [1, 0, 0, 0]):
        raise _refuse("it does not move in the world's x and y")
    if np.any(model.jnt_limited[:N_ROOT]):
        raise _refuse("the joints of its root are limited")
    if model.dof_armature[0] != model.dof_armature[1]:
        raise _refuse("the armature of its slides differs")
    if np.any(model.body_mass[1:] <= 0.0):
        raise _refuse("a link has no mass")


def turn(quaternions: Array) -> Array:
    """Return the (n, 3, 3) rotation matrices of (n, 4) quaternions."""
    matrices = np.zeros((len(quaternions), 9))
    for matrix, quaternion in zip(matrices, quaternions, strict=True):
        mujoco.mju_quat2Mat(matrix, quaternion)
    return matrices.reshape(-1, 3, 3)


def _geometry(model: mujoco.MjModel) -> tuple[Array, Array, Array, Array]:
    """Return (n_links,) axes, centres, lengths and offsets.

    The axis of a link is an angle in its own frame (rad). Centre and length are measured along the
    axis (m). The offset is the angle to the link in front when the joint is at 0 (rad).
    """
    anchor = model.jnt_pos[N_ROOT - 1 :, :2]
    turned = turn(model.body_quat[1:])
    if np.any(np.abs(turned[:, 2] - [0, 0, 1]) > _ALIGNED):
        raise _refuse("a link is turned out of the plane")
    in_front = model.body_pos[2:, :2] + np.einsum("kij,kj->ki", turned[1:, :2, :2], anchor[1:])
    ahead = np.vstack([in_front - anchor[:-1], [[0.0, 0.0]]])
    centres = model.body_ipos[1:, :2] - anchor
    # the axis goes through the anchor and the centre of mass, or the next anchor
    along = np.where(np.linalg.norm(centres, axis=1, keepdims=True) > _ALIGNED, centres, ahead)
    norm = np.linalg.norm(along, axis=1, keepdims=True)
    along = np.where(norm > _ALIGNED, along / np.maximum(norm, _ALIGNED), [1.0, 0.0])
    along = np.where(along[:, :1] < -_ALIGNED, -along, along)  # Gymnasium's links point backwards
    across = along[:, ::-1] * [-1.0, 1.0]
    size = np.abs(ahead).max() + np.abs(centres).max()
    for vectors in (centres, ahead):
        if np.any(np.abs(np.sum(vectors * across, axis=1)) > _ALIGNED * size):
            raise _refuse("a link's joints and its centre of mass are not on one line")
    axis = np.arctan2(along[:, 1], along[:, 0])
    bent = np.arctan2(turned[:, 1, 0], turned[:, 0, 0])
    offset = np.diff(axis, prepend=0.0) + bent
    return axis, np.sum(centres * along, axis=1), np.sum(ahead * along, axis=1), offset


@dataclass(frozen=True, eq=False)
class CenterOfMass:
    """The x of a planar chain's centre of mass, as a function of (n, nq) positions.

    Attributes
    ----------
    start : float
        World x of the root's hinge where its slides are at 0, in m.
    offset : (n_links,) float64
        Those of `Chain.links`.
    share : (n_links,) float64
        Length that each link's direction adds to the centre of mass, in m.
    """

    start: float
    offset: Array
    share: Array

    def __call__(self, qpos: Array) -> Array:
        """Return the (n,) x in m."""
        angles = np.cumsum(qpos[:, N_ROOT - 1 :] + self.offset, axis=1)
        x: Array = self.start + qpos[:, 0] + np.cos(angles) @ self.share
        return x


def center_of_mass(model: mujoco.MjModel) -> CenterOfMass:
    """Return the centre of mass of a planar chain.

    Raises
    ------
    UsageError
        As `read_chain` does.
    """
    links = read_chain(model).links
    return CenterOfMass(
        start=float(model.body_pos[1, 0] + model.jnt_pos[N_ROOT - 1, 0]),
        offset=links["offset"],
        share=links["moment"] / model.body_mass[1:].sum(),
    )


def _fluid(model: mujoco.MjModel, axis: Array) -> tuple[Array, dict[str, Array]]:
    """Return the inertia of each link about z, and the factors of MuJoCo's inertia-box fluid."""
    # principal axes of inertia as columns, turned into the link's (along, across, z)
    c, s, zero = np.cos(axis), np.sin(axis), np.zeros_like(axis)
    frames = np.array([[c, s, zero], [-s, c, zero], [zero, zero, zero + 1.0]]).transpose(2, 0, 1)
    aligned = np.abs(frames @ turn(model.body_iquat[1:]))
    order = aligned.argmax(axis=2)
    if np.any(aligned.max(axis=2) < 1.0 - _ALIGNED):
        raise _refuse("a link's axes of inertia are not along and across it")
    inertia = np.take_along_axis(model.body_inertia[1:], order, axis=1)
    mass = model.body_mass[1:, None]
    edges = inertia.sum(axis=1, keepdims=True) - 2.0 * inertia
    along, across, height = np.sqrt(6.0 * np.maximum(edges, _MIN_VALUE) / mass).T
    density, viscosity = model.opt.density, model.opt.viscosity
    size = (along + across + height) / 3.0
    return inertia[:, 2], {
        "drag_along": -0.5 * density * across * height,
        "drag_across": -0.5 * density * along * height,
        "drag_turning": -density * height * (along**4 + across**4) / 64.0,
        "viscous_along": -3.0 * np.pi * size * viscosity,
        "viscous_across": -3.0 * np.pi * size * viscosity,
        "viscous_turning": -np.pi * size**3 * viscosity,
    }


def check_soft(
    solref: Array, solimp: Array, what: str, refuse: Callable[[str], UsageError]
) -> None:
    """Raise for (n, 2) solref and (n, 5) solimp of a kind that `soft_constraint` does not know."""
    if np.any(solref <= 0.0):
        raise refuse(f"a {what}'s solref is not a positive time constant and damping ratio")
    if np.any(solimp[:, 4] != 2.0):
        raise refuse(f"a {what}'s solimp has a power other than 2")


def soft_constraint(solref: Array, solimp: Array, timestep: float) -> dict[str, Array]:
    """Return MuJoCo's impedance, stiffness and damping of (n, 2) solref and (n, 5) solimp."""
    time_constant = np.maximum(solref[:, 0], 2.0 * timestep)
    damping_ratio = solref[:, 1]
    low, high = np.clip(solimp[:, :2].T, *_IMPEDANCE_RANGE)
    return {
        "impedance_min": low,
        "impedance_max": high,
        "inverse_width": 1.0 / np.maximum(solimp[:, 2], _MIN_VALUE),
        "midpoint": np.clip(solimp[:, 3], *_IMPEDANCE_RANGE),
        "stiffness": 1.0 / (high * time_constant * damping_ratio) ** 2,
        "damping": 2.0 / (high * time_constant),
    }


def _limits(model: mujoco.MjModel, offset: Array) -> dict[str, Array]:
    """Return the joint limits as MuJoCo's soft constraints; link 0 has no joint and no limit."""
    limited = model.jnt_limited[N_ROOT - 1 :].astype(bool)
    solref, solimp = model.jnt_solref[N_ROOT - 1 :], model.jnt_solimp[N_ROOT - 1 :]
    check_soft(solref[limited], solimp[limited], "limit", _refuse)
    lower, upper = np.where(limited, model.jnt_range[N_ROOT - 1 :].T, [[-np.inf], [np.inf]])
    if np.any(lower >= upper):
        raise _refuse("a joint's lower limit is not below its upper one")
    return {
        "lower": lower,
        "upper": upper,
        "middle": np.where(limited, (model.jnt_range[N_ROOT - 1 :].sum(axis=1)) / 2.0, 0.0)
        + offset,
        # a little too narrow: beyond this range the kernel computes the limits exactly
        "half_range": np.where(limited, (upper - lower) / 2.0 * (1.0 - 1e-9), np.inf),
        "inverse_weight": model.dof_invweight0[N_ROOT - 1 :].copy(),
        **soft_constraint(solref, solimp, model.opt.timestep),
    }


def motors(
    model: mujoco.MjModel, refuse: Callable[[str], UsageError]
) -> dict[str, NDArray[np.generic]]:
    """Return the motors of a model whose joints follow the root's, one a link; see `Chain`."""
    joint = model.actuator_trnid[:, 0]
    if np.any(joint < N_ROOT):
        raise refuse("an actuator drives a joint of its root")
    limited = model.actuator_ctrllimited.astype(bool)
    lower, upper = np.where(limited, model.actuator_ctrlrange.T, [[-np.inf], [np.inf]])
    return {
        "link": (joint - N_ROOT + 1).astype(np.intc),
        "gear": model.actuator_gear[:, 0] * model.actuator_gainprm[:, 0],
        "lower": lower,
        "upper": upper,
    }
