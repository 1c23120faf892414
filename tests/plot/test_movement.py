"""The kymograph has the joint angles; the gait has the body where it was."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

import conncore as cc
from conncore.errors import UsageError
from conncore.recording.episode import Body
from drawn import classed_connectome, episode_of


def test_kymograph_has_the_angles_in_degrees_around_white():
    episode = episode_of(classed_connectome(12, 3))
    ax = cc.plot.kymograph(episode, Figure().add_subplot())
    (image,) = ax.images
    np.testing.assert_allclose(image.get_array(), np.rad2deg(episode.body.angles).T)
    low, high = image.get_clim()
    assert low == -high == -np.abs(np.rad2deg(episode.body.angles)).max()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["front", "back"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the foremost joint is at the top


def test_gait_draws_bodies_where_they_were():
    episode = episode_of(classed_connectome(12, 3))
    ax = cc.plot.gait(episode, Figure().add_subplot())
    bodies = [c for c in ax.collections if isinstance(c, PolyCollection)]
    assert len(bodies) == 8
    centres = [np.mean([path.vertices[:-1] for path in b.get_paths()], axis=(0, 1)) for b in bodies]
    moments = np.linspace(0, 49, 8).round().astype(int)
    np.testing.assert_allclose(centres, episode.body.track[moments, :2], atol=1e-9)
    shades = [body.get_facecolor()[0, 0] for body in bodies]
    assert shades == sorted(shades, reverse=True)
    texts = [text.get_text() for text in ax.texts]
    assert texts[:2] == ["0 s", "0.28 s"]
    assert texts[-1] == "1 m"
    (path, scale) = ax.lines
    np.testing.assert_allclose(path.get_xdata(), np.arange(50) - 0.5)
    assert np.ptp(scale.get_xdata()) == pytest.approx(1.0)
    assert ax.get_aspect() == 1.0


def test_a_body_that_stays_is_drawn():
    body = Body(np.zeros((5, 0)), (), np.ones((5, 2, 2, 3)), np.full(2, 0.1))
    episode = episode_of(classed_connectome(12, 3), 5)
    episode = type(episode)(**{**vars(episode), "body": body})
    cc.plot.gait(episode).figure.canvas.draw()
    with pytest.raises(UsageError, match="no joint with a motor"):
        cc.plot.kymograph(episode)


@pytest.mark.parametrize("picture", ["gait", "kymograph"])
def test_a_task_without_a_body_is_said(picture):
    episode = episode_of(classed_connectome(12, 3), body=False)
    with pytest.raises(UsageError, match="no MuJoCo body"):
        getattr(cc.plot, picture)(episode)
