"""Frames of a film: the moving body over its raster, with a cursor at the time of the frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.plot.activity import raster
from conncore.plot.outline import capsules
from conncore.report.labels import bare
from conncore.report.palette import BEST, GREY, INK, MEAN, PALE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from conncore.recording.episode import Body, Episode

WIDTH, UPPER, LOWER = 960, 400, 320  # pixels; an encoder wants multiples of 16
_DPI = 100
_FINE = 2  # the body is drawn at twice the size, then made smaller: smooth edges
_TRAIL = 2.0  # seconds
_STAY = 1.0  # seconds over which the camera averages the place of the body

Picture = NDArray[np.uint8]


def frames(episode: Episode, steps: NDArray[np.int64]) -> Iterator[Picture]:
    """Yield a picture for each of these control steps, (720, 960, 3) uint8.

    The upper part is the body, or the observations and actions of a task without a MuJoCo body.
    The lower part is the raster of the time between the first step and the last.
    """
    span = episode.time[steps[0]], episode.time[steps[-1]] + (episode.dt or 1.0)
    below, place_below = _panel(lambda ax: raster(episode, ax), LOWER, span)
    if episode.body is None:
        above, place_above = _panel(lambda ax: _signals(episode, ax), UPPER, span)
        for step in steps:
            moment = episode.time[step]
            yield np.concatenate(
                [_cursor(above, place_above(moment)), _cursor(below, place_below(moment))]
            )
        return
    stage = _Stage(episode, episode.body)
    for step in steps:
        yield np.concatenate(
            [stage.draw(int(step)), _cursor(below, place_below(episode.time[step]))]
        )


def _panel(
    draw: Callable[[Axes], object], height: int, span: tuple[float, float]
) -> tuple[Picture, Callable[[float], int]]:
    """A picture of axes over a span of time, and the column of pixels of each time in it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / _DPI, height / _DPI), dpi=_DPI, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw(axes)
    axes.set_xlim(*span)
    canvas.draw()
    picture = np.array(canvas.buffer_rgba())[:, :, :3].copy()
    left, right = axes.transData.transform([(time, 0.0) for time in span])[:, 0]

    def column(time: float) -> int:
        share = (time - span[0]) / (span[1] - span[0])
        return int(np.clip(round(left + share * (right - left)), 0, WIDTH - 2))

    return picture, column


def _cursor(picture: Picture, column: int) -> Picture:
    marked = picture.copy()
    marked[:, column : column + 2] = marked[:, column : column + 2] // 3
    return marked


def _signals(episode: Episode, axes: Axes) -> None:
    """Observations and actions over time."""
    for values, colour, name in (
        (episode.observations, MEAN, "observations"),
        (episode.actions, BEST, "actions"),
    ):
        lines = axes.plot(episode.time, values, color=colour, linewidth=0.9)
        lines[0].set_label(f"{name} (n = {values.shape[1]})")
    axes.legend(frameon=False, loc="upper right", fontsize=9)
    axes.set_title(f"{episode.title}: score {episode.fitness:.4g}", loc="left", fontsize=10)
    bare(axes)


class _Stage:
    """The body in its world, seen by a camera that follows it."""

    def __init__(self, episode: Episode, body: Body) -> None:
        from PIL import ImageFont

        plane = list(body.plane)
        self._links = body.links[..., plane]
        self._outlines = capsules(self._links, body.radius)
        size = max(float(np.ptp(self._outlines[0].reshape(-1, 2), axis=0).max()), 1e-6)
        self._scale = WIDTH / (2.2 * size)  # pixels per m
        dt = episode.dt or 1.0
        track = body.track[:, plane]
        self._camera = _smooth(track, max(1, round(_STAY / dt)))
        self._trail = max(2, round(_TRAIL / dt))
        self._head = self._links[:, 0].mean(axis=1)
        speed = np.linalg.norm(np.gradient(self._camera, dt, axis=0), axis=1)
        unit = 10.0 ** np.floor(np.log10(size))
        self._unit = float(unit if size / unit < 5 else 2 * unit)
        self._words = [
            f"{time:.1f} s   {v:.2f} m/s" for time, v in zip(episode.time, speed, strict=True)
        ]
        self._title = f"{episode.title}: score {episode.fitness:.4g}"
        self._font: Any = ImageFont.load_default(15 * _FINE)

    def draw(self, step: int) -> Picture:
        """Return the picture of a control step, (400, 960, 3) uint8."""
        from PIL import Image, ImageDraw

        width, height = WIDTH * _FINE, UPPER * _FINE
        image = Image.new("RGB", (width, height), "white")
        canvas = ImageDraw.Draw(image)
        centre = self._camera[step]

        middle = np.array([width / 2, height / 2])

        def pixels(points: NDArray[np.float64]) -> list[tuple[float, float]]:
            moved = (points - centre) * self._scale * _FINE * np.array([1.0, -1.0])
            return list(map(tuple, (moved + middle).reshape(-1, 2).tolist()))

        reach = np.array([WIDTH, UPPER]) / self._scale / 2
        lines = [
            self._unit * np.arange(np.ceil(low / self._unit), np.floor(high / self._unit) + 1)
            for low, high in zip(centre - reach, centre + reach, strict=True)
        ]
        for axis in (0, 1):  # a grid fixed to the world, so that the movement is seen
            for value in lines[axis]:
                ends = np.array([centre - reach, centre + reach])
                ends[:, axis] = value
                canvas.line(pixels(ends), fill="#EEEEEE", width=_FINE)
        path = self._head[max(0, step - self._trail) : step + 1]
        if len(path) > 1:
            canvas.line(pixels(path), fill=PALE, width=2 * _FINE)
        for place, outline in enumerate(self._outlines[step]):
            canvas.polygon(pixels(outline), fill=INK if place == 0 else "#555555", outline="white")
        margin, bar = 16 * _FINE, self._unit * self._scale * _FINE
        canvas.text((margin, margin // 2), self._title, fill=INK, font=self._font)
        canvas.text(
            (width - margin, margin // 2), self._words[step], fill=INK, font=self._font, anchor="ra"
        )
        bottom = height - margin
        canvas.line([(margin, bottom), (margin + bar, bottom)], fill=INK, width=3 * _FINE)
        canvas.text(
            (margin, bottom - 4 * _FINE),
            f"{self._unit:g} m",
            fill=GREY,
            font=self._font,
            anchor="lb",
        )
        return np.asarray(image.reduce(_FINE))


def _smooth(track: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Mean of each point and its neighbours, `width` in all; fewer near the ends."""
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(track, axis=0)])
    place = np.arange(len(track))
    half = np.minimum(np.minimum(place, len(track) - 1 - place), width // 2)
    first, last = place - half, place + half + 1
    mean: NDArray[np.float64] = (sums[last] - sums[first]) / (last - first)[:, None]
    return mean
