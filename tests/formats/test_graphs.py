"""NetworkX graphs: round trips, parallel edges, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from conncore.catalog.shipped import load
from conncore.connectome.labels import Labels
from conncore.errors import ConnectomeError
from conncore.formats import from_networkx, read, to_networkx, write
from random_connectomes import connectomes, same, same_attributes


def test_networkx_round_trip(tmp_path):
    networkx = pytest.importorskip("networkx")

    @settings(max_examples=40)
    @given(worm=connectomes())
    def round_trip(worm):
        n = worm.n_cells
        said = {"side": Labels(np.zeros(n, int), ("L",)), "u": np.arange(n) / 4}
        worm = replace(worm, attributes=said)
        graph = to_networkx(worm)
        back = from_networkx(graph)
        assert same(worm, back, but=("gap_pre", "gap_post", "gap_weight", "attributes"))
        assert same_attributes(worm, back)
        # NetworkX lists edges cell by cell.
        entries = [zip(c.gap_pre, c.gap_post, c.gap_weight, strict=True) for c in (worm, back)]
        assert sorted(entries[0]) == sorted(entries[1])
        assert graph.number_of_nodes() == worm.n_cells
        assert graph.number_of_edges() == worm.n_edges + worm.n_gap_junctions

    round_trip()
    worm = load("celegans-haspel2011")
    write(worm, tmp_path / "worm.graphml")
    graph = networkx.read_graphml(tmp_path / "worm.graphml")  # theirs, of our file
    assert graph.number_of_edges() == 336 + 161
    assert set(graph) == set(worm.names)
    networkx.write_graphml(to_networkx(worm), tmp_path / "theirs.graphml")
    back = read(tmp_path / "theirs.graphml")
    assert same(worm, back, but=("gap_pre", "gap_post", "gap_weight", "name"))
    assert back.gap_weight.sum() == worm.gap_weight.sum()


class Graph:
    """As much of a NetworkX graph as `from_networkx` asks for."""

    def __init__(self, edges, directed=True):
        self.graph = {}
        self._edges, self._directed = edges, directed

    def is_directed(self):
        return self._directed

    def nodes(self, data):
        return [(n, {}) for n in dict.fromkeys(n for i, j, _ in self._edges for n in (i, j))]

    def edges(self, data):
        return self._edges


def test_parallel_edges_are_summed_and_minus_inhibits():
    worm = from_networkx(Graph([(1, 2, {"weight": 2}), (1, 2, {}), (2, "b", {"weight": -4})]))
    assert worm.names == ("1", "2", "b")
    assert worm.weight.tolist() == [3, 4]
    assert worm.sign.tolist() == [1, -1]


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        ({"weight": "x"}, "edge 'A' -> 'B', attribute 'weight': 'x' is not a number"),
        ({"weight": math.inf}, "weight inf is not finite"),
        ({"weight": -1, "sign": 1}, "weight -1 is negative; if a minus means inhibition, use the"),
        ({"weight": -1, "type": "gap"}, "weight -1 is negative; a gap junction has no sign"),
        ({"sign": 3}, "unknown sign '3'"),
        ({"sign": 1, "type": "gap"}, "a gap junction has no sign; leave it empty"),
        ({"type": "psychic"}, "unknown type 'psychic'"),
    ],
)
def test_bad_attributes_are_refused(edge, message):
    with pytest.raises(ConnectomeError, match=message):
        from_networkx(Graph([("A", "B", edge)]))


def test_chemical_edges_need_a_direction(tmp_path):
    gap = ("A", "B", {"type": "gap"})
    assert from_networkx(Graph([gap], directed=False)).n_gap_junctions == 1
    with pytest.raises(ConnectomeError, match="edge 'A' -> 'B' has no direction"):
        from_networkx(Graph([("A", "B", {})], directed=False))
    with pytest.raises(ConnectomeError, match="graph: cell name '1' is used 2 times"):
        from_networkx(Graph([(1, "1", {})]))
