"""Learning curves, and scores of comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conncore.plot.axes import axes_of
from conncore.report.curve import plot_curve
from conncore.report.labels import bare
from conncore.report.palette import GREY, arm_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from conncore.evolution.loop import Run
    from conncore.experiments.comparison import Comparison


def curve(run: Run, ax: Axes | None = None) -> Axes:
    """Draw the fitness of a run by generation, and the held-out scores of its solution.

    Parameters
    ----------
    run : Run
    ax : matplotlib.axes.Axes, optional
        Default: the Axes of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        x is the generation, y the fitness in the unit of the task. The lines are the best member
        and the mean of all members of each generation. Each green dot is one held-out start, and
        the dashed line is their mean.

    Examples
    --------
    >>> task = cc.make_task("swimmer6")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task)
    >>> run = cc.evolve(net, task, cc.ES(8, n_scout=8), 3, progress=False)
    >>> ax = cc.plot.curve(run)
    """
    ax = axes_of(ax, 7.5, 4.5)
    plot_curve(ax, run.history, held_out=run.best.scores)
    return ax


def comparison(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the held-out scores of all arms: a dot per seed, the mean and its 95% interval.

    Parameters
    ----------
    comparison : Comparison
        From `conncore.compare`.
    ax : matplotlib.axes.Axes, optional
        Default: the Axes of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        x is the mean held-out score of a run, in the unit of the task. The p at the right is that
        of the paired test against the circuit, with Holm's correction.

    Examples
    --------
    >>> worm, task = cc.load("celegans-haspel2011"), cc.make_task("swimmer6")
    >>> short = cc.ES(population_size=8, n_scout=8)
    >>> found = cc.compare(
    ...     worm, task, ["degree"], seeds=2, out="runs/drawn", optimizer=short, generations=1
    ... )
    >>> ax = cc.plot.comparison(found)
    """
    rows = comparison.rows
    ax = axes_of(ax, 7.5, 1.0 + 0.5 * len(rows))
    colours = arm_colours(row.arm for row in rows)
    for place, row in enumerate(rows):
        scores = np.array([outcome.score for outcome in comparison.outcomes[row.arm]])
        scores = scores[np.isfinite(scores)]
        colour = colours[row.arm]
        # spread by rank, so that equal scores do not hide each other
        rank = np.argsort(np.argsort(scores, kind="stable"), kind="stable")
        offset = ((rank * 7) % max(len(scores), 1) / max(len(scores), 1) - 0.5) * 0.3
        ax.plot(scores, place + offset, "o", color=colour, alpha=0.3, markeredgewidth=0)
        if np.isfinite([row.low, row.high]).all():
            ax.plot([row.low, row.high], [place, place], color=colour, linewidth=2.4)
        ax.plot(row.mean, place, "D", color=colour, markersize=6)
        words = "" if np.isnan(row.p_holm) else f"p = {row.p_holm:.2g}"
        failed = f" ({row.n_failed} failed seeds)" if row.n_failed else ""
        ax.annotate(
            words + failed, (1.01, place), xycoords=("axes fraction", "data"),
            va="center", fontsize=9, color=GREY, annotation_clip=False,
        )  # fmt: skip
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_yticks(range(len(rows)), [row.arm for row in rows])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("held-out score (dot: one seed; diamond and bar: mean and its 95% interval)")
    ax.grid(axis="x", alpha=0.25, linewidth=0.6)
    bare(ax)
    ax.spines["left"].set_visible(False)
    return ax
