"""Reads a planar body on a floor from a MuJoCo model: the numbers that the native kernel needs.

The equations are in conncore/kernels/planar.pyx. Every number comes from the compiled model.
`read_planar` refuses a model with any feature that the kernel does not compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError
from conncore.tasks.chain import (
    ABSENT,
    N_ROOT,
    check_absent,
    check_soft,
    motors,
    soft_constraint,
    turn,
)

Array = NDArray[np.float64]

_ALIGNED = 1e-9
_MAX_LINKS = 60  # the kernel has one bit per link
_MIN_FRICTION = 1e-5  # mjMINMU
_PAIR = (
    "one", "one_x", "one_z", "one_half_x", "one_half_z", "one_inverse",
    "other", "other_x", "other_z", "other_half_x", "other_half_z", "other_inverse",
    "reach", "far",
)  # fmt: skip
_PLANE, _SPHERE, _CAPSULE = (
    int(kind)
    for kind in (mujoco.mjtGeom.mjGEOM_PLANE, mujoco.mjtGeom.mjGEOM_SPHERE,
                 mujoco.mjtGeom.mjGEOM_CAPSULE)
)  # fmt: skip

_ABSENT = {
    **ABSENT,
    "nexclude": "excluded contact pairs",
    "geom_gap": "contacts with a gap",
    "geom_adhesion": "adhesive geoms",
    "geom_surfacevel": "geoms with a moving surface",
}


@dataclass(frozen=True, eq=False)
class PlanarBody:
    """A tree of links that moves in the world's x and z: see `read_planar`.

    A link's frame has its origin at its joint, and turns with it; link 0 has the root's hinge. The
    angle of a joint is phi of its link minus phi of the link in front, in rad, where phi is the
    angle about y from the world's frame to the link's.

    Attributes
    ----------
    n_links : int
    runge_kutta : bool
        True for the integrator RK4, False for Euler with implicit damping.
    timestep : float
        Length of a simulation step, in seconds.
    gravity : float
        Acceleration along z, in m/s^2.
    height : float
        World z of link 0's joint where qpos of the root's z is 0, in m.
    parents : (n_links,) intc
        The link in front; -1 for link 0.
    signs, offsets : (n_links,) float64
        Angle of the joint = sign * qpos + offset (rad).
    links : mapping of str to (n_links,) float64
        Names and units are those of `Limb` in conncore/_bodies.pxd.
    points : mapping of str to (n_points,) float64
        Spheres fixed to links that the floor stops: the ends of capsules. Names and units are
        those of `Point` in conncore/_bodies.pxd; "link" is the number of the link.
    pairs : mapping of str to (n_pairs,) array
        Capsules of different links that could meet, which the kernel reports and does not compute.
        Names and units are those of `Pair` in conncore/_bodies.pxd.
    motors : mapping of str to (n_actions,) array
        As in `Chain`, with gears that turn towards a larger phi.
    """

    n_links: int
    runge_kutta: bool
    timestep: float
    gravity: float
    height: float
    parents: NDArray[np.intc]
    signs: Array
    offsets: Array
    links: Mapping[str, Array]
    points: Mapping[str, Array]
    pairs: Mapping[str, NDArray[np.generic]]
    motors: Mapping[str, NDArray[np.generic]]


def read_planar(model: mujoco.MjModel) -> PlanarBody:
    """Return the planar body that a compiled model describes.

    Raises
    ------
    UsageError
        If the model is something else; the message has the reason.
    """
    _check_features(model)
    _check_joints(model)
    turned = turn(model.body_quat[1:])
    if np.any(np.abs(turned[:, 1] - [0, 1, 0]) > _ALIGNED):
        raise _refuse("a link is turned out of the plane")
    bent = np.arctan2(turned[:, 0, 2], turned[:, 0, 0])
    anchor = model.jnt_pos[N_ROOT - 1 :]  # of the link's hinge, in MuJoCo's frame of the link
    front = model.body_pos[1:] + np.einsum("kij,kj->ki", turned, anchor)
    parents = model.body_parentid[1:].astype(np.intc) - 1
    signs = model.jnt_axis[N_ROOT - 1 :, 1].copy()
    offsets = bent - signs * model.qpos0[N_ROOT - 1 :]

    joint = front - np.where(parents[:, None] < 0, 0.0, anchor[parents])
    centre = model.body_ipos[1:] - anchor
    across = np.einsum("kj,kj->k", turn(model.body_iquat[1:])[:, 1] ** 2, model.body_inertia[1:])
    mass = model.body_mass[1:].copy()
    first = slice(N_ROOT - 1, None)
    links = {
        "joint_x": joint[:, 0],
        "joint_z": joint[:, 2],
        "mass": mass,
        "moment_x": mass * centre[:, 0],
        "moment_z": mass * centre[:, 2],
        "inertia": across + mass * (centre[:, 0] ** 2 + centre[:, 2] ** 2),
        "armature": model.dof_armature[first].copy(),
        "damping": model.dof_damping[first].copy(),
        "stiffness": model.jnt_stiffness[first].copy(),
        "rest": signs * model.qpos_spring[first] + offsets,
        **_limits(model, signs, offsets),
    }
    floors, meeting = _colliding(model)
    return PlanarBody(
        n_links=len(mass),
        runge_kutta=model.opt.integrator == mujoco.mjtIntegrator.mjINT_RK4,
        timestep=float(model.opt.timestep),
        gravity=float(model.opt.gravity[2]),
        height=float(front[0, 2] - model.qpos0[1]),
        parents=parents,
        signs=signs,
        offsets=offsets,
        links={name: np.ascontiguousarray(values) for name, values in links.items()},
        points=_points(model, anchor, floors),
        pairs=_pairs(model, anchor, meeting),
        motors=_motors(model, signs),
    )


def _refuse(reason: str) -> UsageError:
    return UsageError(
        f"not a planar body on a floor for engine='native': {reason}; use engine='mujoco'"
    )


def _check_features(model: mujoco.MjModel) -> None:
    check_absent(model, _ABSENT, _refuse)
    option = model.opt
    if np.any(option.gravity[:2]):
        raise _refuse("gravity does not act along z")
    if option.density or option.viscosity:
        raise _refuse("it is in a fluid")
    if option.cone != mujoco.mjtCone.mjCONE_PYRAMIDAL or option.impratio != 1.0:
        raise _refuse("its friction is not a pyramid with impratio 1")
    if option.noslip_iterations:
        raise _refuse("it has noslip iterations")
    harmless = int(mujoco.mjtDisableBit.mjDSBL_WARMSTART)
    if option.disableflags & ~harmless or option.enableflags or option.disableactuator:
        raise _refuse("it disables or enables parts of MuJoCo")


def _check_joints(model: mujoco.MjModel) -> None:
    slide, hinge = int(mujoco.mjtJoint.mjJNT_SLIDE), int(mujoco.mjtJoint.mjJNT_HINGE)
    n = int(model.nbody) - 1
    if n < 1 or model.body_parentid[1] != 0 or np.any(model.body_parentid[2:] == 0):
        raise _refuse("its links are not one tree")
    if np.any(model.body_jntnum[1:] != [N_ROOT] + [1] * (n - 1)) or np.any(
        model.jnt_type != [slide, slide] + [hinge] * n
    ):
        raise _refuse("its joints are not two slides and a hinge, then a hinge a link")
    if np.any(np.abs(model.jnt_axis) != np.eye(3)[[0, 2] + [1] * n]) or np.any(
        model.jnt_axis[: N_ROOT - 1] < 0.0
    ):
        raise _refuse("it does not move in the world's x and z")
    if np.any(model.body_quat[1] != [1, 0, 0, 0]):
        raise _refuse("its root is turned")
    root = slice(0, N_ROOT)
    for values in (model.jnt_limited, model.jnt_stiffness, model.dof_armature, model.dof_damping):
        if np.any(values[root]):
            raise _refuse("the joints of its root have a limit, a spring, damping or armature")
    if np.any(model.body_mass[1:] <= 0.0):
        raise _refuse("a link has no mass")
    if n > _MAX_LINKS:
        raise _refuse(f"it has more than {_MAX_LINKS} links")


def _limits(model: mujoco.MjModel, signs: Array, offsets: Array) -> dict[str, Array]:
    """Return the joint limits as MuJoCo's soft constraints of the angle of the joint."""
    joints = slice(N_ROOT - 1, None)
    limited = model.jnt_limited[joints].astype(bool)
    solref, solimp = model.jnt_solref[joints], model.jnt_solimp[joints]
    check_soft(solref[limited], solimp[limited], "limit", _refuse)
    lower, upper = model.jnt_range[joints].T
    if np.any(lower[limited] >= upper[limited]):
        raise _refuse("a joint's lower limit is not below its upper one")
    soft = soft_constraint(solref, solimp, model.opt.timestep)
    return {
        "middle": np.where(limited, signs * (lower + upper) / 2.0 + offsets, 0.0),
        "half_range": np.where(limited, (upper - lower) / 2.0, np.inf),
        "inverse_weight": model.dof_invweight0[joints].copy(),
        **{f"limit_{name}": values for name, values in soft.items()},
    }


def _motors(model: mujoco.MjModel, signs: Array) -> dict[str, NDArray[np.generic]]:
    found = motors(model, _refuse)
    return {**found, "gear": found["gear"] * signs[found["link"].astype(int)]}


def _capsule(model: mujoco.MjModel, anchor: Array, geom: int) -> tuple[int, Array, Array]:
    """Return the link of a capsule or sphere, its centre there, and from there to one end."""
    if model.geom_type[geom] not in (_SPHERE, _CAPSULE):
        raise _refuse("a geom that can touch another is neither a capsule nor a sphere")
    link = int(model.geom_bodyid[geom]) - 1
    axis = turn(model.geom_quat[geom : geom + 1])[0, :, 2]
    half = 0.0 if model.geom_type[geom] == _SPHERE else model.geom_size[geom, 1]
    if half and abs(axis[1]) > _ALIGNED:
        raise _refuse("a capsule that can touch another geom does not lie in the plane")
    return link, model.geom_pos[geom] - anchor[link], half * axis


def _points(
    model: mujoco.MjModel, anchor: Array, floors: list[tuple[int, int]]
) -> dict[str, Array]:
    """Return the ends of the capsules that can touch a floor, with the softness of the contact."""
    rows = []
    for floor, geom in floors:
        _check_contact(model, floor, geom)
        link, centre, half = _capsule(model, anchor, geom)
        solref = _mix(model, model.geom_solref, floor, geom)
        solimp = _mix(model, model.geom_solimp, floor, geom)
        check_soft(solref, solimp, "contact", _refuse)
        soft = soft_constraint(solref, solimp, model.opt.timestep)
        friction = max(*model.geom_friction[[floor, geom], 0], _MIN_FRICTION)
        flexibility = model.body_invweight0[link + 1, 0] * (1.0 + friction**2)
        for x, _, z in [centre + half, centre - half] if half.any() else [centre]:
            rows.append({
                "link": link, "x": x, "z": z, "radius": model.geom_size[geom, 0],
                "margin": model.geom_margin[[floor, geom]].sum(),
                "floor": model.geom_pos[floor, 2], "friction": friction,
                "inverse_weight": flexibility * 2.0 * friction**2,
                **{name: values[0] for name, values in soft.items()},
            })  # fmt: skip
    if not rows:
        raise _refuse("nothing of it can touch a floor")
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


def _pairs(
    model: mujoco.MjModel, anchor: Array, meeting: list[tuple[int, int]]
) -> dict[str, NDArray[np.generic]]:
    """Return the capsules of the links that could meet, but for those that pass beside each other.

    The distance of two capsules in the plane is less than their reach where they meet.
    """
    beside = np.zeros(model.nbody)  # the world's y of each body's frame
    for body in range(1, model.nbody):
        beside[body] = beside[model.body_parentid[body]] + model.body_pos[body, 1]
    rows = []
    for geoms in meeting:
        (one, at, half), (other, at_2, half_2) = (_capsule(model, anchor, geom) for geom in geoms)
        y, y_2 = (beside[model.geom_bodyid[geom]] + model.geom_pos[geom, 1] for geom in geoms)
        touch = model.geom_size[list(geoms), 0].sum() + model.geom_margin[list(geoms)].sum()
        if touch <= abs(y - y_2):
            continue
        reach = np.sqrt(touch**2 - (y - y_2) ** 2)
        length, length_2 = np.linalg.norm(half), np.linalg.norm(half_2)
        rows.append({
            "one": one, "one_x": at[0], "one_z": at[2],
            "one_half_x": half[0], "one_half_z": half[2],
            "one_inverse": 1.0 / length**2 if length else 0.0,
            "other": other, "other_x": at_2[0], "other_z": at_2[2],
            "other_half_x": half_2[0], "other_half_z": half_2[2],
            "other_inverse": 1.0 / length_2**2 if length_2 else 0.0,
            "reach": reach**2, "far": (length + length_2 + reach) ** 2,
        })  # fmt: skip
    return {name: np.array([row[name] for row in rows]) for name in _PAIR}


def _colliding(model: mujoco.MjModel) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the pairs of geoms that can collide: (floor, geom), and two of the links."""
    floors, meeting = [], []
    for one in range(model.ngeom):
        for two in range(one + 1, model.ngeom):
            meets = (model.geom_contype[one] & model.geom_conaffinity[two]) | (
                model.geom_contype[two] & model.geom_conaffinity[one]
            )
            bodies = [int(body) for body in model.geom_bodyid[[one, two]]]
            parents = [int(model.body_parentid[body]) for body in bodies]
            related = bodies[0] == bodies[1] or (
                0 not in bodies and (bodies[0] == parents[1] or bodies[1] == parents[0])
            )
            if not meets or related:
                continue
            if 0 not in bodies:
                meeting.append((one, two))
            else:
                floors.append((one, two) if bodies[0] == 0 else (two, one))
    return floors, meeting


def _check_contact(model: mujoco.MjModel, floor: int, geom: int) -> None:
    upright = turn(model.geom_quat[floor : floor + 1])[0, :, 2]
    if model.geom_type[floor] != _PLANE or np.any(np.abs(upright - [0, 0, 1]) > _ALIGNED):
        raise _refuse("it can collide with something other than a level floor")
    if model.geom_condim[[floor, geom]].max() != 3:
        raise _refuse("a contact has a condim other than 3")
    if np.ptp(model.geom_priority[[floor, geom]]):
        raise _refuse("geoms that touch have different priorities")


def _mix(model: mujoco.MjModel, values: Array, floor: int, geom: int) -> Array:
    """Return the (1, n) solref or solimp of a contact, mixed as MuJoCo does."""
    weight = np.maximum(model.geom_solmix[[floor, geom]], 1e-15)
    share = weight[0] / weight.sum()
    mixed: Array = share * values[floor : floor + 1] + (1.0 - share) * values[geom : geom + 1]
    return mixed
