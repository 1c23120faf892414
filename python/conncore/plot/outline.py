"""The outline of a body in the plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ARC = 9  # points of each round end


def capsules(links: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the outline of each link: a line from end to end with round ends.

    Parameters
    ----------
    links : (..., n_links, 2, 2) float64
        Both ends of the axis of each link, in m.
    radius : (n_links,) float64
        In m.

    Returns
    -------
    (..., n_links, 18, 2) float64
        Corners of a polygon, in m.
    """
    along = links[..., 1, :] - links[..., 0, :]
    heading = np.arctan2(along[..., 1], along[..., 0])[..., None]
    arc = np.linspace(-np.pi / 2, np.pi / 2, _ARC)
    angle = np.concatenate([heading + arc, heading + np.pi + arc], axis=-1)
    rim = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * radius[:, None, None]
    ends = np.repeat(links[..., ::-1, :], _ARC, axis=-2)
    outline: NDArray[np.float64] = ends + rim
    return outline
