"""The learning curve of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conncore.report.labels import generation_axis, label_ends
from conncore.report.palette import BEST, GREY, HELD_OUT, MEAN
from conncore.storage import disk_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_curve(
    history: NDArray[np.void],
    path: str | os.PathLike[str],
    *,
    title: str,
    held_out: NDArray[np.float64] | None = None,
    reference: tuple[float, str] | None = None,
) -> Path:
    """Draw the best and the mean fitness of the members by generation, and write a PNG file.

    Parameters
    ----------
    history, held_out, reference
        As in `plot_curve`.
    path : path
        The file to write.
    title : str
        Title of the figure.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ConncoreError
        The file cannot be written.
    """
    # Matplotlib takes half a second to import, so it is imported here. pyplot is not used, because
    # it keeps figures in a global list.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.5), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    plot_curve(axes, history, held_out=held_out, reference=reference)
    axes.set_title(title, fontsize=10, loc="left")
    path = Path(path)
    with disk_errors(path, "make room and try again"):
        figure.savefig(path, format="png")
    return path


def plot_curve(
    axes: Axes,
    history: NDArray[np.void],
    *,
    held_out: NDArray[np.float64] | None = None,
    reference: tuple[float, str] | None = None,
) -> None:
    """Draw the best and the mean fitness of the members by generation.

    Parameters
    ----------
    axes : Axes
    history : ndarray, shape (n_generations,), dtype `conncore.evolution.records.METRICS`
        The run's history. Values that are not finite leave a gap.
    held_out : ndarray, shape (n_starts,), optional
        Held-out scores of the solution: a dot each beside the last generation, and a line at
        their mean. They are not drawn if one is not finite.
    reference : (float, str), optional
        A score to compare with, and its label. A dotted line shows the score.
    """
    generation = history["generation"] + 1
    marker = "o" if len(history) == 1 else None  # a line needs two points
    ends = []
    for name, colour, label in (("best", BEST, "best member"), ("mean", MEAN, "mean of members")):
        values = np.where(np.isfinite(history[name]), history[name], np.nan)
        axes.plot(generation, values, color=colour, linewidth=1.6, marker=marker)
        if np.isfinite(values).any():
            ends.append((float(values[np.isfinite(values)][-1]), label, colour))
    generation_axis(axes)
    if held_out is not None and np.isfinite(held_out).all():
        mean, last = float(held_out.mean()), int(generation[-1]) if len(generation) else 1
        axes.plot(
            np.full(len(held_out), last), held_out, "o", color=HELD_OUT, alpha=0.35,
            markersize=4, markeredgewidth=0, clip_on=False,
        )  # fmt: skip
        axes.axhline(mean, color=HELD_OUT, linestyle="--", linewidth=1.2)
        ends.append((mean, f"held out {mean:.4g}", HELD_OUT))
    if reference is not None:
        axes.axhline(reference[0], color=GREY, linestyle=":", linewidth=1.4)
        ends.append((*reference, GREY))
    label_ends(axes, ends)
