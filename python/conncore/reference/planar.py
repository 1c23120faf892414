"""A planar body on a floor in plain NumPy, one member at a time: twin of kernels/planar.pyx.

It shares no formula with the kernel: it builds the mass matrix and the Jacobians of all points,
and minimises MuJoCo's cost of an acceleration by Newton's method with an exact line search.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

N_SLIDES = 2
MAX_ROUNDS = 100


class Body(Protocol):
    """See `conncore.tasks.planar.PlanarBody`."""

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
    motors: Mapping[str, NDArray[Any]]


class Rows(NamedTuple):
    """One-sided soft constraints: each costs weight/2 (jacobian a - target)^2 where negative."""

    jacobian: Array  # (n_rows, n)
    weight: Array  # (n_rows,): D of MuJoCo
    target: Array  # (n_rows,): aref of MuJoCo


def step(body: Body, qpos: Array, qvel: Array, controls: Array) -> tuple[Array, Array]:
    """Return qpos and qvel after one simulation step of one member.

    Parameters
    ----------
    body : PlanarBody
    qpos, qvel : (n_links + 2,) float64
        MuJoCo's: x, z and the angle of the root, then the joints.
    controls : (n_actions,) float64
    """
    h = body.timestep
    change = _to_absolute(body)
    q = change @ qpos
    q[N_SLIDES:] += _along_tree(body, body.offsets)
    v = change @ qvel
    torques = np.zeros(body.n_links)
    motors = body.motors
    clipped = np.clip(controls, motors["lower"], motors["upper"])
    np.add.at(torques, motors["link"], motors["gear"] * clipped)

    if body.runge_kutta:
        rates = [(v, accelerate(body, q, v, torques)[0])]
        for reach in (0.5, 0.5, 1.0):
            dq, dv = rates[-1]
            state = (q + reach * h * dq, v + reach * h * dv)
            rates.append((state[1], accelerate(body, *state, torques)[0]))
        shares = [1 / 6, 1 / 3, 1 / 3, 1 / 6]
        q_new = q + h * sum(share * dq for share, (dq, _) in zip(shares, rates, strict=True))
        v_new = v + h * sum(share * dv for share, (_, dv) in zip(shares, rates, strict=True))
    else:
        acceleration, mass = accelerate(body, q, v, torques)
        damped = mass + h * _between_links(body, body.links["damping"])
        v_new = v + h * _solve(damped, mass @ acceleration)
        q_new = q + h * v_new
    q_new[N_SLIDES:] -= _along_tree(body, body.offsets)
    return _solve(change, q_new), _solve(change, v_new)


def accelerate(body: Body, q: Array, v: Array, torques: Array) -> tuple[Array, Array]:
    """Return the acceleration of x, z and the absolute angles, and the mass matrix."""
    n, links = body.n_links, body.links
    size = n + N_SLIDES
    mass = _between_links(body, links["armature"])
    force = np.zeros(size)
    origin: list[tuple[Array, Array, Array]] = []  # of each link: place, Jacobian, its rate times v
    for k in range(n):
        if k == 0:
            place = np.array([q[0], q[1] + body.height])
            jacobian, rate = np.eye(2, size), np.zeros(2)
        else:
            front = int(body.parents[k])
            joint = _fixed(q, front, links["joint_x"][k], links["joint_z"][k])
            place, jacobian, rate = _carried(origin[front], front, joint, v)
        origin.append((place, jacobian, rate))
        centre = _fixed(q, k, links["moment_x"][k], links["moment_z"][k]) / links["mass"][k]
        _, at_centre, rate = _carried(origin[k], k, centre, v)
        about_centre = links["inertia"][k] - links["mass"][k] * centre @ centre
        mass = mass + links["mass"][k] * at_centre.T @ at_centre
        mass[N_SLIDES + k, N_SLIDES + k] += about_centre
        force += links["mass"][k] * at_centre.T @ (np.array([0.0, body.gravity]) - rate)

    between = _joints(body)
    angle, speed = between @ q, between @ v
    force += between.T @ (
        torques - links["stiffness"] * (angle - links["rest"]) - links["damping"] * speed
    )
    rows = [*_limits(body, between, angle, speed), *_contacts(body, q, v, origin)]
    if not rows:
        return _solve(mass, force), mass
    stacked = Rows(*(np.array(values) for values in zip(*rows, strict=True)))
    return _minimise(mass, force, stacked), mass


def _solve(matrix: Array, right: Array) -> Array:
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def _fixed(q: Array, k: int, x: float, z: float) -> Array:
    """Return the world vector of one that is fixed in link k."""
    c, s = np.cos(q[N_SLIDES + k]), np.sin(q[N_SLIDES + k])
    return np.array([x * c + z * s, z * c - x * s])


def _carried(
    origin: tuple[Array, Array, Array], k: int, arm: Array, v: Array
) -> tuple[Array, Array, Array]:
    """Return place, Jacobian and the Jacobian's rate times v of a point at `arm` from link k."""
    place, jacobian, rate = origin
    jacobian = jacobian.copy()
    jacobian[:, N_SLIDES + k] += [arm[1], -arm[0]]
    return place + arm, jacobian, rate - v[N_SLIDES + k] ** 2 * arm


def _joints(body: Body) -> Array:
    """Return the (n, n + 2) matrix from positions to angles of joints; row 0 is zero."""
    matrix = np.eye(body.n_links, body.n_links + N_SLIDES, N_SLIDES)
    for k in range(1, body.n_links):
        matrix[k, N_SLIDES + body.parents[k]] = -1.0
    matrix[0] = 0.0
    return matrix


def _between_links(body: Body, values: Array) -> Array:
    """Return armature or damping of the joints as a matrix of the absolute angles."""
    matrix = _joints(body)
    product: Array = matrix.T @ (values[:, None] * matrix)
    return product


def _to_absolute(body: Body) -> Array:
    """Return the matrix from qpos, without offsets, to positions with absolute angles."""
    matrix = np.eye(body.n_links + N_SLIDES)
    for k in range(body.n_links):
        row = np.zeros(body.n_links + N_SLIDES)
        row[N_SLIDES + k] = body.signs[k]
        front = matrix[N_SLIDES + body.parents[k]] if k else 0.0
        matrix[N_SLIDES + k] = row + front
    return matrix


def _along_tree(body: Body, values: Array) -> Array:
    """Return for each link the sum of `values` from the root to it."""
    sums = values.copy()
    for k in range(1, body.n_links):
        sums[k] += sums[body.parents[k]]
    return sums


def _impedance(depth: float, soft: Mapping[str, float], prefix: str = "") -> float:
    """MuJoCo's solimp with power 2."""
    low, high = soft[f"{prefix}impedance_min"], soft[f"{prefix}impedance_max"]
    middle = soft[f"{prefix}midpoint"]
    x = min(depth * soft[f"{prefix}inverse_width"], 1.0)
    y = x**2 / middle if x < middle else 1.0 - (1.0 - x) ** 2 / (1.0 - middle)
    return low + y * (high - low)


def _limits(
    body: Body, between: Array, angle: Array, speed: Array
) -> list[tuple[Array, float, float]]:
    """Return a row for each joint beyond a limit."""
    rows = []
    for k in range(1, body.n_links):
        link = {name: values[k] for name, values in body.links.items()}
        beyond = abs(angle[k] - link["middle"]) - link["half_range"]
        if beyond <= 0.0:
            continue
        side = -np.sign(angle[k] - link["middle"])
        impedance = _impedance(beyond, link, "limit_")
        weight = impedance / ((1.0 - impedance) * link["inverse_weight"])
        target = link["limit_stiffness"] * impedance * beyond
        target -= link["limit_damping"] * side * speed[k]
        rows.append((side * between[k], weight, target))
    return rows


def _contacts(
    body: Body, q: Array, v: Array, origin: list[tuple[Array, Array, Array]]
) -> list[tuple[Array, float, float]]:
    """Return four rows, the edges of the pyramid, for each point that meets the floor."""
    rows = []
    for i in range(len(body.points["link"])):
        point = {name: values[i] for name, values in body.points.items()}
        k = int(point["link"])
        arm = _fixed(q, k, point["x"], point["z"])
        distance = origin[k][0][1] + arm[1] - point["floor"] - point["radius"]
        depth = point["margin"] - distance  # in the soft shell around the floor
        if depth <= 0.0:
            continue
        arm[1] -= point["radius"] + distance / 2.0
        _, (along, up), _ = _carried(origin[k], k, arm, v)
        impedance = _impedance(depth, point)
        weight = impedance / ((1.0 - impedance) * point["inverse_weight"])
        slide = point["friction"] * along
        for edge in (up + slide, up - slide, up, up):
            target = -point["damping"] * edge @ v + point["stiffness"] * impedance * depth
            rows.append((edge, weight, target))
    return rows


def _minimise(mass: Array, force: Array, rows: Rows) -> Array:
    """Return the acceleration that minimises a' M a / 2 - f' a plus the cost of the rows."""
    acceleration = _solve(mass, force)
    for _ in range(MAX_ROUNDS):
        on = rows.jacobian @ acceleration < rows.target
        jacobian, weight = rows.jacobian[on], rows.weight[on]
        hessian = mass + jacobian.T @ (weight[:, None] * jacobian)
        found = _solve(hessian, force + jacobian.T @ (weight * rows.target[on]))
        if np.array_equal(rows.jacobian @ found < rows.target, on):
            return found
        way = found - acceleration
        acceleration = acceleration + _lowest(mass, force, rows, acceleration, way) * way
    raise ArithmeticError(f"no set of active rows is stable after {MAX_ROUNDS} rounds")


def _lowest(mass: Array, force: Array, rows: Rows, start: Array, way: Array) -> float:
    """Return the step along `way` at which the cost is lowest.

    The slope of the cost grows with the step, and is linear between steps where a row changes.
    """
    excess, growth = rows.jacobian @ start - rows.target, rows.jacobian @ way

    def slope(t: float) -> float:
        on = excess + t * growth < 0.0
        rows_slope = np.sum((rows.weight * growth * (excess + t * growth))[on])
        return float(way @ (mass @ (start + t * way) - force) + rows_slope)

    with np.errstate(divide="ignore", invalid="ignore"):
        turns = -excess / growth
    turns = np.unique(np.append(turns[np.isfinite(turns) & (turns > 0.0)], 0.0))
    last = max(int(np.searchsorted([slope(t) > 0.0 for t in turns], True)) - 1, 0)
    low, high = turns[last], turns[last + 1] if last + 1 < len(turns) else turns[last] + 1.0
    middle = 0.5 * (low + high)
    rise = (slope(high) - slope(middle)) / (high - middle)
    return float(middle - slope(middle) / rise)
