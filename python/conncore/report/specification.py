"""The specification curve of a multiverse: results in ascending order, over their choices."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from conncore.report.labels import bare
from conncore.report.palette import GREY, INK, PALE
from conncore.storage import disk_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colour and mark of each verdict; people with colour-blindness see the mark.
VERDICTS = {
    "holds": ("#009E73", "o"),
    "refuted": ("#AD494A", "s"),
    "undecided": (GREY, "o"),
    "not tested": (PALE, "o"),
}
_INCHES_PER_ROW = 0.21
_CURVE_INCHES = 3.0


@dataclass(frozen=True, eq=False)
class Specification:
    """One cell of a multiverse.

    Attributes
    ----------
    estimate, low, high : float
        The mean number of the cell, and its 95% interval; NaN if there is none.
    verdict : str
        A key of `VERDICTS`.
    choices : mapping of str to sequence of str
        By choice, the values that the cell stands for.
    """

    estimate: float
    low: float
    high: float
    verdict: str
    choices: Mapping[str, Sequence[str]]


def n_rows(specifications: Sequence[Specification]) -> int:
    """Return the number of rows of the matrix of choices."""
    return sum(len(values) + 1 for values in _levels(specifications).values())


def draw_specifications(
    specifications: Sequence[Specification],
    path: Path,
    *,
    title: str,
    label: str,
    limits: Sequence[float] = (),
) -> Path:
    """Draw a specification curve and write it as a PNG file.

    Raises
    ------
    ConncoreError
        The file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = size(specifications)
    figure = Figure(figsize=(width, height), dpi=144, layout="constrained")
    FigureCanvasAgg(figure)
    plot_specifications(figure.add_subplot(), specifications, label, limits)
    figure.suptitle(textwrap.fill(title, int(12 * width)), fontsize=11, x=0.01, ha="left")
    with disk_errors(path, "make room and try again"):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png")
    return path


def size(specifications: Sequence[Specification]) -> tuple[float, float]:
    """Return a good width and height of the figure, in inches."""
    width = float(np.clip(3.0 + 0.06 * len(specifications), 7.0, 14.0))
    return width, _CURVE_INCHES + 0.8 + _INCHES_PER_ROW * n_rows(specifications)


def plot_specifications(
    axes: Axes,
    specifications: Sequence[Specification],
    label: str,
    limits: Sequence[float] = (),
) -> None:
    """Draw a specification curve (Simonsohn et al. 2020, doi 10.1038/s41562-020-0912-z).

    `axes` becomes empty and holds two others: the curve above, and below it a matrix with a dot for
    each choice of each cell.

    Parameters
    ----------
    axes : Axes
    specifications : sequence of Specification
        In any order; those without an estimate come last and have no mark in the curve.
    label : str
        Label of the vertical axis.
    limits : sequence of float
        Numbers with a dashed line.
    """
    order = np.argsort([spec.estimate for spec in specifications], kind="stable")
    sorted_ones = [specifications[place] for place in order]
    rows = n_rows(specifications) * _INCHES_PER_ROW
    share = _CURVE_INCHES / (_CURVE_INCHES + rows + 0.1)
    axes.set_axis_off()
    curve = axes.inset_axes((0.0, 1.0 - share, 1.0, share))
    _curve(curve, sorted_ones, label, limits)
    if rows:
        matrix = axes.inset_axes((0.0, 0.0, 1.0, rows / (_CURVE_INCHES + rows + 0.1)))
        _matrix(matrix, sorted_ones, _levels(specifications))
        matrix.set_xlim(curve.get_xlim())


def _curve(
    axes: Axes, specifications: Sequence[Specification], label: str, limits: Sequence[float]
) -> None:
    for limit in limits:
        axes.axhline(limit, color=INK, linestyle="--", linewidth=0.8, zorder=0)
    for name, (colour, mark) in VERDICTS.items():
        places = [p for p, spec in enumerate(specifications) if spec.verdict == name]
        if not places:
            continue
        some = [specifications[place] for place in places]
        axes.vlines(
            places, [s.low for s in some], [s.high for s in some], color=colour, linewidth=1.2
        )
        axes.plot(
            places, [s.estimate for s in some], mark, color=colour, markersize=4,
            markerfacecolor="white" if name == "undecided" else colour,
            label=f"{name} ({len(some)})",
        )  # fmt: skip
    axes.set_xlim(-0.8, len(specifications) - 0.2)
    axes.set_ylabel(textwrap.fill(label, 32))
    axes.set_xticks([])
    axes.grid(axis="y", alpha=0.25, linewidth=0.6)
    axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=4, borderaxespad=0.0)
    axes.margins(y=0.12)
    bare(axes)


def _matrix(
    axes: Axes, specifications: Sequence[Specification], levels: Mapping[str, Sequence[str]]
) -> None:
    """Draw a row per value, in groups by choice; the name of a choice stands above its rows."""
    row, ticks, labels = 0, [], []
    for key, values in levels.items():
        axes.annotate(
            key, (0.0, row), (-6, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center", fontsize=8, fontweight="bold",
            annotation_clip=False,
        )  # fmt: skip
        row += 1
        for value in values:
            places = [
                place
                for place, spec in enumerate(specifications)
                if value in spec.choices.get(key, ())
            ]
            axes.plot(
                places, [row] * len(places), "|", color=INK, markersize=6, markeredgewidth=1.4
            )
            axes.axhline(row, color=PALE, linewidth=0.5, zorder=0)
            ticks.append(row)
            labels.append(value)
            row += 1
    axes.set_ylim(row - 0.4, -0.6)
    axes.set_yticks(ticks, labels, fontsize=8)
    axes.set_xticks([])
    axes.tick_params(length=0, labelcolor=GREY)
    axes.set_xlabel(
        f"{len(specifications)} cells, in the order of their result; bars: 95% intervals\n"
        "verdicts: corrected for the claims of a cell",
        fontsize=8,
    )
    axes.spines[:].set_visible(False)


def _levels(specifications: Sequence[Specification]) -> dict[str, list[str]]:
    """Return all values of each choice, in the order of the specifications."""
    levels: dict[str, list[str]] = {}
    for spec in specifications:
        for key, values in spec.choices.items():
            known = levels.setdefault(key, [])
            known += [value for value in values if value not in known]
    return levels
