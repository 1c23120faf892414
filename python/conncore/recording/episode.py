"""The record of one episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from conncore.connectome import Connectome

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Body:
    """The moving body of an episode, at the start of each control step.

    Attributes
    ----------
    angles : (n_steps, n_joints) float64
        Angle of each joint that has a motor, in rad. Swimmers: the foremost joint first.
    joint_names : tuple of str, (n_joints,)
    links : (n_steps, n_links, 2, 3) float64
        Both ends of the axis of each link, in m.
    radius : (n_links,) float64
        Half the thickness of each link, in m.
    limits : (n_joints, 2) float64, or None
        Least and largest angle of each joint, in rad; infinite without a limit.
    """

    angles: FloatArray
    joint_names: tuple[str, ...]
    links: FloatArray
    radius: FloatArray
    limits: FloatArray | None = None

    def __repr__(self) -> str:
        return f"<Body: {len(self.radius)} links, {len(self.joint_names)} joints>"

    @property
    def plane(self) -> tuple[int, int]:
        """The two axes to draw: x and y seen from above if nothing moves up, else x and z."""
        rises = np.ptp(self.links[..., 2], axis=0).max(initial=0.0) > 1e-9
        return (0, 2) if rises else (0, 1)

    @property
    def track(self) -> FloatArray:
        """Mean position of the links at each step, (n_steps, 3), in m."""
        centre: FloatArray = self.links.mean(axis=(1, 2))
        return centre


@dataclass(frozen=True, eq=False)
class Pictures:
    """What the task shows of an episode, such as the images of mnist.

    Attributes
    ----------
    frames : (n_frames, height, width) or (n_frames, height, width, 3) uint8
        Grey, or red, green and blue.
    every : int
        Control steps per frame: frame k is that of steps ``k * every`` to ``(k + 1) * every - 1``.
    captions : tuple of str, (n_frames,)
        Empty if there are none.
    """

    frames: NDArray[np.uint8]
    every: int
    captions: tuple[str, ...] = ()

    def __repr__(self) -> str:
        n, height, width = self.frames.shape[:3]
        return f"<Pictures: {n} frames of {width} x {height} pixels>"


@dataclass(frozen=True, eq=False)
class Episode:
    """One episode of one network, as `record` returns it.

    Row k of each array is control step k. The body and the observation are those at the start of
    the step. The action and the reward are those of the step.

    Attributes
    ----------
    title : str
        Connectome, neuron model and task.
    connectome : Connectome
        The cells of `activity`.
    seed : int
    split : {"train", "validation", "held-out"}
        The start of the episode, as in `Task.evaluate`.
    fitness : float
        What `Task.evaluate` returns for this genome and start.
    dt : float or None
        Length of a control step in s; None if the task has no clock.
    observations : (n_steps, n_obs) float64
    actions : (n_steps, n_actions) float64
        Outputs of the network, in [-1, 1].
    reward : (n_steps,) float64, or None
        None if the task does not give rewards step by step.
    activity : (n_steps * steps_per_action, n_cells) bool or float64
        Spikes of spiking neurons (bool), activity of relu neurons (float64), at each step of the
        neuron equations; as from `Network.simulate`.
    steps_per_action : int
        Steps of the neuron equations in a control step.
    body : Body or None
        None if the task has no MuJoCo body.
    pictures : Pictures or None
        The images of mnist, or what a Gymnasium environment draws if `record` was asked for it.

    Examples
    --------
    >>> task = cc.make_task("swimmer6")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task)
    >>> episode = cc.record(net, net.random_genomes(1, seed=0)[0], seed=0)
    >>> episode.observations.shape, episode.actions.shape, episode.activity.shape
    ((1000, 10), (1000, 5), (1000, 102))
    """

    title: str
    connectome: Connectome
    seed: int
    split: str
    fitness: float
    dt: float | None
    observations: FloatArray
    actions: FloatArray
    reward: FloatArray | None
    activity: NDArray[np.bool_] | FloatArray
    steps_per_action: int
    body: Body | None
    pictures: Pictures | None = None

    @property
    def n_steps(self) -> int:
        """Number of control steps."""
        return len(self.observations)

    @property
    def time(self) -> FloatArray:
        """Start of each control step, (n_steps,), in s; the number of the step without a clock."""
        return np.arange(self.n_steps, dtype=np.float64) * (self.dt or 1.0)

    @property
    def time_label(self) -> str:
        """The label of a time axis, with its unit."""
        return "step" if self.dt is None else "time (s)"

    @property
    def duration(self) -> float:
        """Length of the episode, in the unit of `time`."""
        return self.n_steps * (self.dt or 1.0)

    @property
    def spikes(self) -> NDArray[np.bool_] | None:
        """`activity` of spiking neurons; None for neurons without spikes."""
        spiking = self.activity.dtype == np.bool_
        return cast("NDArray[np.bool_]", self.activity) if spiking else None

    @property
    def rates(self) -> FloatArray:
        """Mean activity of each cell in each control step, (n_steps, n_cells)."""
        shape = (self.n_steps, self.steps_per_action, -1)
        means: FloatArray = self.activity.reshape(shape).mean(axis=1)
        return means

    def __repr__(self) -> str:
        body = "" if self.body is None else f", {len(self.body.radius)} links"
        return (
            f"<Episode of {self.title}: {self.n_steps} steps from {self.split} start {self.seed}, "
            f"fitness {self.fitness:.4g}, {self.activity.shape[1]} cells{body}>"
        )
