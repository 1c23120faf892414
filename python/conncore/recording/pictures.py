"""The pictures of an episode: what an environment draws, or the images that a network sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError
from conncore.recording.episode import Pictures

if TYPE_CHECKING:
    from conncore.recording.episode import FloatArray
    from conncore.tasks.gymnasium import GymnasiumTask

_MOST_FRAMES = 300  # of an environment: a frame has a quarter of a megabyte
_MOST_PIXELS = 320  # of the longer side of a frame


def draw_environment(task: GymnasiumTask, actions: FloatArray, start: int) -> Pictures:
    """Repeat an episode, and keep what the environment draws.

    Parameters
    ----------
    task : GymnasiumTask
        Its environment has the render mode "rgb_array".
    actions : (n_steps, n_actions) float64
    start : int
        What `member_seeds` returns for the start.

    Raises
    ------
    UsageError
        The environment cannot draw, because a package is missing.
    """
    every = -(-len(actions) // _MOST_FRAMES)
    frames: list[NDArray[np.uint8]] = []
    step = 0

    def look(env: Any) -> None:
        nonlocal step
        if step % every == 0:
            try:
                frame = np.asarray(env.render(), dtype=np.uint8)
            except Exception as error:
                cause = f"{type(error).__name__}: {' '.join(str(error).split())}"
                raise UsageError(f"environment {task.name!r}: render raised {cause}") from error
            frames.append(_smaller(frame))
        step += 1

    task.replay(actions, start, look, render_mode="rgb_array")
    return Pictures(np.array(frames), every)


def _smaller(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frame with means of squares of pixels in place of pixels."""
    k = -(-max(frame.shape[:2]) // _MOST_PIXELS)
    height, width = frame.shape[0] // k, frame.shape[1] // k
    squares = frame[: height * k, : width * k].reshape(height, k, width, k, -1)
    means: NDArray[np.uint8] = np.rint(squares.mean(axis=(1, 3))).astype(np.uint8)
    return means
