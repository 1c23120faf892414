"""A specification curve shows each cell once: its interval above, its choices below."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from conncore.report.specification import (
    Specification,
    draw_specifications,
    n_rows,
    plot_specifications,
)

CELLS = [
    Specification(5.0, 3.0, 7.0, "holds", {"a": ["1"], "b": ["x"]}),
    Specification(-4.0, -6.0, -2.0, "refuted", {"a": ["1"], "b": ["y"]}),
    Specification(1.0, -1.0, 3.0, "undecided", {"a": ["2"], "b": ["x", "y"]}),
    Specification(np.nan, np.nan, np.nan, "not tested", {"a": ["2"], "b": ["z"]}),
]


def drawn(cells=CELLS, limits=(0.0,)):
    axes = Figure().add_subplot()
    plot_specifications(axes, cells, "one - other above 0", limits)
    return axes.child_axes


def test_cells_stand_in_ascending_order_with_their_intervals():
    curve, _ = drawn()
    marks = {line.get_label(): line for line in curve.lines if "(" in str(line.get_label())}
    places = {label: list(line.get_xdata()) for label, line in marks.items()}
    assert places == {
        "holds (1)": [2], "refuted (1)": [0], "undecided (1)": [1], "not tested (1)": [3],
    }  # fmt: skip
    assert [next(iter(marks[label].get_ydata())) for label in list(places)[:3]] == [5.0, -4.0, 1.0]
    bars = {tuple(map(tuple, s)) for c in curve.collections for s in c.get_segments()}
    assert {((2, 3), (2, 7)), ((0, -6), (0, -2)), ((1, -1), (1, 3))} <= bars
    assert [line.get_ydata() for line in curve.lines if line.get_linestyle() == "--"] == [[0, 0]]
    assert curve.get_ylabel() == "one - other above 0"


def test_the_matrix_has_a_row_per_value_and_a_mark_per_cell():
    _, matrix = drawn()
    rows = [label.get_text() for label in matrix.get_yticklabels()]
    assert rows == ["1", "2", "x", "y", "z"]  # the order of the cells that were given
    heights = dict(zip(rows, matrix.get_yticks(), strict=True))
    marks = {
        row: list(line.get_xdata())
        for row, height in heights.items()
        for line in matrix.lines
        if line.get_marker() == "|" and list(line.get_ydata())[:1] == [height]
    }
    assert marks == {"1": [0, 2], "2": [1, 3], "x": [1, 2], "y": [0, 1], "z": [3]}
    assert [text.get_text() for text in matrix.texts] == ["a", "b"]
    assert n_rows(CELLS) == 2 + 5


def test_without_choices_there_is_a_curve_alone():
    cells = [Specification(1.0, 0.0, 2.0, "holds", {})]
    assert len(drawn(cells, ())) == 1


@pytest.mark.parametrize("n_cells", [1, 400])
def test_the_file_is_a_picture(tmp_path, n_cells):
    cells = [CELLS[place % 3] for place in range(n_cells)]
    path = draw_specifications(cells, tmp_path / "new" / "a.png", title="t", label="l")
    assert path.read_bytes().startswith(b"\x89PNG")
