"""The raster shows every spike in its place."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import conncore as cc
from conncore.plot.rows import rows_of
from conncore.report.palette import EXCITATORY, INHIBITORY
from drawn import classed_connectome, episode_of


def marks(ax):
    found = {}
    for collection in ax.collections:
        segments = np.array([path.vertices for path in collection.get_paths()]).reshape(-1, 2, 2)
        found[to_hex(collection.get_color()[0]).upper()] = segments.mean(axis=1)
    return found


def test_each_spike_is_a_mark_in_the_colour_of_its_cell():
    connectome = classed_connectome(12, 3)
    episode = episode_of(connectome)
    ax = cc.plot.raster(episode, Figure().add_subplot())
    rows = rows_of(connectome)
    seen = np.zeros_like(episode.activity)
    for colour, places in marks(ax).items():
        for time, row in places:
            cell = rows.cells[round(row)][0]
            seen[round(time / 0.02 - 0.5), cell] = True
            sign = rows.signs[round(row)]
            assert {1: EXCITATORY, -1: INHIBITORY}.get(sign, colour) == colour
    np.testing.assert_array_equal(seen, episode.activity)
    assert ax.get_xlim() == (0.0, 2.0)
    assert ax.get_xlabel() == "time (s)"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["k0", "k1", "k2"]


def test_neurons_without_spikes_are_a_heat_map():
    connectome = classed_connectome(12, 3)
    episode = episode_of(connectome, spiking=False, dt=None)
    figure = Figure()
    ax = cc.plot.raster(episode, figure.add_subplot())
    order = np.concatenate(rows_of(connectome).cells)
    np.testing.assert_array_equal(ax.images[0].get_array(), episode.activity[:, order].T)
    assert figure.axes[1].get_ylabel() == "activity"
    assert ax.get_xlabel() == "step"


def test_a_large_network_is_drawn_by_type():
    episode = episode_of(classed_connectome(900, 60), 10)
    figure = Figure()
    ax = cc.plot.raster(episode, figure.add_subplot())
    assert ax.images[0].get_array().shape == (60, 20)
    assert ax.get_ylabel() == "60 cell types, means of 900 cells"
    assert figure.axes[1].get_ylabel() == "spikes per step"
    assert 20 <= len(ax.get_yticks()) <= 40


def test_many_spikes_are_an_image(monkeypatch):
    monkeypatch.setattr("conncore.plot.activity._MOST_MARKS", 5)
    ax = cc.plot.raster(episode_of(classed_connectome(12, 3)), Figure().add_subplot())
    assert len(ax.images) == 1
    assert not ax.collections


@pytest.mark.parametrize("n_classes", [0, 1, 12])
def test_any_number_of_classes(n_classes):
    ax = cc.plot.raster(episode_of(classed_connectome(12, n_classes)))
    ax.figure.canvas.draw()
