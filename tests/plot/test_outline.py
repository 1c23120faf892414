"""Outlines of links: every corner is at the radius from the axis."""

from __future__ import annotations

import numpy as np

from conncore.plot.outline import capsules


def test_corners_are_at_the_radius_from_the_axis():
    rng = np.random.default_rng(0)
    links, radius = rng.normal(size=(4, 3, 2, 2)), np.array([0.1, 0.2, 0.5])
    corners = capsules(links, radius)
    start, along = links[..., :1, :], np.diff(links, axis=-2)
    share = np.sum((corners - start) * along, axis=-1) / np.sum(along**2, axis=-1)
    nearest = start + np.clip(share, 0, 1)[..., None] * along
    distance = np.linalg.norm(corners - nearest, axis=-1)
    np.testing.assert_allclose(distance, np.broadcast_to(radius[:, None], distance.shape))
    turned = np.roll(corners, -1, axis=-2)
    area = np.sum(corners[..., 0] * turned[..., 1] - corners[..., 1] * turned[..., 0], axis=-1) / 2
    length = np.linalg.norm(along[..., 0, :], axis=-1)
    round_ends = 8 * np.sin(np.pi / 8)  # two half circles of eight sides
    np.testing.assert_allclose(area, 2 * radius * length + round_ends * radius**2)


def test_a_sphere_is_round():
    corners = capsules(np.zeros((1, 2, 2)), np.array([2.0]))
    np.testing.assert_allclose(np.linalg.norm(corners, axis=-1), 2.0)
