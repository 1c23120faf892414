"""Axes without frames, and labels at the ends of curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conncore.report.palette import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FONT = 9  # points


def bare(axes: Axes) -> None:
    """Remove the upper and the right border."""
    axes.spines[["top", "right"]].set_visible(False)


def generation_axis(axes: Axes) -> None:
    """Make x the number of a generation, and y a fitness."""
    axes.set_xlabel("generation")
    axes.set_ylabel("fitness")
    axes.locator_params(axis="x", integer=True)
    axes.margins(x=0.0)
    axes.grid(axis="y", alpha=0.25, linewidth=0.6)
    bare(axes)


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write labels at the right border, each beside the end of its curve.

    Labels that would overlap move apart. Call this when the limits of the y axis are final.

    Parameters
    ----------
    axes : Axes
    ends : sequence of (float, str, str)
        Height of the end in data, text, and colour.
    """
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)  # later curves do not move what the labels point at
    figure = axes.get_figure(root=True)
    inches = axes.get_position().height * (figure.get_figheight() if figure else 4.0)
    gap = 1.25 * _FONT / 72 / max(inches, 0.1)
    ends = sorted(ends)
    wanted = [(height - low) / ((high - low) or 1.0) for height, _, _ in ends]
    for place, wish, (_, text, colour) in zip(_apart(wanted, gap), wanted, ends, strict=True):
        axes.annotate(
            text,
            (1.0, wish),
            (1.04, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=_FONT,
            color=colour,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5, "shrinkB": 1},
        )


def _apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Ascending places with at least `gap` between them, near the wanted ones."""
    blocks: list[list[float]] = []  # wishes of labels that touch
    for wish in wanted:
        blocks.append([wish])
        while len(blocks) > 1 and _first(blocks[-1], gap) < _last(blocks[-2], gap) + gap:
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    return [_first(block, gap) + gap * i for block in blocks for i in range(len(block))]


def _first(block: Sequence[float], gap: float) -> float:
    return sum(block) / len(block) - gap * (len(block) - 1) / 2


def _last(block: Sequence[float], gap: float) -> float:
    return _first(block, gap) + gap * (len(block) - 1)
