"""Films of episodes: MP4, GIF, or a directory of PNG files. OpenGL is not needed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError, need_positive
from conncore.storage import disk_errors

if TYPE_CHECKING:
    from conncore.plot.scene import Picture
    from conncore.recording.episode import Episode

_MOST_FPS = {".mp4": 50.0, ".gif": 12.5, "": 50.0}
_DEFAULT_FPS = 25.0  # control steps a second, for a task without a clock


def film(
    episode: Episode,
    path: str | os.PathLike[str],
    *,
    start: float = 0.0,
    seconds: float | None = None,
) -> int:
    """Write a film of an episode, in real time: the body, and below it the raster.

    Parameters
    ----------
    episode : Episode
        From `conncore.record`.
    path : path
        A file .mp4 or .gif, or a directory for PNG files (a path without suffix). MP4 needs the
        package imageio-ffmpeg. A GIF has 480 x 360 pixels and at most 12.5 pictures a
        second; the others have 960 x 720 pixels and at most 50 pictures a second.
    start : float
        Begin here, in s; in control steps for a task without a clock.
    seconds : float, optional
        Length of the film in the same unit. Default: to the end of the episode.

    Returns
    -------
    int
        Number of pictures.

    Raises
    ------
    UsageError
        The suffix is unknown, a package is missing, the directory has files, or the times are not
        in the episode.
    ConncoreError
        The file cannot be written.
    """
    from conncore.plot.scene import frames

    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise UsageError(
            f"cannot write a film to {path}; give a file .mp4 or .gif, or a new directory for PNG"
        )
    steps, fps = _steps(episode, start, seconds, _MOST_FPS[suffix])
    with disk_errors(path, "make room, or choose another place"):
        path.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[suffix](path, frames(episode, steps), fps)
    return len(steps)


def _steps(
    episode: Episode, start: float, seconds: float | None, most_fps: float
) -> tuple[NDArray[np.int64], float]:
    """The control steps that have a picture, and pictures per second."""
    seconds = episode.duration - start if seconds is None else seconds
    if not 0.0 <= start < episode.duration:
        raise UsageError(f"start is {start}; the episode takes {episode.duration:g}, from 0")
    need_positive("seconds", seconds)
    dt = episode.dt or 1.0
    rate = 1.0 / episode.dt if episode.dt else _DEFAULT_FPS
    stride = max(1, int(np.ceil(rate / most_fps - 1e-9)))
    first = min(round(start / dt), episode.n_steps - 1)
    last = min(round((start + seconds) / dt), episode.n_steps)
    return np.arange(first, max(last, first + 1), stride), rate / stride


def _mp4(path: Path, pictures: Iterator[Picture], fps: float) -> None:
    _need("imageio_ffmpeg")
    imageio: Any = importlib.import_module("imageio.v2")
    with imageio.get_writer(
        path,
        fps=fps,
        codec="libx264",
        quality=8,
        macro_block_size=16,
        ffmpeg_log_level="error",
        output_params=["-preset", "veryfast"],  # half the time
    ) as writer:
        for picture in pictures:
            writer.append_data(picture)


def _gif(path: Path, pictures: Iterator[Picture], fps: float) -> None:
    from PIL import Image

    small = (Image.fromarray(picture).reduce(2) for picture in pictures)
    first = next(small).quantize(64)
    # one palette for all pictures, so that what stays the same takes no room
    rest = (picture.quantize(palette=first, dither=Image.Dither.NONE) for picture in small)
    first.save(
        path, save_all=True, append_images=rest, duration=round(1000 / fps), loop=0, optimize=False
    )


def _png(path: Path, pictures: Iterator[Picture], fps: float) -> None:
    from PIL import Image

    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path} exists; give a new or empty directory for the PNG files")
    path.mkdir(exist_ok=True)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(path / f"frame-{number:05d}.png")


_WRITERS: dict[str, Callable[[Path, Iterator[Picture], float], None]] = {
    ".mp4": _mp4,
    ".gif": _gif,
    "": _png,
}


def _need(package: str) -> None:
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise UsageError(
            f"{package} is not installed and MP4 needs it: pip install 'conncore[film]', "
            "or write a .gif"
        ) from None
