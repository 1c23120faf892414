"""The specification curve of a multiverse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conncore.errors import need_count
from conncore.plot.axes import axes_of
from conncore.report.specification import plot_specifications, size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from conncore.robustness.multiverse import Multiverse


def specification_curve(found: Multiverse, claim: int = 0, ax: Axes | None = None) -> Axes:
    """Draw the result of every cell of a multiverse in ascending order, above its choices.

    After Simonsohn, Simmons & Nelson 2020, doi 10.1038/s41562-020-0912-z.

    Parameters
    ----------
    found : Multiverse
        From `conncore.multiverse`.
    claim : int
        Index of the claim in `found.claims`.
    ax : matplotlib.axes.Axes, optional
        Default: the Axes of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Empty, with two Axes in it (`child_axes`). The upper one has a cell's mean number and its
        95% interval (Student's t over seeds), in the unit of the claim, with the limits of the
        claim as dashed lines; colours and marks are verdicts. The lower one has a row per value of
        each choice, with a mark for each cell that has this value.

    Raises
    ------
    UsageError
        There is no such claim.

    Examples
    --------
    >>> from conncore.experiments.arms import circuit_arm
    >>> from conncore.experiments.claims import reaches
    >>> from conncore.experiments.study import Stage
    >>> worm, short = cc.load("celegans-haspel2011"), cc.ES(population_size=8, n_scout=8)
    >>> def build(observe):
    ...     task = cc.make_task("swimmer6", observe=observe)
    ...     stages = (Stage("evolve", short, 1),)
    ...     return task, [circuit_arm("circuit", worm, task, stages, neuron="relu")]
    >>> senses = ["angles", "angles+velocities"]
    >>> found = cc.multiverse(
    ...     build, {"observe": senses}, [reaches("circuit", 400)], seeds=1, out="runs/curve"
    ... )
    >>> ax = cc.plot.specification_curve(found)
    """
    from conncore.robustness.report import specifications  # it imports all experiments

    need_count("claim", claim, 0, len(found.claims) - 1)
    shown, chosen = specifications(found, claim), found.claims[claim]
    limits = [limit for limit in (chosen.least, chosen.most) if math.isfinite(limit)]
    ax = axes_of(ax, *size(shown))
    plot_specifications(ax, shown, chosen.rule, limits)
    return ax
