"""GML, Pajek, GEXF and node-link JSON, as NetworkX writes them."""

from __future__ import annotations

import json

import pytest

import conncore as cc
from conncore.errors import ConnectomeError
from conncore.formats import detect, read, to_networkx
from format_files import edges, gaps


def table(path, text):
    path.write_text(text)
    return path


def small():
    networkx = pytest.importorskip("networkx")
    graph = networkx.MultiDiGraph()
    graph.add_node("A", region="lobe", size=2.5)
    graph.add_node("B", region="eye", size=1.0)
    graph.add_edge("A", "B", weight=3, synapse_type="chemical")
    graph.add_edge("B", "A", weight=2, synapse_type="electrical")
    return networkx, graph


@pytest.mark.parametrize(
    ("name", "write"), [("g.gml", "write_gml"), ("g.net", "write_pajek"), ("g.gexf", "write_gexf")]
)
def test_graphs_of_networkx_are_read(tmp_path, name, write):
    networkx, graph = small()
    if name == "g.net":  # Pajek holds text
        for _, data in graph.nodes(data=True):
            data["size"] = str(data["size"])
    getattr(networkx, write)(graph, tmp_path / name)
    assert detect(tmp_path / name) == "graph"
    worm = read(tmp_path / name)
    assert worm.names == ("A", "B")
    assert edges(worm) == {("A", "B"): (3, 0)}
    assert gaps(worm) == [("B", "A", 2.0)]
    assert worm.attributes["region"] == ("lobe", "eye")


def test_node_link_json_is_read(tmp_path):
    networkx, graph = small()
    for key in ("links", "edges"):
        content = networkx.node_link_data(graph, edges=key)
        path = table(tmp_path / "g.json", json.dumps(content))
        assert detect(path) == "graph"
        worm = read(path)
        assert (worm.names, edges(worm)) == (("A", "B"), {("A", "B"): (3, 0)})
        assert gaps(worm) == [("B", "A", 2.0)]
        assert worm.attributes["size"].tolist() == [2.5, 1.0]


def test_a_real_circuit_survives(tmp_path):
    networkx = pytest.importorskip("networkx")
    worm = cc.load("celegans-haspel2011")
    networkx.write_gml(to_networkx(worm), tmp_path / "w.gml")
    back = read(tmp_path / "w.gml")
    assert edges(back) == edges(worm)
    assert sorted(gaps(back)) == sorted(gaps(worm))
    assert back.body.segment.tolist() == worm.body.segment.tolist()


LINK = '{"nodes": [{"id": 1}, {"id": 2}], "links": [%s], "directed": %s}'


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("g.gml", "graph [ node [ id", "cannot be read as gml"),
        ("g.gml", "", "cannot be read as gml|holds no cells"),
        ("g.gexf", "<!DOCTYPE a []><gexf/>", "has a document type"),
        ("g.json", LINK % ('{"source": 1, "target": 3}', "true"), "link 1 names 3, but there is"),
        ("g.json", LINK % ('{"source": [1], "target": 2}', "true"), r"link 1 names \[1\], but"),
        ("g.json", LINK % ("7", "true"), "'links' is not a list of objects"),
        ("g.json", LINK % ('{"source": 1, "target": 2}', "false"), "edge '1' -> '2' has no dir"),
        ("g.json", '{"nodes": [{"id": 1}, {"id": 1}], "links": []}', "node id 1 appears twice"),
        ("g.json", '{"nodes": [{"id": [1]}], "links": []}', "id of a node is a list"),
    ],
)
def test_bad_graphs_are_refused(tmp_path, name, text, message):
    pytest.importorskip("networkx")
    path = table(tmp_path / name, text)
    with pytest.raises(ConnectomeError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))


def test_directions_can_be_given_in_json_alone(tmp_path):
    text = LINK % ('{"source": 2, "target": 1, "value": 4}', "false")
    path = table(tmp_path / "g.json", text)
    assert edges(read(path, directed=True)) == {("2", "1"): (4, 0)}
    pytest.importorskip("networkx")
    path = table(
        tmp_path / "g.gml", "graph [ node [ id 1 ] node [ id 2 ] edge [ source 2 target 1 ] ]"
    )
    with pytest.raises(ConnectomeError, match="has no direction and is not a gap junction"):
        read(path, directed=True)


def test_labels_name_cells_if_they_differ(tmp_path):
    pytest.importorskip("networkx")
    text = (
        'graph [ directed 1 node [ id 1 label "x" ] node [ id 2 label "{}" ] '
        "edge [ source 1 target 2 ] ]"
    )
    assert read(table(tmp_path / "g.gml", text.format("y"))).names == ("x", "y")
    assert read(table(tmp_path / "g.gml", text.format("x"))).names == ("1", "2")
