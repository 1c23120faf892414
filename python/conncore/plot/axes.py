"""The Axes that a picture is drawn on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conncore.errors import UsageError
from conncore.report.palette import EXCITATORY, INHIBITORY

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def axes_of(ax: Axes | None, width: float = 8.0, height: float = 4.0) -> Axes:
    """Return `ax`, or the Axes of a new figure of this size in inches.

    Raises
    ------
    UsageError
        Matplotlib is not installed.
    """
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise UsageError(
            "matplotlib is not installed and pictures need it: pip install matplotlib"
        ) from None
    made: Axes = pyplot.subplots(figsize=(width, height), layout="constrained")[1]
    return made


def diverging(low: str = INHIBITORY, high: str = EXCITATORY) -> Any:
    """The colour map from one colour through white to another. Default: the signs of synapses."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("diverging", [low, "#FFFFFF", high])


def colour_bar(ax: Axes, image: Any, label: str) -> None:
    """Add the scale of the colours of an image beside the axes."""
    figure = ax.get_figure()
    if figure is not None:
        bar = figure.colorbar(image, ax=ax, label=label, pad=0.02, aspect=25)
        bar.outline.set_visible(False)
