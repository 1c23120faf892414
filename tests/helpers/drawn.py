"""Episodes to draw, made without a simulation."""

from __future__ import annotations

import numpy as np

from conncore.connectome import Connectome
from conncore.recording.episode import Body, Episode


def classed_connectome(n_cells, n_classes, seed=0):
    rng = np.random.default_rng(seed)
    pre, post = np.divmod(rng.choice(n_cells**2, 3 * n_cells, replace=False), n_cells)
    return Connectome.from_edges(
        "drawn",
        pre,
        post,
        sign=np.where(pre % 3 == 0, -1, 1),
        names=[f"c{i}" for i in range(n_cells)],
        classes=[f"k{i % n_classes}" if n_classes else "" for i in range(n_cells)],
    )


def episode_of(connectome, n_steps=50, *, spiking=True, body=True, dt=0.04):
    """Random activity; a body of three links of 1 m that moves along x at 1 m a step."""
    rng = np.random.default_rng(1)
    activity = rng.random((n_steps * 2, connectome.n_cells))
    moving = None
    if body:
        links = np.zeros((n_steps, 3, 2, 3))
        links[..., 0] = np.arange(n_steps)[:, None, None] - np.arange(3)[:, None]
        links[..., 1, 0] -= 1.0
        angles = np.sin(np.arange(n_steps)[:, None] + [0.0, 1.0])
        moving = Body(angles, ("front", "back"), links, np.full(3, 0.1))
    return Episode(
        title="drawn",
        connectome=connectome,
        seed=0,
        split="held-out",
        fitness=1.0,
        dt=dt,
        observations=np.zeros((n_steps, 1)),
        actions=np.zeros((n_steps, 1)),
        reward=None,
        activity=activity > 0.9 if spiking else activity,
        steps_per_action=2,
        body=moving,
    )
