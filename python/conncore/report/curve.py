"""The learning curve of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conncore.storage import disk_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe & Ito's colours, which people with colour-blindness can tell apart.
_BEST, _MEAN, _HELD_OUT, _REFERENCE = "#0072B2", "#E69F00", "#009E73", "#666666"


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
    history : ndarray, shape (n_generations,), dtype `conncore.evolution.records.METRICS`
        The run's history. Values that are not finite leave a gap.
    path : path
        The file to write.
    title : str
        Title of the figure.
    held_out : ndarray, shape (n_starts,), optional
        Held-out scores of the solution. A dashed line shows their mean.
    reference : (float, str), optional
        A score to compare with, and its label. A dotted line shows the score.

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
    generation = history["generation"] + 1
    best, mean, std = (
        np.where(np.isfinite(history[name]), history[name], np.nan)
        for name in ("best", "mean", "std")
    )
    marker = "o" if len(history) == 1 else None  # a line needs two points
    axes.fill_between(generation, mean - std, mean + std, color=_MEAN, alpha=0.15, linewidth=0)
    labels = ("best member", "mean of all members \N{PLUS-MINUS SIGN} sd")
    for values, color, label in zip((best, mean), (_BEST, _MEAN), labels, strict=True):
        axes.plot(generation, values, color=color, linewidth=1.6, marker=marker, label=label)
    if held_out is not None and np.isfinite(held_out).all():
        label = f"held-out mean {held_out.mean():.4g}"
        _line(axes, float(held_out.mean()), label, _HELD_OUT, "--")
    if reference is not None:
        _line(axes, *reference, _REFERENCE, ":")
    axes.set_xlabel("generation")
    axes.set_ylabel("fitness (score of an episode)")
    axes.set_title(title, fontsize=10, loc="left")
    axes.locator_params(axis="x", integer=True)
    axes.margins(x=0.01)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    path = Path(path)
    with disk_errors(path, "make room and try again"):
        figure.savefig(path, format="png")
    return path


def _line(axes: Axes, height: float, label: str, color: str, style: str) -> None:
    axes.axhline(height, color=color, linestyle=style, linewidth=1.4, label=label)
