"""A task for a body of one's own, from the XML file of its MuJoCo model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import mujoco
import numpy as np

from conncore.errors import UsageError, need
from conncore.tasks.base import FloatArray
from conncore.tasks.mujoco import Bodies
from conncore.tasks.native import Healthy, native_bodies, planar_bodies
from conncore.tasks.runners import Runner, noisy_rest


class Body(Runner):
    """A body of one's own, which earns its speed along x: `make_task("runner.xml")`.

    Parameters
    ----------
    model : path
        The MuJoCo model, an XML file. Its first joint is a slide along x, or a free joint.
    engine : {"native", "mujoco"}
        The physics engine. The compiled kernels know two kinds of bodies: a planar tree of links
        on a floor (capsules and spheres; two slides and a hinge at the root, then a hinge a link),
        and a planar chain in a fluid. They refuse all other models, with the reason.
    max_steps : int
        Largest number of control steps of an episode.
    frame_skip : int
        Simulation steps in one control step.
    control_cost : float
        The reward loses this times the sum of the squared actions.
    noise : float
        Positions and velocities start within plus and minus this of the model's (m, rad).
    lowest, highest : float
        For a body that moves in x and z: the episode ends when the second position, the height of
        the root in m, is not between these.
    steepest : float
        Likewise when the third position, the angle of the root in rad, is not less than this in
        either direction.
    digest : str, optional
        The SHA-256 of the file. A file with another is refused: so a run resumes with its own body.

    Raises
    ------
    UsageError
        If the file is not a model, or not one that this task or its engine can use.

    Notes
    -----
    **Observations.** All positions but those that the world does not notice (the x of the root, and
    its y if the body can move along y), then all velocities, in the units of the model.

    **Actions.** One per actuator, from -1 to 1: the ends of its control range, which must be
    symmetric. Actions are rounded to float32.

    **Reward.** ``(x_after - x_before) / dt - control_cost * sum(actions ** 2)``, in m/s; dt is the
    length of a control step. The fitness is the sum of the rewards.

    **Start.** The model's positions, at rest, plus uniform noise.

    **Episode end.** After `max_steps` control steps, or where the root is not within its limits.

    Examples
    --------
    >>> from importlib.resources import files
    >>> hopper = files("gymnasium") / "envs" / "mujoco" / "assets" / "hopper.xml"
    >>> task = cc.make_task(str(hopper), frame_skip=4, lowest=0.7)
    >>> task.n_obs, task.n_actions
    (11, 3)
    """

    name = "body"
    locations = ("model",)

    def __init__(
        self,
        model: str | Path = "",
        engine: str = "native",
        max_steps: int = 1000,
        frame_skip: int = 5,
        control_cost: float = 0.1,
        noise: float = 0.005,
        lowest: float = -np.inf,
        highest: float = np.inf,
        steepest: float = np.inf,
        digest: str | None = None,
    ) -> None:
        need(model != "", "task body needs model=: the XML file of a MuJoCo model")
        self.path = Path(model).absolute()
        compiled, self.digest = _read(self.path)
        need(
            digest in (None, self.digest),
            f"{self.path}: is not the file of this run, whose SHA-256 is {digest}; restore it",
        )
        for name, value in (("noise", noise), ("control_cost", control_cost)):
            need(0.0 <= value < np.inf, f"{name} is {value!r}; give a number that is at least 0")
        self.noise = float(noise)
        limits = {"lowest": lowest, "highest": highest, "steepest": steepest}
        self._limits = {name: float(value) for name, value in limits.items()}
        bounded = np.isfinite(list(self._limits.values())).any()
        n_unseen = _n_unseen(compiled, self.path)
        need(
            n_unseen == 1 or not bounded,
            f"{self.path}: lowest, highest and steepest are for a body that moves in x and z",
        )
        healthy = Healthy(heights=(lowest, highest), angle=steepest, reward=0.0)
        super().__init__(
            compiled,
            frame_skip,
            engine,
            max_steps,
            control_cost=float(control_cost),
            healthy=healthy if bounded else None,
            n_unseen=n_unseen,
        )
        self.bodies(1, 1)  # the kernels refuse a model that they cannot simulate

    @staticmethod
    def make_native(
        model: mujoco.MjModel, n_members: int, frame_skip: int, n_threads: int
    ) -> Bodies:
        """Return the bodies of the native engine: a chain if the model has a fluid, else a tree."""
        fluid = model.opt.density or model.opt.viscosity
        make = native_bodies if fluid else planar_bodies
        return make(model, n_members, frame_skip, n_threads)

    def initial_states(self, seeds: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return the model's state at rest, with uniform noise in qpos and qvel."""
        return noisy_rest(self.model, seeds, self.noise)

    def describe(self) -> dict[str, str | int | float | bool]:
        """Return the name and the options; see `Task.describe`."""
        limits = {name: value for name, value in self._limits.items() if np.isfinite(value)}
        return {
            "name": self.name,
            "model": str(self.path),
            "digest": self.digest,
            "engine": self.engine,
            "max_steps": self.n_steps,
            "frame_skip": self.frame_skip,
            "control_cost": self.scoring.control_cost,
            "noise": self.noise,
            **limits,
        }


def _read(path: Path) -> tuple[mujoco.MjModel, str]:
    """Return the compiled model, with control ranges of +-1, and the SHA-256 of its file."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give the XML file of a model") from error
    try:
        model = mujoco.MjModel.from_xml_path(str(path))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{path}: MuJoCo cannot read it: {reason}") from error
    need(model.nu > 0, f"{path}: the model has no actuator; a network needs one to act")
    for k in np.flatnonzero(model.actuator_ctrllimited):
        low, high = model.actuator_ctrlrange[k]
        name = model.actuator(k).name or k
        plain = model.actuator_gaintype[k] == mujoco.mjtGain.mjGAIN_FIXED
        need(
            low == -high and plain,
            f"{path}: the control of actuator {name} goes from {low:g} to {high:g}; "
            "conncore needs a fixed gain and a range that is symmetric about 0",
        )
        model.actuator_gainprm[k, 0] *= high
        model.actuator_ctrlrange[k] = [-1.0, 1.0]
    return model, digest


def _n_unseen(model: mujoco.MjModel, path: Path) -> int:
    """Return how many positions at the front the world does not notice: x, and perhaps y."""
    slide, free = mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtJoint.mjJNT_FREE
    kinds, axes = model.jnt_type, model.jnt_axis
    need(
        model.njnt > 0
        and (kinds[0] == free or (kinds[0] == slide and np.array_equal(axes[0], [1, 0, 0]))),
        f"{path}: the first joint is not a slide along x or a free joint, so there is no x to earn",
    )
    along_y = model.njnt > 1 and kinds[1] == slide and np.array_equal(axes[1], [0, 1, 0])
    return 2 if kinds[0] == free or along_y else 1
