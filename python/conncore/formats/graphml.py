"""GraphML: edges from source, presynaptic, to target; attributes as in `conncore.formats.graphs`.

The reader finds attributes by name (attr.name), in any case. The name of a cell is the node's
attribute "name", or else its id. Other attributes of nodes become attributes of the cells. The
reader sums parallel edges of a type. The writer keeps everything, and NetworkX and igraph can read
its files.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from conncore.connectome import Connectome
from conncore.connectome.attributes import PREFIX, attribute_title
from conncore.connectome.labels import Labels
from conncore.errors import ConnectomeError
from conncore.formats._build import check_names
from conncore.formats._edge_options import edge_options
from conncore.formats._files import Source, open_source
from conncore.formats._tables import number
from conncore.formats._vocabulary import MISSING, normal_word
from conncore.formats._xml import XmlReader
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
NUMBERS = ("int", "long", "float", "double")
EDGE_FIELDS = {"type": "string", "weight": "double", "sign": "int", "sign_source": "string"}
FIELDS = {"graph": {*GRAPH_FIELDS}, "node": {"name", *NODE_FIELDS}, "edge": {*EDGE_FIELDS}}
ALL_FIELDS = set().union(*FIELDS.values())


def read_graphml(
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
    """Read a connectome from a GraphML file.

    Parameters
    ----------
    path : path
        The file, also gzipped. The reader refuses a document type.
    weight, type, sign, type_map, ignore, where
        What the attributes of edges mean, as the columns of `conncore.formats.read_edges`.
    directed : bool
        Whether edges without direction run from source to target. If not, the reader refuses
        them, unless the file calls them gap junctions. Where it calls them chemical, a
        `ConnectomeWarning` says that they were read from source to target.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        With file and line, if the file cannot be understood.
    """
    options = edge_options(
        weight=weight, type=type, sign=sign, type_map=type_map, ignore=ignore, where=where
    )
    source = open_source(path)
    reading = _Reading(source)
    reading.xml.parse(reading.start, reading.end)
    if not reading.ids:
        raise source.error("there are no nodes; is it GraphML?")
    ids = list(reading.ids)
    names = [str(node.get("name") or i) for i, node in zip(ids, reading.nodes, strict=True)]
    check_names(source, names, lambda k: f"node {ids[k]!r}")
    edges = []
    for line, pre, post, is_directed, attributes in reading.edges:
        for end in (pre, post):
            if end not in reading.ids:
                message = f"an edge names {end!r}, but there is no such node"
                raise source.error(f"line {line}: {message}")
        ends = reading.ids[pre], reading.ids[post]
        edges.append(GraphEdge(*ends, attributes, line, is_directed))
    return connectome_of_graph(
        source,
        {"name": source.stem, "source": source.label} | reading.graph,
        names,
        reading.nodes,
        edges,
        options,
        directed=directed,
        columns=reading.columns(ids),
    )


class _Reading:
    """Collects nodes, edges and attributes while the file is read."""

    def __init__(self, source: Source) -> None:
        self.xml = XmlReader(source)
        self.titles: dict[str, str] = {}
        self.others: dict[str, bool] = {}  # attributes of nodes; True for numbers
        self.defaults: dict[str, dict[str, str]] = {"graph": {}, "node": {}, "edge": {}}
        self.other_defaults: dict[str, str] = {}
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
            title = attributes.get("attr.name", self.key)
            if title.lower() in FIELDS.get(self.key_for, ALL_FIELDS):
                self.titles[self.key] = title.lower()
            elif self.key_for != "graph" and title:
                self.titles[self.key] = title
                if self.key_for != "edge":
                    self.others[title] = attributes.get("attr.type") in NUMBERS
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
            raise self.xml.error(f"the node id {node!r} is empty or appears twice")
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
        title = self.titles.get(self.key, "")
        if name == "data" and self.open and title:
            self.open[-1][title] = text
        elif name == "default" and title:
            for domain in self.defaults if self.key_for == "all" else (self.key_for,):
                if domain == "node" and title in self.others:
                    self.other_defaults[title] = text
                else:
                    self.defaults.setdefault(domain, {})[title] = text
        elif name in ("graph", "node", "edge") and self.open:
            self.open.pop()

    def columns(self, ids: list[str]) -> dict[str, Any]:
        """The attributes of nodes that are no fields, a column each."""
        if len(self.others) * len(ids) > 10 * self.xml.source.most_rows:
            raise self.xml.source.error(f"{len(self.others)} attributes of nodes are too many")
        columns: dict[str, Any] = {}
        for title, is_number in self.others.items():
            default = self.other_defaults.get(title, "nan" if is_number else "")
            words = [node.get(title, default) for node in self.nodes]
            key = title.removeprefix(PREFIX)
            if not key:
                continue
            if not is_number:
                columns[key] = words
                continue
            values = [math.nan if _is_missing(word) else number(word) for word in words]
            if None in values:
                k = values.index(None)
                message = f"node {ids[k]!r}: {title} is {words[k]!r:.40}, not a number"
                raise self.xml.source.error(message)
            columns[key] = np.array(values, np.float64)
        return columns


def _is_missing(word: str) -> bool:
    return normal_word(word) in MISSING


def write_graphml(connectome: Connectome, path: str | PathLike[str]) -> str:
    """Write everything about a connectome as GraphML.

    Returns
    -------
    str
        "": GraphML leaves nothing out.

    Raises
    ------
    ConnectomeError
        If a text holds a character that XML cannot contain.
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
    for k, (key, values) in enumerate(connectome.attributes.items()):
        kind = "string" if isinstance(values, Labels) else "double"
        title = quoteattr(attribute_title(key))
        out.write(f'  <key id="cell_{k}" for="node" attr.name={title} attr.type="{kind}"/>\n')
    out.write('  <graph edgedefault="directed">\n')
    graph = {field: getattr(connectome, field) for field in GRAPH_FIELDS}
    out.write(_data("graph", graph))
    names = [quoteattr(name) for name in connectome.names]
    columns = list(connectome.attributes.values())
    for i, attributes in enumerate(node_attributes(connectome)):
        more = {str(k): c[i] for k, c in enumerate(columns) if c[i] != "" and c[i] == c[i]}
        data = _data("node", attributes) + _data("cell", more)
        out.write(f"    <node id={names[i]}>{data}</node>\n")
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
    # XML readers turn a plain carriage return into a line feed.
    return "".join(
        f'<data key="{domain}_{field}">'
        + escape(repr(float(value)) if isinstance(value, float) else str(value), {"\r": "&#13;"})
        + "</data>"
        for field, value in attributes.items()
    )
