"""Labels at the ends of curves do not overlap."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from conncore.report.labels import label_ends


def drawn(heights):
    figure = Figure(figsize=(5, 3), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_ylim(0, 100)
    label_ends(axes, [(height, f"label {i}", "#000000") for i, height in enumerate(heights)])
    canvas.draw()
    # the box of the letters, without the line to the curve
    return axes, [Text.get_window_extent(text) for text in axes.texts]


@pytest.mark.parametrize("heights", [[50.0], [50.0, 50.0, 50.2, 51.0], [0, 1, 2, 99, 100]])
def test_labels_are_apart_and_point_at_their_ends(heights):
    axes, boxes = drawn(heights)
    boxes = sorted(boxes, key=lambda box: box.y0)
    assert all(lower.y1 <= upper.y0 + 1 for lower, upper in itertools.pairwise(boxes))
    named = {text.get_text(): text.xy[1] * 100 for text in axes.texts}
    assert named == pytest.approx({f"label {i}": height for i, height in enumerate(heights)})
    places = [text.xyann[1] for text in axes.texts]
    assert places == sorted(places)  # texts are in the order of their ends
    assert np.ptp(places) < 1.2


def test_a_label_without_neighbours_stays_at_its_end():
    axes, _ = drawn([20.0, 80.0])
    assert [text.xyann[1] for text in axes.texts] == pytest.approx([0.2, 0.8])
