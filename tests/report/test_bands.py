"""Curves of studies: a line, an interval and a label for each arm; rows for many arms."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from conncore.report.bands import Band, draw_bands, plot_bands, plot_rows


def band(end, width=1.0):
    return Band(np.linspace(0.0, end, 5), end - width, end + width)


def axes():
    return Figure().add_subplot()


def test_an_arm_is_a_line_and_an_interval():
    ax = axes()
    plot_bands(ax, {"one": band(3.0), "two": Band(np.ones(5), np.nan, np.nan)}, {
        "one": "#111111", "two": "#222222",
    })  # fmt: skip
    curves = {line.get_color(): [] for line in ax.lines}
    for line in ax.lines:
        curves[line.get_color()].append(np.asarray(line.get_ydata()).tolist())
    assert curves == {
        "#111111": [np.linspace(0, 3, 5).tolist(), [2.0, 4.0]],
        "#222222": [[1.0] * 5],  # one seed has no interval
    }
    assert not ax.collections  # no filled band hides a curve


def test_many_arms_are_rows_with_the_highest_end_first():
    ax = axes()
    plot_rows(ax, {"low": band(1.0), "high": band(9.0), "gap": Band(np.full(5, np.nan), 0, 0)}, "f")
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array()[:2], [band(9.0).mean, band(1.0).mean])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["high", "low", "gap"]


@pytest.mark.parametrize("n_arms", [1, 9, 10])
@pytest.mark.parametrize("n_panels", [1, 2])
def test_a_figure_is_written_for_any_number_of_arms(tmp_path, n_arms, n_panels):
    panels = {f"stage {p}": {f"{a}": band(a) for a in range(n_arms)} for p in range(n_panels)}
    path = draw_bands(
        panels, tmp_path / "new" / "b.png", title="t", y_label="fitness",
        references={"stage 0": [(2.0, "paper")]},
    )  # fmt: skip
    assert imread(path).shape[1] == 144 * (1.5 + 5.5 * n_panels)
