"""Pictures in a page: every bit of an image, and the right one at each step."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from conncore.errors import UsageError
from conncore.page.document import page_of, write_page
from conncore.page.pictures import encode, record_shown
from conncore.recording.episode import Pictures
from drawn import classed_connectome, episode_of
from small_runs import go

# The colour of a pixel in the middle of the picture.
PIXEL = """() => { const canvas = document.querySelector(".body"), pen = canvas.getContext("2d");
  return [...pen.getImageData(canvas.width * 0.4, canvas.height / 2, 1, 1).data]; }"""


def shades(n):
    """Frames of 6 x 4 pixels, frame k of brightness 20 k."""
    return np.repeat(20 * np.arange(n, dtype=np.uint8), 24).reshape(n, 4, 6)


def pictured(n_steps=50):
    episode = episode_of(classed_connectome(12, 3), n_steps, body=False, dt=None)
    captions = tuple(f"shade {k}" for k in range(10))
    return dataclasses.replace(episode, pictures=Pictures(shades(10), 5, captions))


def test_grey_frames_keep_every_bit_and_colours_nearly():
    rng = np.random.default_rng(0)
    smooth = np.linspace(0, 200, 3 * 32 * 32 * 3).reshape(3, 32, 32, 3)
    for frames, most in ((rng.integers(0, 256, (3, 9, 7)), 0), (smooth, 12)):
        frames = frames.astype(np.uint8)
        facts, content = encode(Pictures(frames, 2, ("a",)))
        assert (facts["every"], facts["captions"]) == (2, ["a"])
        starts = [0, *facts["ends"][:-1]]
        for start, end, frame in zip(starts, facts["ends"], frames, strict=True):
            found = np.array(Image.open(io.BytesIO(content[start:end].tobytes())), int)
            assert np.abs(found.reshape(*frame.shape[:2], 3).T - frame.T).max() <= most
        assert facts["ends"][-1] == len(content)


def test_the_picture_of_the_step_is_shown(tmp_path, visit):
    write_page(page_of(go(), pictured(), "a note"), tmp_path / "page.html")
    page = visit((tmp_path / "page.html").as_uri(), reduced_motion="reduce")
    assert page.inner_text(".words") == "a note"
    assert page.faults == []
    for step, shade in ((0, 0), (4, 0), (5, 20), (49, 180)):
        page.evaluate(f"$('time').value = {step}; $('time').dispatchEvent(new Event('input'))")
        pixel = page.evaluate(PIXEL)
        assert pixel == [shade, shade, shade, 255]
    assert page.evaluate("views[0].shown.seconds") == 0.2
    assert page.evaluate("'observations' in views[0].shown.arrays") is False


def test_what_cannot_draw_is_shown_without_pictures(monkeypatch):
    calls = []

    def record(what, render=False):
        calls.append(render)
        if render or what == "never":
            raise UsageError("install paint")
        return what

    monkeypatch.setattr("conncore.page.pictures.record", record)
    assert record_shown("run") == ("run", "no pictures: install paint")
    assert calls == [True, False]
    with pytest.raises(UsageError, match="install paint"):
        record_shown("never")
