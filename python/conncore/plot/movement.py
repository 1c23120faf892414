"""How the body of an episode moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError
from conncore.plot.axes import axes_of, colour_bar, diverging
from conncore.plot.outline import capsules
from conncore.report.labels import bare
from conncore.report.palette import ABOVE, BELOW, GREY, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from conncore.recording.episode import Body, Episode

_MOST_BODIES = 8


def kymograph(episode: Episode, ax: Axes | None = None) -> Axes:
    """Draw the angle of each joint over time: a row per joint, the foremost at the top.

    A wave that travels along the body is a pattern of slanted stripes.

    Parameters
    ----------
    episode : Episode
        From `conncore.record`; its task has a body with motors in its joints.
    ax : matplotlib.axes.Axes, optional
        Default: the Axes of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        x is time in s; colours are joint angles in degrees: purple below 0, white at 0,
        green above 0.

    Raises
    ------
    UsageError
        The task has no such body.

    Examples
    --------
    >>> net = cc.Network(cc.load("celegans-haspel2011"), cc.make_task("swimmer6"))
    >>> episode = cc.record(net, net.random_genomes(1, seed=0)[0], seed=0)
    >>> ax = cc.plot.kymograph(episode)
    """
    body = _body(episode)
    if not body.joint_names:
        raise UsageError(f"{episode.title}: the body has no joint with a motor")
    ax = axes_of(ax, 9.0, 2.4)
    angles = np.rad2deg(body.angles.T)
    largest = max(float(np.abs(angles).max()), 1e-9)
    image = ax.imshow(
        angles, aspect="auto", cmap=diverging(BELOW, ABOVE), vmin=-largest, vmax=largest,
        interpolation="nearest",
        extent=(0.0, episode.duration, len(angles) - 0.5, -0.5),
    )  # fmt: skip
    colour_bar(ax, image, "joint angle (\N{DEGREE SIGN})")
    ax.set_yticks(range(len(angles)), body.joint_names, fontsize=8)
    ax.tick_params(axis="y", length=0, labelcolor=GREY)
    ax.set_xlabel(episode.time_label)
    bare(ax)
    ax.spines["left"].set_visible(False)
    return ax


def gait(episode: Episode, ax: Axes | None = None) -> Axes:
    """Draw the body at several moments, evenly spaced in time, and the path of its first link.

    Parameters
    ----------
    episode : Episode
        From `conncore.record`; its task has a MuJoCo body.
    ax : matplotlib.axes.Axes, optional
        Default: the Axes of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Positions in m, with a scale bar. Swimmers are seen from above, others from the side. The
        later the moment, the darker the body; the number beside a body is its time in s.

    Raises
    ------
    UsageError
        The task has no MuJoCo body.

    Examples
    --------
    >>> net = cc.Network(cc.load("celegans-haspel2011"), cc.make_task("swimmer6"))
    >>> episode = cc.record(net, net.random_genomes(1, seed=0)[0], seed=0)
    >>> ax = cc.plot.gait(episode)
    """
    from matplotlib.collections import PolyCollection

    body = _body(episode)
    ax = axes_of(ax, 9.0, 3.6)
    plane = list(body.plane)
    links = body.links[..., plane]
    size = _length(links[0])
    travelled = float(np.linalg.norm(np.ptp(body.track[:, plane], axis=0)))
    n_bodies = int(np.clip(travelled / size + 1, 1, _MOST_BODIES))
    moments = np.linspace(0, episode.n_steps - 1, max(n_bodies, 2)).round().astype(int)
    path = links[:, 0].mean(axis=1)
    ax.plot(*path.T, color=GREY, linewidth=0.8, zorder=1)
    time, unit_of_time = episode.time, "" if episode.dt is None else "s"
    for shade, moment in zip(np.linspace(0.72, 0.0, len(moments)), moments, strict=True):
        shapes = capsules(links[moment], body.radius)
        ax.add_collection(
            PolyCollection(
                list(shapes), facecolor=(shade,) * 3, edgecolor="white", linewidth=0.4, zorder=2
            )
        )
        top = shapes[..., 1].max()
        ax.annotate(
            f"{time[moment]:.3g} {unit_of_time}", (shapes[..., 0].mean(), top), (0, 3),
            textcoords="offset points", ha="center", fontsize=8, color=GREY,
        )  # fmt: skip
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.margins(0.05)
    unit = 10.0 ** np.floor(np.log10(size))
    low, high = ax.get_ylim()
    left, _ = ax.get_xlim()
    height = low - 0.06 * (high - low)
    ax.plot([left, left + unit], [height, height], color=INK, linewidth=2, solid_capstyle="butt")
    ax.annotate(
        f"{unit:g} m", (left, height), (0, -3), textcoords="offset points", va="top", fontsize=8
    )
    ax.set_axis_off()
    return ax


def _length(links: NDArray[np.float64]) -> float:
    """Longest distance between two ends of links, in m."""
    ends = links.reshape(-1, 2)
    apart = np.linalg.norm(ends[:, None] - ends[None], axis=-1)
    return max(float(apart.max()), 1e-6)


def _body(episode: Episode) -> Body:
    if episode.body is None:
        raise UsageError(f"{episode.title}: the task has no MuJoCo body to draw")
    return episode.body
