"""Learning curves of several arms: the mean over seeds, and the interval of its last value."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conncore.report.labels import generation_axis, label_ends
from conncore.report.palette import GREY, MOST_ARMS, arm_colours
from conncore.storage import disk_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LETTERS_PER_INCH = 12


@dataclass(frozen=True, eq=False)
class Band:
    """The curve of an arm.

    Attributes
    ----------
    mean : (n_generations,) float64
        Mean over seeds by generation. NaN leaves a gap.
    low, high : float
        The interval of the mean at the last generation; NaN if there is none.
    """

    mean: NDArray[np.float64]
    low: float
    high: float


def draw_bands(
    panels: Mapping[str, Mapping[str, Band]],
    path: Path,
    *,
    title: str,
    y_label: str,
    references: Mapping[str, Sequence[tuple[float, str]]] | None = None,
) -> Path:
    """Draw panels side by side, with one y axis, and write them as a PNG file.

    Parameters
    ----------
    panels : mapping of str to mapping of str to Band
        Title of each panel, and its arms.
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
    width = 1.5 + 5.5 * n_panels
    figure = Figure(figsize=(width, 4.8), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    colours = arm_colours(arm for panel in panels.values() for arm in panel)
    few = len(colours) <= MOST_ARMS
    all_axes = figure.subplots(1, n_panels, squeeze=False, sharey=few)[0]
    for axes, (name, panel) in zip(all_axes, panels.items(), strict=True):
        axes.set_title(name, fontsize=10, loc="left")
        if not few:
            plot_rows(axes, panel, y_label)
            continue
        plot_bands(axes, panel, colours)
        for height, _ in (references or {}).get(name, ()):
            axes.axhline(height, color=GREY, linestyle=":", linewidth=1.2)
        axes.set_ylabel(y_label if axes is all_axes[0] else "")
    if few:  # now that all panels have their curves
        for axes, (name, panel) in zip(all_axes, panels.items(), strict=True):
            lines = [(height, label, GREY) for height, label in (references or {}).get(name, ())]
            label_ends(axes, [*_ends(panel, colours), *lines])
    lines_of_title = textwrap.fill(title, int(_LETTERS_PER_INCH * width))
    figure.suptitle(lines_of_title, fontsize=11, x=0.01, ha="left")
    with disk_errors(path, "make room and try again"):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png")
    return path


def plot_bands(axes: Axes, panel: Mapping[str, Band], colours: Mapping[str, str]) -> None:
    """Draw a line for each arm, and its interval as a bar beside the last generation."""
    longest = max(len(band.mean) for band in panel.values())
    for place, (arm, band) in enumerate(panel.items()):
        generation = np.arange(1, len(band.mean) + 1)
        marker = "o" if len(generation) == 1 else None  # a line needs two points
        axes.plot(generation, band.mean, color=colours[arm], linewidth=1.6, marker=marker)
        if np.isfinite([band.low, band.high]).all():
            beside = longest * (1.02 + 0.012 * place)
            ends = [band.low, band.high]
            axes.plot([beside] * 2, ends, color=colours[arm], linewidth=2.4, clip_on=False)
    generation_axis(axes)


def plot_rows(axes: Axes, panel: Mapping[str, Band], label: str) -> None:
    """Draw a row of colours for each arm, the highest last value first: for many arms."""
    last = {arm: np.nan_to_num(band.mean[-1], nan=-np.inf) for arm, band in panel.items()}
    arms = sorted(panel, key=lambda arm: -last[arm])
    image = axes.imshow(
        np.array([panel[arm].mean for arm in arms]),
        aspect="auto",
        cmap="cividis",
        interpolation="nearest",
        extent=(0.5, len(panel[arms[0]].mean) + 0.5, len(arms) - 0.5, -0.5),
    )
    axes.set_yticks(range(len(arms)), arms, fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("generation")
    axes.spines[:].set_visible(False)
    figure = axes.get_figure(root=True)
    if figure is not None:
        figure.colorbar(image, ax=axes, label=label, pad=0.02)


def _ends(panel: Mapping[str, Band], colours: Mapping[str, str]) -> list[tuple[float, str, str]]:
    finite = {arm: band.mean[np.isfinite(band.mean)] for arm, band in panel.items()}
    return [(float(mean[-1]), arm, colours[arm]) for arm, mean in finite.items() if len(mean)]
