"""What looks wrong in a recorded episode."""

from __future__ import annotations

import numpy as np

from conncore.recording.episode import Episode

_NEAR = 0.05  # of the range of a joint: soft limits give way a little
_MOST = 0.5  # of the episode


def findings(episode: Episode) -> list[str]:
    """Return a line for each joint that stays at its limit, and one if no cell is active.

    An evolution strategy that began badly often ends with a locked joint: another start may score
    far higher.

    Parameters
    ----------
    episode : Episode
        As from `record`.

    Returns
    -------
    list of str
        A joint is at its limit within 5% of its range, and stays there for more than half of the
        control steps.
    """
    lines = []
    body = episode.body
    if body is not None and body.limits is not None:
        low, high = body.limits.T
        margin = np.where(np.isfinite(high - low), _NEAR * (high - low), 0.0)
        at_limit = (body.angles <= low + margin) | (body.angles >= high - margin)
        lines = [
            f"joint {name} is at its limit for {share:.0%} of the episode"
            for name, share in zip(body.joint_names, at_limit.mean(axis=0), strict=True)
            if share > _MOST
        ]
    if not episode.activity.any():
        lines.append("no cell is active in the episode")
    return lines
