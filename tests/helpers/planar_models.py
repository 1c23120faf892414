"""MuJoCo models of planar bodies on a floor: Gymnasium's and random ones, and states to test."""

from __future__ import annotations

import mujoco
import numpy as np

from conncore.tasks import make_task

NAMES = ("HalfCheetah-v5", "Walker2d-v5", "Hopper-v5")


def exact(model: mujoco.MjModel) -> mujoco.MjModel:
    """The model with a solver that goes on to the end: by default MuJoCo's stops a little early."""
    model.opt.tolerance = 0.0
    model.opt.iterations = 500
    return model


def gymnasium_model(name: str) -> mujoco.MjModel:
    """Gymnasium's model, solved to the end."""
    return exact(make_task(name).model)


def random_mjcf(seed: int, n_links: int | None = None, *, meet: bool = False) -> str:
    """A random tree of links with random joints, capsules and spheres, of the native kind.

    If `meet`, its links can meet each other, in planes that are a little apart.
    """
    rng = np.random.default_rng(seed)
    n = n_links or int(rng.integers(1, 9))
    integrator = str(rng.choice(["Euler", "RK4"]))

    def numbers(low: float, high: float, count: int) -> str:
        return " ".join(f"{value:.17g}" for value in rng.uniform(low, high, count))

    def solimp() -> str:
        low, high = np.sort(rng.uniform(0.0, 0.95, 2))
        return f"{low:.6f} {high:.6f} {rng.uniform(0.001, 0.1):.6f} {rng.uniform(0.2, 0.8):.6f} 2"

    def geom() -> str:
        x, z = rng.uniform(-0.3, 0.3, 2)
        y = rng.uniform(-0.1, 0.1) if meet else 0
        shape = f'type="sphere" pos="{x:.6f} {y} {z:.6f}"'
        if rng.random() < 0.8:
            u, w = rng.uniform(-0.4, 0.4, 2)
            shape = f'type="capsule" fromto="{x:.6f} {y} {z:.6f} {u:.6f} {y} {w:.6f}"'
        return (
            f'<geom {shape} size="{rng.uniform(0.02, 0.1):.6f}" contype="1" '
            f'conaffinity="{int(meet)}" margin="{rng.uniform(0.0, 0.02) if meet else 0}" '
            f'friction="{numbers(0.1, 1.5, 1)} .1 .1" solimp="{solimp()}" '
            f'solref="{numbers(0.005, 0.05, 1)} {numbers(0.5, 1.5, 1)}"/>'
        )

    def joint(k: int) -> str:
        low, high = np.sort(rng.uniform(-1.0, 1.0, 2))
        limited = "true" if rng.random() < 0.8 and high - low > 0.05 else "false"
        return (
            f'<joint name="j{k}" type="hinge" axis="0 {rng.choice([-1, 1])} 0" '
            f'pos="{numbers(-0.1, 0.1, 1)} 0 {numbers(-0.1, 0.1, 1)}" limited="{limited}" '
            f'range="{low:.6f} {high:.6f}" ref="{numbers(-0.3, 0.3, 1)}" '
            f'armature="{numbers(0.0, 0.2, 1)}" damping="{numbers(0.0, 5.0, 1)}" '
            f'stiffness="{numbers(0.0, 100.0, 1)}" springref="{numbers(-0.3, 0.3, 1)}" '
            f'solimplimit="{solimp()}" solreflimit="{numbers(0.005, 0.05, 1)} 1"/>'
        )

    def body(k: int) -> str:
        place = f'pos="{numbers(-0.4, 0.4, 1)} 0 {numbers(-0.4, 0.4, 1)}"'
        inside = "".join(geom() for _ in range(rng.integers(1, 3)))
        turned = f'axisangle="0 1 0 {numbers(-1, 1, 1)}"'
        inside += joint(k) if k else (
            '<joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1" ref="0.2"/>'
            f'<joint type="hinge" axis="0 1 0" pos="{numbers(-0.1, 0.1, 1)} 0 0"/>'
        )  # fmt: skip
        inside += "".join(body(child) for child in range(1, n) if parents[child] == k)
        return f"<body {place} {turned if k else ''}>{inside}</body>"

    parents = [-1] + [int(rng.integers(0, k)) for k in range(1, n)]
    motors = "".join(
        f'<motor joint="j{k}" gear="{numbers(-50, 50, 1)}" ctrlrange="-1 1" ctrllimited="true"/>'
        for k in range(1, n)
    )
    return (
        f'<mujoco><compiler angle="radian"/><option integrator="{integrator}" timestep="0.004"/>'
        '<worldbody><geom type="plane" size="9 9 9" pos="0 0 -0.1" contype="0" conaffinity="1"/>'
        f"{body(0)}</worldbody><actuator>{motors}</actuator></mujoco>"
    )


def random_model(seed: int, *, meet: bool = False) -> mujoco.MjModel:
    """The model of `random_mjcf`, solved to the end."""
    return exact(mujoco.MjModel.from_xml_string(random_mjcf(seed, meet=meet)))


def random_states(model: mujoco.MjModel, n_states: int, seed: int = 0):
    """qpos, qvel and controls, one row a state: many with contacts and beyond limits."""
    rng = np.random.default_rng(seed)
    qpos = model.qpos0 + rng.uniform(-1.2, 1.2, (n_states, model.nq))
    qpos[:, 1] = model.qpos0[1] + rng.uniform(-0.7, 0.1, n_states)
    qvel = 3.0 * rng.standard_normal((n_states, model.nv))
    return qpos, qvel, rng.uniform(-1.5, 1.5, (n_states, model.nu))


def mujoco_steps(model: mujoco.MjModel, qpos, qvel, controls):
    """Each state after one step of MuJoCo, and the mean numbers of contacts and of limits."""
    data = mujoco.MjData(model)
    after, counts = [], []
    for row in zip(qpos, qvel, controls, strict=True):
        mujoco.mj_resetData(model, data)
        data.qpos[:], data.qvel[:], data.ctrl[:] = row
        mujoco.mj_step(model, data)
        counts.append((data.ncon, data.nefc - 4 * data.ncon))
        after.append((data.qpos.copy(), data.qvel.copy()))
    found_qpos, found_qvel = (np.array(values) for values in zip(*after, strict=True))
    return found_qpos, found_qvel, np.mean(counts, axis=0)


def relative_error(ours, theirs) -> float:
    """The largest difference of a row over the largest value of that row."""
    scale = np.abs(theirs).max(axis=1, keepdims=True)
    return float((np.abs(ours - theirs) / scale).max())
