"""The learning curve: written whatever the history holds, and showing what it was given."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from conncore.errors import ConncoreError
from conncore.evolution.records import METRICS
from conncore.report.curve import draw_curve, plot_curve
from conncore.report.palette import BEST, HELD_OUT, MEAN


def history(n):
    records = np.zeros(n, dtype=METRICS)
    records["generation"] = range(n)
    records["best"], records["mean"], records["std"] = range(n, 2 * n), range(n), 1.0
    return records


def n_pixels(path, color):
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return int((abs(imread(path)[:, :, :3] - rgb).max(axis=2) < 0.02).sum())


def test_every_line_is_there(tmp_path):
    plain = draw_curve(history(30), tmp_path / "plain.png", title="plain")
    rich = draw_curve(
        history(30),
        tmp_path / "rich.png",
        title="rich",
        held_out=np.array([20.0, 24.0]),
        reference=(10.0, "the paper"),
    )
    for color in (BEST, MEAN):
        assert n_pixels(plain, color) > 500
    assert n_pixels(plain, HELD_OUT) == 0
    assert n_pixels(rich, HELD_OUT) > 500


def test_lines_have_their_names_at_their_ends():
    axes = Figure().add_subplot()
    scores = np.array([20.0, 24.0])
    plot_curve(axes, history(30), held_out=scores, reference=(10.0, "the paper"))
    heights = {text.get_text(): text.xy[1] for text in axes.texts}
    low, high = axes.get_ylim()
    found = {name: low + height * (high - low) for name, height in heights.items()}
    assert found == pytest.approx(
        {"best member": 59.0, "mean of members": 29.0, "held out 22": 22.0, "the paper": 10.0}
    )
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(dots[0].get_ydata(), scores)


@pytest.mark.parametrize("n", [1, 2, 500])
def test_gaps_and_short_histories(tmp_path, n):
    records = history(n)
    records["best"][::2] = np.nan
    records["mean"][0] = -np.inf
    path = draw_curve(records, tmp_path / "c.png", title="t", held_out=np.array([-np.inf]))
    assert path.stat().st_size > 5000


def test_no_global_figure_is_left(tmp_path):
    from matplotlib import pyplot

    draw_curve(history(3), tmp_path / "c.png", title="t")
    assert pyplot.get_fignums() == []


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    with pytest.raises(ConncoreError, match=r"cannot write .*c.png: No space left"):
        draw_curve(history(3), tmp_path / "c.png", title="t")
