"""Wiring: every edge is on the map, and the matrix has the signed synapses."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import conncore as cc
from conncore.plot.circuit import places
from conncore.report.palette import EXCITATORY, INHIBITORY, UNKNOWN
from drawn import classed_connectome


def arcs(ax):
    """Ends of the arcs by colour: sets of (x, y, x, y)."""
    found = {}
    for collection in ax.collections:
        ends = {(*p.vertices[0], *p.vertices[-1]) for p in collection.get_paths() if len(p) == 3}
        if isinstance(collection, PathCollection) and ends:
            found[to_hex(collection.get_edgecolor()[0]).upper()] = ends
    return found


def test_every_edge_is_an_arc_in_the_colour_of_its_sign():
    worm = cc.load("celegans-haspel2011")
    ax = cc.plot.wiring(worm, Figure().add_subplot())
    place = places(worm)
    assert np.isfinite(place).all()
    assert len(np.unique(place, axis=0)) == worm.n_cells
    ends = np.concatenate([place[worm.pre], place[worm.post]], axis=1)
    drawn = arcs(ax)
    assert drawn[EXCITATORY] == set(map(tuple, ends[worm.sign == 1].tolist()))
    assert drawn[INHIBITORY] == set(map(tuple, ends[worm.sign == -1].tolist()))
    assert UNKNOWN not in drawn


def test_the_dorsal_side_is_above_and_muscles_are_outside():
    worm = cc.load("celegans-haspel2011")
    place, body = places(worm), worm.body
    above = np.array(list(body.side)) == "dorsal"
    muscle = np.array(list(body.role)) == "muscle"
    assert (place[above, 1] > 0).all()
    assert (place[~above, 1] < 0).all()
    assert np.abs(place[muscle, 1]).min() > np.abs(place[~muscle, 1]).max()
    np.testing.assert_array_equal(place[:, 0].round(), body.segment)


def test_cells_without_a_place_are_said():
    cook = cc.load("celegans-cook2019")
    ax = cc.plot.wiring(cook, Figure().add_subplot())
    assert "303 cells without a segment are not drawn" in ax.get_xlabel()


@pytest.mark.parametrize("n_cells", [12, 90])
def test_a_matrix_has_the_signed_synapses(n_cells):
    connectome = classed_connectome(n_cells, 3)
    figure = Figure()
    ax = cc.plot.wiring(connectome, figure.add_subplot())
    found = np.asarray(ax.images[0].get_array())
    by_type = np.zeros((3, 3))
    np.add.at(by_type, (connectome.pre % 3, connectome.post % 3), connectome.sign)
    if n_cells == 90:
        np.testing.assert_array_equal(found, by_type)
        assert ax.get_ylabel() == "presynaptic: 3 cell types"
    else:
        assert found.shape == (12, 12)
        sums = found.reshape(3, 4, 3, 4).sum(axis=(1, 3))  # cells are sorted by class
        np.testing.assert_array_equal(sums, by_type)
    figure.canvas.draw()


def test_unknown_signs_are_said():
    unknown = cc.load("larva-mushroom-body-left")
    assert unknown.n_unknown
    figure = Figure()
    cc.plot.wiring(unknown, figure.add_subplot())
    assert f"{unknown.n_unknown:,} edges of unknown sign" in figure.axes[1].get_ylabel()
