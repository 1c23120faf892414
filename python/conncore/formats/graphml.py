"""GraphML: edges from source, presynaptic, to target; attributes as in `conncore.formats.graphs`.

Attributes are found by their name (attr.name), in any case; a node's name is its attribute "name"
where it has one, else its id. An edge without direction must be a gap junction. Parallel edges of
a type are summed. Written files keep everything, and NetworkX and igraph read them.
"""

from __future__ import annotations

import io
from os import PathLike
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError
from conncore.formats._build import check_names
from conncore.formats._files import Source, open_source
from conncore.formats._xml import XmlReader
from conncore.formats.edges import TYPES
from conncore.formats.graphs import (
    GRAPH_FIELDS,
    NODE_FIELDS,
    GraphEdge,
    connectome_of_graph,
    edge_attributes,
    node_attributes,
)
from conncore.storage import write_atomically

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
FIELDS = {*GRAPH_FIELDS, *NODE_FIELDS, "type", "weight", "sign", "sign_source"}
EDGE_FIELDS = {"type": "string", "weight": "double", "sign": "int", "sign_source": "string"}


def read_graphml(path: str | PathLike[str]) -> Connectome:
    """Read a connectome from a GraphML file.

    Parameters
    ----------
    path : path
        The file, also gzipped. One with a document type is refused.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        With file and line, if the file cannot be understood.
    """
    source = open_source(path)
    reading = _Reading(source)
    reading.xml.parse(reading.start, reading.end)
    if not reading.ids:
        raise source.error("there are no nodes; is it GraphML?")
    ids = list(reading.ids)
    names = [str(node.get("name") or i) for i, node in zip(ids, reading.nodes, strict=True)]
    check_names(source, names, lambda k: f"node {ids[k]!r}")
    edges = []
    for line, pre, post, directed, attributes in reading.edges:
        where = f"line {line}"
        for end in (pre, post):
            if end not in reading.ids:
                raise source.error(f"{where}: an edge names {end!r}, but there is no such node")
        if not directed and TYPES.get(str(attributes.get("type", "")).lower()) != 1:
            raise source.error(
                f"{where}: an edge without direction is no chemical synapse; set "
                'edgedefault="directed", or its type to gap'
            )
        edges.append(GraphEdge(reading.ids[pre], reading.ids[post], attributes, line))
    graph = {"name": source.stem, "source": source.label} | reading.graph
    return connectome_of_graph(source, graph, names, reading.nodes, edges)


class _Reading:
    """What has been read so far."""

    def __init__(self, source: Source) -> None:
        self.xml = XmlReader(source)
        self.titles: dict[str, str] = {}
        self.defaults: dict[str, dict[str, str]] = {"graph": {}, "node": {}, "edge": {}}
        self.graph: dict[str, Any] = {}
        self.ids: dict[str, int] = {}
        self.nodes: list[dict[str, str]] = []
        self.edges: list[tuple[int, str, str, bool, dict[str, str]]] = []
        self.directed = True
        self.key = ""
        self.key_for = ""
        self.open: list[dict[str, Any]] = []  # the graph, node or edge that data belong to

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "key":
            self.key = attributes.get("id", "")
            self.key_for = attributes.get("for", "all")
            self.titles[self.key] = attributes.get("attr.name", self.key).lower()
        elif name == "data":
            self.key = attributes.get("key", "")
        elif name == "graph":
            self.directed = attributes.get("edgedefault", "directed") != "undirected"
            self.open.append(self.graph)
        elif name == "node":
            self._start_node(attributes)
        elif name == "edge":
            self._start_edge(attributes)

    def _start_node(self, attributes: dict[str, str]) -> None:
        node = attributes.get("id", "")
        if not node or node in self.ids:
            raise self.xml.error(f"the node id {node!r} is empty or stands there twice")
        self.xml.source.check_rows(len(self.nodes))
        self.ids[node] = len(self.nodes)
        self.nodes.append(dict(self.defaults["node"]))
        self.open.append(self.nodes[-1])

    def _start_edge(self, attributes: dict[str, str]) -> None:
        pre, post = (attributes.get(end, "") for end in ("source", "target"))
        directed = attributes.get("directed", "true" if self.directed else "false") == "true"
        line = self.xml.line
        self.xml.source.check_rows(len(self.edges))
        self.edges.append((line, pre, post, directed, dict(self.defaults["edge"])))
        self.open.append(self.edges[-1][-1])

    def end(self, name: str, text: str) -> None:
        title = self.titles.get(self.key, self.key.lower())
        if name in ("data", "default") and title not in FIELDS:
            return
        if name == "data" and self.open:
            self.open[-1][title] = text
        elif name == "default" and self.key_for in self.defaults:
            self.defaults[self.key_for][title] = text
        elif name in ("graph", "node", "edge") and self.open:
            self.open.pop()


def write_graphml(connectome: Connectome, path: str | PathLike[str]) -> str:
    """Write everything about a connectome as GraphML.

    Returns
    -------
    str
        What was dropped: "", nothing.

    Raises
    ------
    ConnectomeError
        If a text holds a character that XML has no way to write.
    """
    out = io.StringIO()
    out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="{NAMESPACE}">\n')
    for domain, fields in (
        ("graph", dict.fromkeys(GRAPH_FIELDS, "string")),
        ("node", dict.fromkeys(NODE_FIELDS, "string") | {"segment": "int"}),
        ("edge", EDGE_FIELDS),
    ):
        for field, kind in fields.items():
            key = f'id="{domain}_{field}" for="{domain}" attr.name="{field}" attr.type="{kind}"'
            out.write(f"  <key {key}/>\n")
    out.write('  <graph edgedefault="directed">\n')
    graph = {field: getattr(connectome, field) for field in GRAPH_FIELDS}
    out.write(_data("graph", graph))
    names = [quoteattr(name) for name in connectome.names]
    for name, attributes in zip(names, node_attributes(connectome), strict=True):
        out.write(f"    <node id={name}>{_data('node', attributes)}</node>\n")
    for i, j, attributes in edge_attributes(connectome):
        ends = f"source={names[i]} target={names[j]}"
        out.write(f"    <edge {ends}>{_data('edge', attributes)}</edge>\n")
    out.write("  </graph>\n</graphml>\n")
    text = out.getvalue()
    wrong = next((c for c in text if not _has_xml(c)), "")
    if wrong:
        raise ConnectomeError(
            f"{path}: a text of the connectome holds {wrong!r}, which XML cannot; write .npz"
        )
    write_atomically(Path(path), text.encode())
    return ""


def _has_xml(character: str) -> bool:
    code = ord(character)
    return (
        code in (9, 10, 13)
        or (code > 31 and not 0xD800 <= code < 0xE000 and code < 0xFFFE)
        or (code > 0xFFFF)
    )


def _data(domain: str, attributes: dict[str, Any]) -> str:
    # A carriage return as such would come back as a line feed.
    return "".join(
        f'<data key="{domain}_{field}">'
        + escape(repr(value) if isinstance(value, float) else str(value), {"\r": "&#13;"})
        + "</data>"
        for field, value in attributes.items()
    )
