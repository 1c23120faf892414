"""Episodes with pictures, and the pictures as bytes that a browser decodes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError
from conncore.recording.record import record

if TYPE_CHECKING:
    from conncore.recording.episode import Episode, Pictures


def record_shown(*what: Any, **options: Any) -> tuple[Episode, str]:
    """Return what `record` returns, with the pictures that the environment draws, and a note.

    The note says why there are no pictures, such as a package that is missing; else it is "".
    """
    try:
        return record(*what, **options, render=True), ""
    except UsageError as error:
        episode = record(*what, **options)  # raises again what has another cause
        return episode, f"no pictures: {error}"


def encode(pictures: Pictures) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Return facts for JSON, and all frames as WebP files, one after the other.

    Returns
    -------
    dict
        "every"; "captions"; "ends": the place after the last byte of each frame.
    (n_bytes,) uint8
        Grey frames keep every bit.
    """
    from PIL import Image

    files = []
    for frame in pictures.frames:
        file = io.BytesIO()
        Image.fromarray(frame).convert("RGB").save(
            file, "webp", lossless=frame.ndim == 2, quality=80
        )
        files.append(file.getvalue())
    facts = {
        "every": pictures.every,
        "captions": list(pictures.captions),
        "ends": np.cumsum([len(file) for file in files]).tolist(),
    }
    return facts, np.frombuffer(b"".join(files), dtype=np.uint8)
