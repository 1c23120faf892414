"""The wiring of a connectome, as a map of the body or as a matrix of types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conncore.plot.axes import axes_of, colour_bar, diverging
from conncore.plot.rows import rows_of
from conncore.report.palette import EXCITATORY, GREY, INHIBITORY, INK, UNKNOWN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from conncore.connectome import Connectome

MOST_ON_MAP = 250  # cells with a place in the body
MOST_TYPES = 60
_COLOURS = {1: EXCITATORY, -1: INHIBITORY, 0: UNKNOWN}


def wiring(connectome: Connectome, ax: Axes | None = None) -> Axes:
    """Draw the chemical edges of a connectome.

    A connectome with a body map of at most 250 cells is a map of the body: the head is at the left,
    the dorsal side is above, motor neurons are inside and muscles are outside. Each edge is an arc,
    orange if it is excitatory, blue if it is inhibitory, grey if its sign is unknown; the arc is
    thicker for more synapses. Cells without a place in the body are not drawn.

    Any other connectome is a matrix. Rows are presynaptic, columns are postsynaptic. Both are cell
    types if the connectome has more than 60 cells; the 60 types with most cells are drawn. The
    axis labels say what was left out.

    Parameters
    ----------
    connectome : Connectome
    ax : matplotlib.axes.Axes, optional
        Default: the Axes of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        In a matrix, a colour is the number of excitatory minus inhibitory synapses of the pair.

    Examples
    --------
    >>> ax = cc.plot.wiring(cc.load("celegans-haspel2011"))
    >>> ax.figure.savefig("wiring.png", dpi=200)
    """
    body = connectome.body
    if body is not None and 0 < int((body.segment >= 0).sum()) <= MOST_ON_MAP:
        return _map(connectome, axes_of(ax, 9.0, 5.0))
    return _matrix(connectome, axes_of(ax, 7.5, 6.5))


def places(connectome: Connectome) -> NDArray[np.float64]:
    """Return the place of each cell on the map of the body, (n_cells, 2); NaN without a place.

    x is the segment, 0 at the head. y is above 0 on the dorsal side: 1 to 2 for motor neurons, one
    line per class, and 3 for muscles.
    """
    place = np.full((connectome.n_cells, 2), np.nan)
    body = connectome.body
    if body is None:
        return place
    groups: dict[tuple[int, str, float], list[int]] = {}
    of_side = {
        side: sorted({c for c, r, s in zip(body.cell_class, body.role, body.side, strict=True)
                      if r == "motor" and s == side})
        for side in ("dorsal", "ventral", "")
    }  # fmt: skip
    for cell in np.flatnonzero(body.segment >= 0).tolist():
        role, side = body.role[cell], body.side[cell]
        height = 0.0
        if role == "muscle":
            height = 3.0
        elif role == "motor":
            classes = of_side[side]
            height = 1.0 + classes.index(body.cell_class[cell]) / max(len(classes) - 1, 1)
        row = -height if side == "ventral" else height
        groups.setdefault((int(body.segment[cell]), role, row), []).append(cell)
    for (segment, _, row), cells in groups.items():
        for i, cell in enumerate(cells):
            place[cell] = segment + 0.8 * ((i + 0.5) / len(cells) - 0.5), row
    return place


def _map(connectome: Connectome, ax: Axes) -> Axes:
    from matplotlib.collections import PathCollection
    from matplotlib.path import Path

    place = places(connectome)
    shown = np.isfinite(place[:, 0])
    body = connectome.body
    assert body is not None
    both = shown[connectome.pre] & shown[connectome.post]
    width = 0.3 + 1.7 * np.sqrt(connectome.weight / connectome.weight.max(initial=1.0))
    for sign, colour in _COLOURS.items():
        edges = np.flatnonzero(both & (connectome.sign == sign))
        paths = [
            Path(_arc(place[pre], place[post]), [Path.MOVETO, Path.CURVE3, Path.CURVE3])
            for pre, post in zip(connectome.pre[edges], connectome.post[edges], strict=True)
        ]
        ax.add_collection(
            PathCollection(
                paths, facecolors="none", edgecolors=colour, linewidths=width[edges], alpha=0.55
            ),
            autolim=False,
        )
    for role, marker in (("motor", "o"), ("muscle", "s"), ("", "o")):
        cells = np.flatnonzero(shown & (np.array(list(body.role)) == role))
        ax.scatter(
            place[cells, 0], place[cells, 1], s=18, marker=marker, color=INK, linewidth=0, zorder=3
        )
    for side in ("dorsal", "ventral"):
        rows = {
            (place[cell, 1], "muscles" if body.role[cell] == "muscle" else body.cell_class[cell])
            for cell in np.flatnonzero(shown)
            if body.side[cell] == side
        }
        for height, name in rows:
            ax.annotate(
                name, (-0.6, height), fontsize=8, color=GREY, ha="right", va="center",
                annotation_clip=False,
            )  # fmt: skip
    n_segments = body.n_segments
    ax.set_xlim(-0.6, n_segments - 0.4)
    ax.set_ylim(-3.5, 3.5)
    ax.set_xticks(range(n_segments), [str(i + 1) for i in range(n_segments)])
    ax.tick_params(length=0, labelcolor=GREY)
    ax.set_yticks([])
    missing = int((~shown).sum())
    rest = f"; {missing:,} cells without a segment are not drawn" if missing else ""
    ax.set_xlabel(f"segment, head at the left; dorsal above, ventral below{rest}")
    ax.spines[:].set_visible(False)
    return ax


def _arc(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners of a curve that bends to the left of its direction."""
    along = end - start
    if not along.any():
        return np.array([start, [start[0] + 0.25, start[1] + 0.35], start])
    across = np.array([-along[1], along[0]])
    return np.array([start, (start + end) / 2 + 0.18 * across, end])


def _matrix(connectome: Connectome, ax: Axes) -> Axes:
    from matplotlib.colors import SymLogNorm

    rows = rows_of(connectome, MOST_TYPES)
    row_of = np.full(connectome.n_cells, -1)
    for row, cells in enumerate(rows.cells):
        row_of[cells] = row
    pre, post = row_of[connectome.pre], row_of[connectome.post]
    both = (pre >= 0) & (post >= 0)
    n_rows = len(rows.names)
    signed = connectome.weight * connectome.sign
    total = np.bincount(pre[both] * n_rows + post[both], signed[both], minlength=n_rows**2)
    total = total.reshape(n_rows, n_rows)
    largest = max(float(np.abs(total).max()), 1.0)
    image = ax.imshow(
        total, cmap=diverging(), norm=SymLogNorm(1.0, vmin=-largest, vmax=largest),
        interpolation="nearest",
    )  # fmt: skip
    unknown = f"; {connectome.n_unknown:,} edges of unknown sign count 0"
    colour_bar(
        ax, image,
        "synapses, excitatory minus inhibitory" + (unknown if connectome.n_unknown else ""),
    )  # fmt: skip
    names = [
        name if len(name) < 13 else name[:11] + "\N{HORIZONTAL ELLIPSIS}" for name in rows.names
    ]
    size = float(np.clip(360 / n_rows, 5, 8))
    ax.set_yticks(range(n_rows), names, fontsize=size)
    ax.set_xticks(range(n_rows), names, fontsize=size, rotation=90)
    ax.tick_params(length=0, labelcolor=GREY)
    ax.set_ylabel(f"presynaptic: {rows.label}")
    ax.set_xlabel("postsynaptic")
    ax.spines[:].set_visible(False)
    return ax
