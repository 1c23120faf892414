"""`plot.specification_curve` draws the cells of a multiverse."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

import conncore as cc
from conncore.errors import UsageError
from small_multiverses import go


def test_the_curve_has_the_cells_and_their_choices(tmp_path):
    found, _ = go(tmp_path, {"lift": [0.0, 9.0], "noise": [1]}, seeds=1)
    ax = cc.plot.specification_curve(found, 0, Figure().add_subplot())
    curve, matrix = ax.child_axes
    assert curve.get_ylabel() == found.claims[0].rule
    shown = [y for line in curve.lines if line.get_marker() == "o" for y in line.get_ydata()]
    assert sorted(shown) == sorted(cell.verdicts[0].estimate for cell in found.cells)
    assert [label.get_text() for label in matrix.get_yticklabels()] == ["0", "9"]
    with pytest.raises(UsageError, match="claim is 2"):
        cc.plot.specification_curve(found, 2)
