"""SONATA edges (HDF5): one population of edges, source_node_id to target_node_id.

Data sets below /edges/POPULATION: source_node_id (presynaptic), target_node_id, edge_group_id,
edge_group_index, and in the groups "0", "1", ... nsyns or another weight. edge_group_id and
edge_group_index say in which group, and in which row of this group, the weight of an edge lies. A
weight that a group lacks comes from the table of edge types, if you give one. Each edge is one
synapse, or nsyns synapses; the reader sums the edges of a pair. The name of a cell is its number.
If the source and target populations differ, the name of the population comes first: "lgn:7".
SONATA has no signs: if any weight is negative, a minus means inhibition; otherwise all signs are
unknown.
"""

from __future__ import annotations

import math
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.formats._build import Words, make, number_cells, signed, summed
from conncore.formats._files import Source, open_source
from conncore.formats._open_table import open_table
from conncore.formats._tables import number
from conncore.formats._worker import run_worker

ENDS = ("source_node_id", "target_node_id")
PLACES = ("edge_group_id", "edge_group_index")
TYPE = "edge_type_id"

Floats = NDArray[np.float64]


def read_sonata(
    path: str | PathLike[str],
    *,
    population: str | None = None,
    weight: str = "nsyns",
    edge_types: str | PathLike[str] | None = None,
) -> Connectome:
    """Read a connectome from a SONATA file of edges; needs h5py.

    Parameters
    ----------
    path : path
        The .h5 file of edges.
    population : str, optional
        The population of edges; needed if the file holds several.
    weight : str
        The attribute that gives the weights, for example "syn_weight". If neither a group nor the
        table of edge types has "nsyns", each edge counts 1.
    edge_types : path, optional
        The table of edge types: columns edge_type_id and `weight`, separated by blanks. It gives
        the weight of the edges whose group has none, as SONATA defines it.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If a file cannot be understood, or some edges have a weight and others have none.
    """
    source = open_source(path)
    known = run_worker(source, "hdf5", group="edges", datasets=None, most_rows=0)[0]["groups"]
    if population is None:
        if len(known) != 1:
            raise source.error(
                f"holds the populations {', '.join(known) or '(none)'}; name one with population"
            )
        population = known[0]
    elif population not in known:
        raise source.error(f"there is no population {population!r}; it has {', '.join(known)}")
    facts, arrays = run_worker(
        source,
        "hdf5",
        group=f"edges/{population}",
        datasets=[*ENDS, *PLACES, TYPE, f"*/{weight}"],
        most_rows=source.most_rows,
    )
    columns = dict(zip(facts["loaded"], arrays, strict=True))
    owners = [
        attributes.get("node_population", "")
        for name, attributes in zip(facts["loaded"], facts["attributes"], strict=True)
        if name in ENDS
    ]
    ends = [_ids(source, columns, name) for name in ENDS]
    if any(len(owner) > 100 for owner in owners):  # all cells repeat it
        raise source.error("the name of a node_population is longer than 100 characters")
    if len(set(owners)) > 1:
        ends = [
            Words(end.codes, [f"{owner}:{word}" for word in end.words])
            for end, owner in zip(ends, owners, strict=True)
        ]
    if len(ends[0]) != len(ends[1]):
        raise source.error(
            f"population {population!r} has {len(ends[0])} sources and {len(ends[1])} targets"
        )
    names, pre, post = number_cells(ends[0], ends[1])
    if not names:
        raise source.error(f"population {population!r} has no edges")
    values, missing = _group_weights(source, columns, weight, facts["groups"], len(pre))
    if edge_types is not None and missing.any():
        types = _integers(source, columns, TYPE, len(pre))[missing]
        values[missing] = _type_weights(edge_types, types, weight)
        missing[missing] = np.isnan(values[missing])
    if missing.all() and weight == "nsyns":
        values[:] = 1
        _say_what_was_not_used(source, population, facts["groups"])
    elif missing.any():
        raise source.error(_without_weight(columns, missing, population, weight))
    pre, post, total = summed(source, names, pre, post, values)
    size, sign = signed(total)
    return make(source, name=population, pre=pre, post=post, weight=size, sign=sign, names=names)


def _say_what_was_not_used(source: Source, population: str, groups: list[str]) -> None:
    """Warn if all weights are 1 although a group holds data sets that may be weights."""
    for key in [group for group in groups if group.isdecimal()][:1]:
        path = f"edges/{population}/{key}"
        request: dict[str, Any] = {"group": path, "datasets": None, "most_rows": 0}
        known = run_worker(source, "hdf5", **request)[0]["groups"]
        found = [name for name in known if "weight" in name or "syn" in name]
        if found:
            source.warn(
                f"population {population!r} has no nsyns, so each row counts 1; if "
                f"{', '.join(map(repr, found))} holds weights, use the option weight={found[0]}"
            )


def _ids(source: Source, columns: dict[str, NDArray[Any]], name: str) -> Words:
    values = columns.get(name)
    if values is None or values.ndim != 1 or values.dtype.kind not in "iu":
        raise source.error(f"has no list of integers {name}")
    numbers, codes = np.unique(values, return_inverse=True)
    return Words(codes.astype(np.int32), [str(value) for value in numbers.tolist()])


def _integers(
    source: Source, columns: dict[str, NDArray[Any]], name: str, n_edges: int
) -> NDArray[np.int64]:
    values = columns.get(name)
    if values is None or values.shape != (n_edges,) or values.dtype.kind not in "iu":
        raise source.error(f"has no list of {n_edges} integers {name}")
    return values.astype(np.int64)


def _group_weights(
    source: Source,
    columns: dict[str, NDArray[Any]],
    weight: str,
    groups: list[str],
    n_edges: int,
) -> tuple[Floats, NDArray[np.bool_]]:
    """The weight of each edge from its group, and where the group has none."""
    values = np.full(n_edges, math.nan)
    missing = np.ones(n_edges, bool)
    numbered = [group for group in groups if group.isdecimal()]
    if not any(name in columns for name in PLACES) and numbered in ([], ["0"]):
        # A population with one group may leave out where its edges lie.
        group, row = np.zeros(n_edges, np.int64), np.arange(n_edges)
        lengths = {len(column) for name, column in columns.items() if name == f"0/{weight}"}
        if lengths - {n_edges}:
            raise source.error(
                f"has {n_edges} edges, but {lengths.pop()} values of 0/{weight} and no "
                f"{PLACES[0]}, which would say to which edges they belong"
            )
        numbered = ["0"]
    else:
        group, row = (_integers(source, columns, name, n_edges) for name in PLACES)
    order = np.argsort(group, kind="stable")
    used, starts = np.unique(group[order], return_index=True)
    for key, edges in zip(used.tolist(), np.split(order, starts[1:]), strict=True):
        if str(key) not in numbered:
            raise source.error(
                f"edge {edges[0]} lies in group {key}, and there is no such group; it has "
                f"{', '.join(numbered[:20]) or 'none'}"
            )
        column = columns.get(f"{key}/{weight}")
        if column is None:
            continue
        if column.ndim != 1:
            raise source.error(f"{key}/{weight} is no list of numbers")
        outside = edges[(row[edges] < 0) | (row[edges] >= len(column))]
        if outside.size:
            raise source.error(
                f"edge {outside[0]} lies in row {row[outside[0]]} of group {key}, and "
                f"{key}/{weight} has {len(column)} rows"
            )
        values[edges] = column[row[edges]]
        missing[edges] = False
    return values, missing


def _type_weights(path: str | PathLike[str], types: NDArray[np.int64], weight: str) -> Floats:
    """The weight of each edge from the table of edge types; NaN if the table has none."""
    table = open_table(open_source(path), (TYPE, weight))
    title = table.find(weight, None)
    ids = table.names(table.need(TYPE)).tolist()
    words = [""] * len(ids) if title is None else table.words(title).tolist()
    rows = {word: row for row, word in enumerate(ids)}
    if len(rows) != len(ids):
        twice = next(row for row, word in enumerate(ids) if rows[word] != row)
        raise table.error(rows[ids[twice]], TYPE, f"edge type {ids[twice]} appears twice")
    wanted, codes = np.unique(types, return_inverse=True)
    found = np.full(len(wanted), math.nan)
    for k, key in enumerate(map(str, wanted.tolist())):
        if key not in rows:
            raise table.source.error(f"there is no edge type {key}, which the edges name")
        row = rows[key]
        if words[row] in ("", "NULL"):
            continue
        value = number(words[row])
        if value is None or not math.isfinite(value):
            raise table.error(row, str(title), f"{words[row]!r} is not a finite number")
        found[k] = value
    return found[codes]


def _without_weight(
    columns: dict[str, NDArray[Any]], missing: NDArray[np.bool_], population: str, weight: str
) -> str:
    """The message for edges without a weight."""
    edge = int(np.flatnonzero(missing)[0])
    group = int(columns[PLACES[0]][edge]) if PLACES[0] in columns else 0
    if missing.all():
        return (
            f"population {population!r} has no data set {group}/{weight}; name another weight, or "
            "give the table with the option edge_types"
        )
    return (
        f"group {group} of population {population!r} has no {weight}, but other edges have it; "
        "name another weight, or give the table with the option edge_types"
    )
