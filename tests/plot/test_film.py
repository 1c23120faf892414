"""Films have a picture for each step, in real time, in each format."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from conncore.errors import UsageError
from conncore.plot.film import film
from conncore.plot.scene import frames
from drawn import classed_connectome, episode_of


@pytest.fixture(scope="module")
def episode():
    return episode_of(classed_connectome(12, 3))


def test_mp4_is_in_real_time(episode, tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "new" / "a.mp4"
    assert film(episode, path, start=0.4, seconds=0.8) == 20
    assert ffmpeg.count_frames_and_secs(path) == (20, 0.8)
    command = [ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path]
    raw = subprocess.run(
        [*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True
    ).stdout
    shown = np.frombuffer(raw, np.uint8).reshape(20, 720, 960, 3).astype(float)
    wanted = np.array(list(frames(episode, np.arange(10, 30))), dtype=float)
    assert shown.shape == wanted.shape
    errors = np.abs(shown - wanted).mean(axis=(1, 2, 3))
    assert errors.max() < 3.0
    assert errors.max() < np.abs(shown - wanted[::-1]).mean(axis=(1, 2, 3)).min()


def test_gif_has_half_of_the_pictures_and_the_same_duration(episode, tmp_path):
    assert film(episode, tmp_path / "a.GIF") == 25
    with Image.open(tmp_path / "a.GIF") as image:
        assert image.n_frames == 25
        assert image.info["duration"] == 80
        assert image.size == (480, 360)


def test_png_files_are_the_frames(episode, tmp_path):
    assert film(episode, tmp_path / "out", seconds=0.08) == 2
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["frame-00000.png", "frame-00001.png"]
    with Image.open(tmp_path / "out" / "frame-00001.png") as image:
        expected = list(frames(episode, np.array([0, 1])))[1]
        np.testing.assert_array_equal(np.asarray(image), expected)
    with pytest.raises(UsageError, match="exists; give a new or empty directory"):
        film(episode, tmp_path / "out")


def test_steps_of_a_fast_task_are_skipped(tmp_path):
    fast = episode_of(classed_connectome(12, 3), 40, dt=0.002)
    assert film(fast, tmp_path / "fast") == 4  # 500 steps a second become 50


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.avi", {}, "give a file .mp4 or .gif"),
        ("a.gif", {"start": 2.0}, "start is 2.0; the episode takes 2, from 0"),
        ("a.gif", {"start": -1.0}, "start is -1.0"),
        ("a.gif", {"seconds": 0.0}, "seconds is 0.0; give a number above 0"),
    ],
)
def test_what_cannot_be_written_is_said(episode, tmp_path, name, options, message):
    with pytest.raises(UsageError, match=message):
        film(episode, tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_one_line(episode, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(UsageError, match=r"pip install 'conncore\[film\]', or write a .gif"):
        film(episode, tmp_path / "a.mp4")
