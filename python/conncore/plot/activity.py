"""The activity of all cells over an episode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conncore.plot.axes import axes_of, colour_bar
from conncore.plot.rows import MOST_ROWS, Rows, rows_of
from conncore.report.labels import bare
from conncore.report.palette import EXCITATORY, GREY, INHIBITORY, PALE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from conncore.recording.episode import Episode

SIGN_COLOURS = {1: EXCITATORY, -1: INHIBITORY, 0: "#4D4D4D"}
_MOST_MARKS = 100_000  # spikes that are drawn one by one
_MOST_LABELS = 40


def raster(episode: Episode, ax: Axes | None = None, *, most: int = MOST_ROWS) -> Axes:
    """Draw the activity of all cells over time: a raster of spikes, or a heat map.

    Rows are cells, sorted by class and by segment, with the muscles at the bottom. Each spike is a
    mark: orange for excitatory cells, blue for inhibitory cells, grey for cells without outgoing
    edges (muscles). A heat map has the activity of neurons without spikes. It also has the spikes
    per step of networks with more than 100,000 spikes.

    Parameters
    ----------
    episode : Episode
        From `conncore.record`.
    ax : matplotlib.axes.Axes, optional
        Default: the Axes of a new figure.
    most : int
        A connectome with more cells has a row per cell class (the mean of its cells); without
        classes, every k-th cell. The label of the y axis says so.

    Returns
    -------
    matplotlib.axes.Axes
        x is time in s, or the number of the control step for a task without a clock.

    Examples
    --------
    >>> net = cc.Network(cc.load("celegans-haspel2011"), cc.make_task("swimmer6"))
    >>> episode = cc.record(net, net.random_genomes(1, seed=0)[0], seed=0)
    >>> ax = cc.plot.raster(episode)
    """
    ax = axes_of(ax, 9.0, 5.0)
    rows = rows_of(episode.connectome, most)
    spikes = episode.spikes
    if spikes is not None and rows.single and spikes.sum() <= _MOST_MARKS:
        _marks(episode, rows, ax)
    else:
        shown = rows.mean(episode.activity)
        image = ax.imshow(
            shown.T, aspect="auto", cmap="Greys", vmin=0.0, interpolation="antialiased",
            extent=(0.0, episode.duration, len(rows.names) - 0.5, -0.5),
        )  # fmt: skip
        colour_bar(ax, image, "activity" if spikes is None else "spikes per step")
    ax.set_xlim(0.0, episode.duration)
    ax.set_ylim(len(rows.names) - 0.5, -0.5)
    ax.set_xlabel(episode.time_label)
    n_cells = episode.connectome.n_cells
    ax.set_ylabel(rows.label if rows.single else f"{rows.label}, means of {n_cells:,} cells")
    label_groups(ax, rows)
    return ax


def _marks(episode: Episode, rows: Rows, ax: Axes) -> None:
    from matplotlib.collections import LineCollection

    cells = np.concatenate(rows.cells)
    step, row = np.nonzero(episode.activity[:, cells])
    time = (step + 0.5) * episode.duration / len(episode.activity)
    for sign, colour in SIGN_COLOURS.items():
        some = rows.signs[row] == sign
        ends = np.stack([time[some], row[some] - 0.42, time[some], row[some] + 0.42], axis=1)
        ax.add_collection(
            LineCollection(list(ends.reshape(-1, 2, 2)), colors=colour, linewidths=0.6),
            autolim=False,
        )


def label_groups(ax: Axes, rows: Rows) -> None:
    """Write the name of each class beside its rows, and a pale line between classes.

    If there are many classes, the largest have names.
    """
    sizes = sorted((last - first for _, first, last in rows.groups), reverse=True)
    least = sizes[_MOST_LABELS] + 1 if len(sizes) > _MOST_LABELS else 0
    if sizes and least > sizes[0]:  # all have one size: every k-th has a name
        named = rows.groups[:: -(-len(sizes) // _MOST_LABELS)]
    else:
        named = tuple(group for group in rows.groups if group[2] - group[1] >= least)
    middles = [(first + last - 1) / 2 for _, first, last in named]
    ax.set_yticks(middles, [name for name, _, _ in named], fontsize=8)
    ax.tick_params(axis="y", length=0, labelcolor=GREY)
    if len(rows.groups) <= _MOST_LABELS:
        for _, first, _ in rows.groups[1:]:
            ax.axhline(first - 0.5, color=PALE, linewidth=0.6, zorder=0)
    bare(ax)
    ax.spines["left"].set_visible(False)
