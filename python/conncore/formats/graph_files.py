"""Other files of graphs: GML, Pajek, GEXF, and JSON in node-link form.

The attributes are those of `conncore.formats.graphs`. NetworkX reads GML (.gml), Pajek (.net, .paj)
and GEXF (.gexf). Node-link JSON is what NetworkX's `node_link_data` writes and D3 reads: "nodes", a
list of objects with an "id", and "links" or "edges", a list of objects with "source" and "target".
A cell is called by its label, or else its name or id. If labels are not unique, ids are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from conncore.connectome import Connectome
from conncore.formats._edge_options import edge_options
from conncore.formats._files import Source, open_source
from conncore.formats._json import parse_json
from conncore.formats._worker import run_worker
from conncore.formats.graphs import GRAPH_FIELDS, GraphEdge, connectome_of_graph, node_columns

#: The ends of the names of files that NetworkX reads.
GRAPHS = {".gml": "gml", ".net": "pajek", ".paj": "pajek", ".gexf": "gexf"}


def read_graph(
    path: str | PathLike[str],
    *,
    weight: str | None = None,
    type: str | None = None,
    sign: str | None = None,
    type_map: str | Mapping[str, str] | None = None,
    ignore: str | Iterable[str] | None = None,
    where: str | Iterable[str] | Mapping[str, str | Iterable[str]] | None = None,
    directed: bool = False,
) -> Connectome:
    """Read a connectome from a GML, Pajek, GEXF or node-link JSON file.

    Parameters
    ----------
    path : path
        The file: .gml, .net, .paj, .gexf or .json. All but JSON need networkx.
    weight, type, sign, type_map, ignore, where
        What the attributes of edges mean, as the columns of `conncore.formats.read_edges`.
    directed : bool
        Whether edges without direction run from source to target, in JSON. NetworkX does not keep
        their order in the other files, so they may only be gap junctions there.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If the file cannot be understood, or networkx is not installed.
    """
    options = edge_options(
        weight=weight, type=type, sign=sign, type_map=type_map, ignore=ignore, where=where
    )
    source = open_source(path)
    ordered = source.suffix == ".json"
    graph, ids, nodes, edges = _node_link(source) if ordered else _by_networkx(source)
    names = _names(ids, nodes)
    fields = {key: graph[key] for key in GRAPH_FIELDS if graph.get(key)}
    return connectome_of_graph(
        source,
        {"name": source.stem, "source": source.label} | fields,
        names,
        nodes,
        edges,
        options,
        directed=directed,
        ordered=ordered,
        columns=node_columns(nodes, but=("id", "name", "label")),
    )


def _by_networkx(
    source: Source,
) -> tuple[dict[str, Any], list[str], list[dict[str, Any]], list[GraphEdge]]:
    kind = GRAPHS.get(source.suffix)
    if kind is None:
        known = ", ".join((*GRAPHS, ".json"))
        raise source.error(f"is not a file of a graph; its name ends in one of {known}")
    if kind == "gexf" and b"<!DOCTYPE" in source.content:
        raise source.error("has a document type, which conncore refuses; remove it")
    facts, _ = run_worker(source, kind, most_rows=source.most_rows)
    edges = [
        GraphEdge(pre, post, attributes, directed=facts["directed"])
        for pre, post, attributes in facts["edges"]
    ]
    return facts["graph"], facts["ids"], facts["nodes"], edges


def _node_link(
    source: Source,
) -> tuple[dict[str, Any], list[str], list[dict[str, Any]], list[GraphEdge]]:
    content = parse_json(source)
    content = content if isinstance(content, dict) else {}
    nodes = _objects(source, "nodes", content.get("nodes"))
    links = _objects(source, "links", content.get("links", content.get("edges")))
    ids = [node.get("id", node.get("name", k)) for k, node in enumerate(nodes)]
    if any(isinstance(i, (list, dict)) for i in ids):
        raise source.error("the id of a node is a list or an object; use a text or a number")
    places = {i: k for k, i in enumerate(ids)}
    if len(places) < len(ids):
        twice = next(i for k, i in enumerate(ids) if places[i] != k)
        raise source.error(f"the node id {twice!r} appears twice")
    directed = bool(content.get("directed", True))
    edges = []
    for k, link in enumerate(links):
        ends = [link.get(end) for end in ("source", "target")]
        for end in ends:
            if isinstance(end, (list, dict)) or end not in places:
                raise source.error(f"link {k + 1} names {end!r:.40}, but there is no such node")
        attributes = {
            key: value for key, value in link.items() if key not in ("source", "target", "key")
        }
        edges.append(GraphEdge(places[ends[0]], places[ends[1]], attributes, directed=directed))
    fields = content.get("graph")
    return (fields if isinstance(fields, dict) else {}), list(map(str, ids)), nodes, edges


def _objects(source: Source, key: str, items: Any) -> list[dict[str, Any]]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise source.error(f"{key!r} is not a list of objects; this is no graph in node-link form")
    source.check_rows(len(items))
    return items


def _names(ids: list[str], nodes: list[dict[str, Any]]) -> list[str]:
    """A label, name or id for each node, whichever first differs for all of them."""
    for key in ("label", "name"):
        words = [str(node.get(key, "")) for node in nodes]
        if all(words) and len(set(words)) == len(words):
            return words
    return ids
