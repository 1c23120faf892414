"""Frames: the body where it was, in front of a camera that follows it, and a cursor at its time."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.plot.scene import LOWER, UPPER, WIDTH, frames
from drawn import classed_connectome, episode_of


@pytest.fixture(scope="module")
def pictures():
    episode = episode_of(classed_connectome(12, 3))
    return episode, list(frames(episode, np.arange(10, 40, 5)))


def columns(picture):
    """Columns of the cursor: dark from top to bottom of the raster."""
    return np.flatnonzero((picture[UPPER:].max(axis=2) < 90).all(axis=0))


def test_pictures_have_one_size(pictures):
    assert {p.shape for p in pictures[1]} == {(UPPER + LOWER, WIDTH, 3)}
    assert pictures[1][0].dtype == np.uint8


def test_the_cursor_moves_with_time(pictures):
    middles = [columns(p).mean() for p in pictures[1]]
    np.testing.assert_allclose(np.diff(middles), np.diff(middles)[0], atol=1.0)
    assert middles[0] < middles[-1]


def test_the_body_stays_in_the_middle_and_the_grid_moves(pictures):
    """It is 3.2 m long and moves at 25 m/s; the film is 2.2 bodies wide."""
    for picture in pictures[1]:
        dark = picture[60:340].max(axis=2) < 100
        rows, cols = np.nonzero(dark)
        assert cols.mean() == pytest.approx(WIDTH / 2, abs=2)
        assert rows.mean() + 60 == pytest.approx(UPPER / 2, abs=2)
        assert np.ptp(cols) == pytest.approx(WIDTH / 2.2, abs=4)
        assert np.ptp(rows) == pytest.approx(0.2 * WIDTH / 2.2 / 3.2, abs=4)


def test_a_task_without_a_body_has_a_cursor_in_both_panels():
    episode = episode_of(classed_connectome(12, 3), body=False, dt=None)
    for picture in frames(episode, np.array([5, 30])):
        above = np.flatnonzero((picture[:UPPER].max(axis=2) < 90).all(axis=0))
        assert len(above) >= 2
        assert len(columns(picture)) >= 2
