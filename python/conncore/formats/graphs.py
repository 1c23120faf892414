"""Graphs with attributes: the code that GraphML and NetworkX share, and NetworkX itself.

The source of an edge is presynaptic, its target postsynaptic. All attributes are optional:

- of nodes: name, class, transmitter, role, segment, side;
- of edges: type (chemical or gap), weight, sign, sign_source;
- of the graph: name, citation, licence, source.

Other attributes of nodes become attributes of the cells. If one has the name of a field above, the
writer puts "attribute:" before the name. Parallel edges of a type are summed. If no edge has a
sign, a negative weight means inhibition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conncore.connectome import Connectome
from conncore.connectome.body import MAX_SEGMENT, BodyMap, place_problem
from conncore.connectome.labels import Labels
from conncore.errors import UsageError
from conncore.formats._build import Groups, make
from conncore.formats._files import INSTALL, Source
from conncore.formats.edges import SIGNS, TYPES

NODE_FIELDS = ("class", "transmitter", "role", "segment", "side")
PREFIX = "attribute:"
GRAPH_FIELDS = ("name", "citation", "licence", "source")


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """An edge between two nodes, and its line in the file, 0 if it has none."""

    pre: int
    post: int
    attributes: Mapping[str, Any]
    line: int = 0

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
    attributes: Mapping[str, Any],
) -> Connectome:
    """The connectome of a graph whose edges name nodes by their places."""
    given = any("sign" in edge.attributes for edge in edges)
    parsed = [_edge(source, edge, names, given) for edge in edges]
    pre = np.array([edge.pre for edge in edges], np.int32)
    post = np.array([edge.post for edge in edges], np.int32)
    kind = np.array([kind for kind, *_ in parsed], np.int8)
    weight = np.array([weight for _, weight, *_ in parsed], np.float64)
    sign = np.array([sign for *_, sign, _ in parsed], np.int8)
    origins = [origin for *_, origin in parsed]
    if not given and np.any(weight[kind == 0] < 0):
        sign = np.where(kind == 0, np.sign(weight), 0).astype(np.int8)
        weight = np.where(kind == 0, np.abs(weight), weight)
        origins = ["source"] * len(edges)
    parts = [np.flatnonzero(kind == code) for code in (0, 1)]
    groups = [Groups.of(pre[rows], post[rows], len(names)) for rows in parts]
    for k in groups[0].mixed(sign[parts[0]])[:1].tolist():
        rows = parts[0][groups[0].rows(k)]
        last = edges[rows[int(np.argmax(sign[rows] != sign[rows[0]]))]]
        raise source.error(
            f"{last.where(names)}: an earlier edge between these cells has another sign"
        )
    first = parts[0][groups[0].first]
    gap = np.argsort(parts[1][groups[1].first], kind="stable")
    gap_rows = parts[1][groups[1].first][gap]
    with np.errstate(over="ignore"):  # `make` refuses an infinite sum and names the edge
        sums = [group.sums(weight[rows]) for group, rows in zip(groups, parts, strict=True)]
    fields = {field: str(graph.get(field, "")) for field in GRAPH_FIELDS if field in graph}
    return make(
        source,
        **fields,
        pre=pre[first],
        post=post[first],
        weight=sums[0],
        sign=sign[first],
        sign_source=Labels.of([origins[k] for k in first.tolist()]),
        names=names,
        classes=[str(node.get("class", "")) for node in nodes],
        gap_pre=pre[gap_rows],
        gap_post=post[gap_rows],
        gap_weight=sums[1][gap],
        transmitters=[str(node.get("transmitter", "")) for node in nodes],
        body=_body(source, names, nodes),
        attributes=attributes,
    )


def _edge(
    source: Source, edge: GraphEdge, names: Sequence[str], given: bool
) -> tuple[int, float, int, str]:
    """Kind, weight, sign and origin of the sign."""
    attributes = edge.attributes
    kind = TYPES.get(str(attributes.get("type", "")).lower())
    if kind is None:
        message = f"unknown type {attributes['type']!r}; use chemical or gap"
        raise source.error(f"{edge.where(names)}: {message}")
    try:
        weight = float(attributes.get("weight", 1))
    except (TypeError, ValueError, OverflowError):
        message = f"the weight {attributes['weight']!r} is not a number"
        raise source.error(f"{edge.where(names)}: {message}") from None
    if not math.isfinite(weight) or weight == 0 or (weight < 0 and (given or kind == 1)):
        message = f"weight {weight} is not positive and finite; put signs in the attribute sign"
        raise source.error(f"{edge.where(names)}: {message}")
    word = str(attributes.get("sign", "")).lower().removesuffix(".0")
    sign = SIGNS.get(word)
    if sign is None or (sign and kind == 1):
        message = f"unknown sign {word!r}; use 1, -1 or 0, and none for a gap junction"
        raise source.error(f"{edge.where(names)}: {message}")
    return kind, weight, sign, str(attributes.get("sign_source", "source" if sign else "unknown"))


def _body(
    source: Source, names: Sequence[str], nodes: Sequence[Mapping[str, Any]]
) -> BodyMap | None:
    if not any(node.get("role") for node in nodes):
        return None
    places = []
    for name, node in zip(names, nodes, strict=True):
        role, side = str(node.get("role", "")), str(node.get("side", ""))
        try:
            segment = int(node.get("segment", -1))
        except (TypeError, ValueError, OverflowError):
            segment = MAX_SEGMENT + 1
        cell_class = str(node.get("class", ""))
        problem = place_problem(cell_class, role, max(segment, -1), side)
        if problem:
            raise source.error(f"cell {name!r}: {problem}")
        motor = cell_class if role == "motor" else ""
        places.append((motor, role, max(segment, -1), side))
    motors, roles, segments, sides = zip(*places, strict=True)
    return BodyMap(Labels.of(motors), Labels.of(roles), np.array(segments), Labels.of(sides))


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


def attribute_title(key: str) -> str:
    """The name of a cell attribute among the attributes of nodes."""
    taken = key.lower() in ("name", *NODE_FIELDS) or key.startswith(PREFIX)
    return f"{PREFIX}{key}" if taken else key


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


def from_networkx(graph: Any, *, name: str = "") -> Connectome:
    """Make a connectome from a NetworkX graph.

    Parameters
    ----------
    graph : networkx.DiGraph or MultiDiGraph
        A directed graph; an undirected graph may hold only gap junctions. The name of a cell is
        the node as text. This module's docstring lists the attributes.
    name : str
        The name of the connectome. If not given, it is the graph's own name.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If an attribute cannot be understood, with the edge or cell.
    """
    source = Source("graph", name or "graph", b"", 0)
    nodes = list(graph.nodes(data=True))
    names = [str(node) for node, _ in nodes]
    places = {node: i for i, (node, _) in enumerate(nodes)}
    edges = []
    for pre, post, attributes in graph.edges(data=True):
        edges.append(GraphEdge(places[pre], places[post], attributes))
        if not graph.is_directed() and TYPES.get(str(attributes.get("type", "")).lower()) != 1:
            edge = edges[-1].where(names)
            raise source.error(f"{edge} has no direction and is not a gap junction; give a DiGraph")
    fields = dict(graph.graph)
    if name or "name" not in fields:
        fields["name"] = source.name
    fields.setdefault("source", "NetworkX graph")
    found = [data for _, data in nodes]
    return connectome_of_graph(source, fields, names, found, edges, _node_columns(found))


def _node_columns(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The other attributes of nodes, as numbers if all values are numbers."""
    keys = dict.fromkeys(key for node in nodes for key in node if key not in NODE_FIELDS)
    columns: dict[str, Any] = {}
    for key in keys:
        values = [node.get(key) for node in nodes]
        numbers = all(isinstance(v, (int, float, np.number)) for v in values if v is not None)
        if numbers:
            column = np.array([math.nan if v is None else float(v) for v in values])
        else:
            column = np.array(["" if v is None else str(v) for v in values], np.object_)
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
