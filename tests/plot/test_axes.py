"""Axes: given ones are used, new ones are made, and a missing Matplotlib is one line."""

from __future__ import annotations

import sys

import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

import conncore as cc
from conncore.errors import UsageError
from conncore.plot.axes import axes_of, diverging
from conncore.report.palette import EXCITATORY, INHIBITORY
from drawn import classed_connectome, episode_of


def test_axes_are_taken_or_made():
    given = Figure().add_subplot()
    assert axes_of(given) is given
    assert pyplot.get_fignums() == []
    assert axes_of(None, 3.0, 2.0).figure.get_size_inches().tolist() == [3.0, 2.0]


@pytest.mark.parametrize("picture", ["raster", "kymograph", "gait"])
def test_pictures_return_the_axes(picture):
    ax = Figure().add_subplot()
    assert getattr(cc.plot, picture)(episode_of(classed_connectome(12, 3)), ax) is ax
    assert pyplot.get_fignums() == []


def test_a_missing_matplotlib_is_one_line(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name == "matplotlib":
                raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")

    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    with pytest.raises(UsageError, match="pictures need it: pip install matplotlib"):
        axes_of(None)


def test_the_map_of_signs_is_white_in_the_middle():
    from matplotlib.colors import to_hex

    colours = diverging()
    assert to_hex(colours(0.0)).upper() == INHIBITORY
    assert to_hex(colours(1.0)).upper() == EXCITATORY
    assert min(colours(0.5)) > 0.98
