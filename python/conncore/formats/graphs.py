"""Graphs with attributes: the code that GraphML, other graph files and NetworkX share.

The source of an edge is presynaptic, its target postsynaptic. All attributes are optional:

- of nodes: name, class, transmitter, role, segment, side;
- of edges: type (chemical or gap), weight, sign under their usual names, and sign_source;
- of the graph: name, citation, licence, source.

Other attributes of nodes become attributes of the cells, and so do role, segment and side if they
are no body map, see `conncore.formats.cells`. If an attribute has the name of a field above, the
writer puts "attribute:" before the name. Parallel edges of a type are summed. An edge without a
weight counts 1. If no edge has a sign, a negative weight means inhibition.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conncore.connectome import Connectome
from conncore.connectome.annotate import CellTable
from conncore.connectome.attributes import PREFIX, attribute_title
from conncore.connectome.body import MAX_SEGMENT
from conncore.connectome.labels import Labels
from conncore.errors import UsageError
from conncore.formats._edge_columns import Ends
from conncore.formats._edge_options import EdgeOptions, edge_options
from conncore.formats._edge_rows import connectome_of_edges
from conncore.formats._files import INSTALL, Source
from conncore.formats._tables import table_of_columns, text_of
from conncore.formats.cells import BODY, body_of

NODE_FIELDS = ("class", "transmitter", *BODY)
GRAPH_FIELDS = ("name", "citation", "licence", "source")


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """An edge between two nodes, and its line in the file, 0 if it has none."""

    pre: int
    post: int
    attributes: Mapping[str, Any]
    line: int = 0
    directed: bool = True

    def where(self, names: Sequence[str]) -> str:
        """The name of the edge in messages."""
        ends = f"edge {names[self.pre]!r} -> {names[self.post]!r}"
        return f"line {self.line}, {ends}" if self.line else ends


def connectome_of_graph(
    source: Source,
    graph: Mapping[str, Any],
    names: Sequence[str],
    nodes: Sequence[Mapping[str, Any]],
    edges: Sequence[GraphEdge],
    options: EdgeOptions,
    *,
    directed: bool = False,
    ordered: bool = True,
    columns: Mapping[str, Any] | None = None,
) -> Connectome:
    """The connectome of a graph whose edges name nodes by their places.

    Parameters
    ----------
    source : Source
        The file in messages.
    graph : mapping
        The fields of the graph, by `GRAPH_FIELDS`.
    names, nodes : sequences, (n_cells,)
        The name and the attributes of each cell.
    edges : sequence of GraphEdge
    options : EdgeOptions
        What the attributes of edges mean.
    directed, ordered : bool
        Whether edges without direction run from source to target by the caller's word, and
        whether the source of such an edge is the one that the file names first.
    columns : mapping, optional
        The other attributes of the cells. If not given, they are those of `nodes`.
    """
    titles = dict.fromkeys(str(key) for edge in edges for key in edge.attributes)
    if len(titles) * len(edges) > 100 * source.most_rows:
        raise source.error(f"{len(titles)} attributes of edges are too many")
    lined = bool(edges) and bool(edges[0].line)
    table = table_of_columns(
        source,
        {title: [text_of(edge.attributes.get(title)) for edge in edges] for title in titles},
        len(edges),
        column_word="attribute",
        row_word="edge",
        row_name=lambda row: edges[row].where(names),
        lines=(lambda rows: [edges[row].line for row in rows]) if lined else None,
    )
    ends = Ends(
        names,
        np.array([edge.pre for edge in edges], np.int32),
        np.array([edge.post for edge in edges], np.int32),
        np.array([not edge.directed for edge in edges], np.bool_),
        directed,
        ordered,
    )
    fields: dict[str, Any] = {key: str(graph[key]) for key in GRAPH_FIELDS if key in graph}
    options = replace(options, duplicates="sum")
    connectome = connectome_of_edges(table, options, ends=ends, **fields)
    others = node_columns(nodes) if columns is None else columns
    return connectome.annotate(_cells(source, names, nodes, others))


def _cells(
    source: Source,
    names: Sequence[str],
    nodes: Sequence[Mapping[str, Any]],
    others: Mapping[str, Any],
) -> CellTable:
    def words(field: str) -> list[str]:
        return [text_of(node.get(field)) for node in nodes]

    place = {field: words(field) for field in BODY}
    segments = [_segment(word) for word in place["segment"]]
    body = None
    if all(any(place[field]) for field in BODY):
        body = body_of(place["role"], segments, place["side"])
    kept: dict[str, Any] = {key: column for key, column in place.items() if any(column)}
    kept = {} if body is not None else kept
    if "segment" in kept and all(-1 <= segment <= MAX_SEGMENT for segment in segments):
        kept["segment"] = np.array([math.nan if s < 0 else s for s in segments])
    return CellTable(
        names=names,
        classes=Labels.of(words("class")),
        transmitters=Labels.of(words("transmitter")),
        body=body,
        attributes={**kept, **others},
        source=source.label,
        where=lambda row: f"cell {names[row]!r}",
    )


def _segment(word: str) -> int:
    """The segment in a word, -1 if it is empty; a wrong one is too high, so that it is refused."""
    try:
        return max(int(float(word)), -1) if word else -1
    except (ValueError, OverflowError):
        return MAX_SEGMENT + 1


def node_attributes(connectome: Connectome) -> list[dict[str, str | int]]:
    """The fields of each cell that are not empty, by `NODE_FIELDS`."""
    body = connectome.body
    nodes = []
    for i in range(connectome.n_cells):
        node: dict[str, str | int] = {
            "class": connectome.classes[i],
            "transmitter": connectome.transmitters[i],
        }
        if body is not None:
            node |= {"role": body.role[i], "side": body.side[i], "segment": int(body.segment[i])}
        nodes.append({key: value for key, value in node.items() if value not in ("", -1)})
    return nodes


def edge_attributes(connectome: Connectome) -> list[tuple[int, int, dict[str, Any]]]:
    """All edges with their attributes, chemical ones first."""
    edges: list[tuple[int, int, dict[str, Any]]] = []
    columns = (connectome.pre, connectome.post, connectome.weight, connectome.sign)
    rows = zip(*(column.tolist() for column in columns), connectome.sign_source, strict=True)
    for i, j, weight, sign, origin in rows:
        edge = {"type": "chemical", "weight": weight, "sign": sign, "sign_source": origin}
        edges.append((i, j, edge))
    gaps = (connectome.gap_pre, connectome.gap_post, connectome.gap_weight)
    for i, j, weight in zip(*(column.tolist() for column in gaps), strict=True):
        edges.append((i, j, {"type": "gap", "weight": weight}))
    return edges


def from_networkx(
    graph: Any,
    *,
    name: str = "",
    weight: str | None = None,
    type: str | None = None,
    sign: str | None = None,
    type_map: str | Mapping[str, str] | None = None,
    ignore: str | Iterable[str] | None = None,
    where: str | Iterable[str] | Mapping[str, str | Iterable[str]] | None = None,
) -> Connectome:
    """Make a connectome from a NetworkX graph.

    Parameters
    ----------
    graph : networkx.DiGraph or MultiDiGraph
        A directed graph; an undirected graph may hold only gap junctions. The name of a cell is
        the node as text. This module's docstring lists the attributes.
    name : str
        The name of the connectome. If not given, it is the graph's own name.
    weight, type, sign, type_map, ignore, where
        What the attributes of edges mean, as the columns of `conncore.formats.read_edges`.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If an attribute cannot be understood, with the edge or cell.

    Examples
    --------
    >>> import networkx
    >>> graph = networkx.DiGraph()
    >>> graph.add_edge("A", "B", weight=3)
    >>> pair = cc.from_networkx(graph, name="pair")
    >>> pair.names, pair.weight
    (('A', 'B'), array([3.]))
    """
    source = Source("graph", name or "graph", b"", 0)
    nodes = list(graph.nodes(data=True))
    places = {node: i for i, (node, _) in enumerate(nodes)}
    directed = graph.is_directed()
    edges = [
        GraphEdge(places[pre], places[post], attributes, directed=directed)
        for pre, post, attributes in graph.edges(data=True)
    ]
    fields = dict(graph.graph)
    if name or "name" not in fields:
        fields["name"] = source.name
    fields.setdefault("source", "NetworkX graph")
    options = edge_options(
        weight=weight, type=type, sign=sign, type_map=type_map, ignore=ignore, where=where
    )
    names = [str(node) for node, _ in nodes]
    found = [data for _, data in nodes]
    return connectome_of_graph(source, fields, names, found, edges, options, ordered=False)


def node_columns(nodes: Sequence[Mapping[str, Any]], but: Sequence[str] = ()) -> dict[str, Any]:
    """The other attributes of nodes, as numbers if all values are numbers."""
    skipped = {*NODE_FIELDS, *but}
    keys = dict.fromkeys(key for node in nodes for key in node if key not in skipped)
    columns: dict[str, Any] = {}
    for key in keys:
        values = [node.get(key) for node in nodes]
        numbers = all(isinstance(v, (int, float, np.number)) for v in values if v is not None)
        if numbers:
            column = np.array([math.nan if v is None else float(v) for v in values])
        else:
            column = np.array([text_of(v) for v in values], np.object_)
        columns[str(key).removeprefix(PREFIX)] = column
    return columns


def to_networkx(connectome: Connectome) -> Any:
    """Make a NetworkX graph of a connectome; `from_networkx` is the inverse.

    The graph keeps everything except the order of gap junctions: NetworkX lists edges cell by cell.

    Parameters
    ----------
    connectome : Connectome
        The connectome.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes are cell names. This module's docstring lists the attributes.

    Raises
    ------
    UsageError
        If networkx is not installed.

    Examples
    --------
    >>> graph = cc.to_networkx(cc.load("celegans-haspel2011"))
    >>> graph.number_of_nodes(), graph.number_of_edges()
    (102, 497)
    """
    try:
        import networkx
    except ImportError:
        raise UsageError(f"a NetworkX graph needs networkx; {INSTALL}") from None
    graph = networkx.MultiDiGraph()
    graph.graph.update({field: getattr(connectome, field) for field in GRAPH_FIELDS})
    names = connectome.names
    nodes: list[dict[str, Any]] = [*node_attributes(connectome)]
    for key, values in connectome.attributes.items():
        title = attribute_title(key)
        for node, value in zip(nodes, values, strict=True):
            node[title] = value if isinstance(value, str) else float(value)
    graph.add_nodes_from(zip(names, nodes, strict=True))
    graph.add_edges_from((names[i], names[j], a) for i, j, a in edge_attributes(connectome))
    return graph
