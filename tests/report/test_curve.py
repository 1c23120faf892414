"""The learning curve: written whatever the history holds, and showing what it was given."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest
from matplotlib.image import imread

from conncore.errors import ConncoreError
from conncore.evolution.records import METRICS
from conncore.report.curve import draw_curve


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
    for color in ("#0072B2", "#E69F00"):
        assert n_pixels(plain, color) > 500
    assert n_pixels(plain, "#009E73") == 0
    assert n_pixels(rich, "#009E73") > 500


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
