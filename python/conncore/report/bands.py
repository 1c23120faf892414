"""Learning curves of several arms: the mean over seeds, with a band of one standard deviation."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conncore.storage import disk_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# The colours of Okabe & Ito. Black is first, for the arm that is compared with all others.
COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
_STYLES = ("-", "--")
_LETTERS_PER_INCH = 12

Panel = Mapping[str, Sequence[Sequence[float | None]]]


def draw_bands(
    panels: Mapping[str, Panel],
    path: Path,
    *,
    title: str,
    y_label: str,
    references: Mapping[str, Sequence[tuple[float, str]]] | None = None,
) -> Path:
    """Draw panels side by side and write them as a PNG file.

    Parameters
    ----------
    panels : mapping of str to mapping
        Title of each panel, and its arms. An arm has one curve per seed: fitness by generation.
        None leaves a gap.
    path : Path
        The file to write.
    title, y_label : str
        Title of the figure, and label of the vertical axis.
    references : mapping of str to sequence of (float, str), optional
        Title of each panel, and its horizontal lines, each with a label.

    Raises
    ------
    ConncoreError
        The file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    n_panels = len(panels)
    width = 1.5 + 5.0 * n_panels
    figure = Figure(figsize=(width, 4.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    all_axes = figure.subplots(1, n_panels, squeeze=False)[0]
    arms = list(dict.fromkeys(arm for panel in panels.values() for arm in panel))
    handles = {}
    for axes, (name, panel) in zip(all_axes, panels.items(), strict=True):
        for arm, curves in panel.items():
            style = arms.index(arm)
            handles[arm] = _band(
                axes, curves, COLOURS[style % len(COLOURS)], _STYLES[style // len(COLOURS)]
            )
        for height, label in (references or {}).get(name, ()):
            axes.axhline(height, color="#999999", linestyle=":", linewidth=1.2)
            axes.annotate(
                label,
                (0.99, height),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
                fontsize=8,
                color="#555555",
            )
        axes.set_title(name, fontsize=10, loc="left")
        axes.set_xlabel("generation")
        axes.locator_params(axis="x", integer=True)
        axes.margins(x=0.01)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    all_axes[0].set_ylabel(y_label)
    lines = textwrap.fill(title, int(_LETTERS_PER_INCH * width))
    figure.suptitle(lines, fontsize=11, x=0.01, ha="left")
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower center",
        ncols=min(len(handles), 4 * n_panels),
        frameon=False,
        fontsize=9,
    )
    with disk_errors(path, "make room and try again"):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png")
    return path


def _band(axes: Axes, curves: Sequence[Sequence[float | None]], colour: str, style: str) -> Line2D:
    """Draw the mean over seeds, and a band of one standard deviation around it."""
    values: NDArray[np.float64] = np.array(curves, dtype=np.float64)
    generation = np.arange(1, values.shape[1] + 1)
    mean = values.mean(axis=0)
    if len(values) > 1:
        sd = values.std(axis=0, ddof=1)
        axes.fill_between(generation, mean - sd, mean + sd, color=colour, alpha=0.12, linewidth=0)
    (line,) = axes.plot(generation, mean, color=colour, linestyle=style, linewidth=1.6)
    return line
