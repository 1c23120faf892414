"""Rows of edges, from a table or a graph, become a connectome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.annotate import CellTable
from conncore.errors import DuplicateEdgesError
from conncore.formats._build import Groups, make
from conncore.formats._edge_columns import EdgeRows, Ends, count_rows
from conncore.formats._edge_options import EdgeOptions
from conncore.formats._tables import Table


def connectome_of_table(
    table: Table, options: EdgeOptions, known: CellTable | None, name: str
) -> Connectome:
    """The result of `connectome_of_edges`; its error names the option that adds weights."""
    try:
        return connectome_of_edges(table, options, known, name=name)
    except DuplicateEdgesError as error:
        raise DuplicateEdgesError(
            f"{error}; merge them, or use the option duplicates=sum to add their weights"
        ) from None


def connectome_of_edges(
    table: Table,
    options: EdgeOptions,
    known: CellTable | None = None,
    ends: Ends | None = None,
    **fields: Any,
) -> Connectome:
    """The connectome of a table with one edge per row.

    Parameters
    ----------
    table : Table
        The edges. Without a column of types all are chemical, without weights all weights are 1,
        without signs all signs are unknown.
    options : EdgeOptions
    known : CellTable, optional
        The cells.
    ends : Ends, optional
        The ends of the edges of a graph; without, the table has columns of them. An edge of a
        graph without a weight counts 1, and a minus means inhibition if no edge has a sign.
    **fields
        Texts of the connectome, such as its name.

    Raises
    ------
    DuplicateEdgesError
        If several rows give the same edge and `options.duplicates` is "error".
    ConnectomeError
        If the table cannot be understood.
    """
    rows = EdgeRows(table, options, ends)
    rows.keep_where()
    rows.find_kinds()
    rows.leave_out_missing()
    table, source = rows.table, table.source
    if known is None and ends is None and not table.n_rows:
        raise source.error("there are no edges below the line of column names")
    names, pre, post = rows.cells(known)
    kind, weight, sign = rows.kind, *rows.weights_and_signs()
    there = np.flatnonzero(weight != 0)
    if len(there) < len(weight):
        zero = np.flatnonzero(weight == 0)
        place = table.where(int(zero[0]))
        source.warn(f"{count_rows(zero.size, table)} of weight 0 gave no edge (first: {place})")
    parts = [there[kind[there] == code] for code in (0, 1)]
    groups = [Groups.of(pre[part], post[part], len(names)) for part in parts]
    pairs = [(group, part) for group, part in zip(groups, parts, strict=True)]

    def edge_of(row: int) -> str:
        return f"{names[pre[row]]!r} -> {names[post[row]]!r}"

    for group, part in pairs:
        for edge in group.mixed(sign[part])[:1].tolist():
            same = part[group.rows(edge)]
            upto = int(np.argmax(sign[same] != sign[same[0]])) + 1
            lines = table.list_rows(same[:upto].tolist())
            raise source.error(f"{lines} give edge {edge_of(same[0])} different signs")
    if any((group.counts > 1).any() for group, _ in pairs):
        if options.duplicates == "error":
            _refuse_duplicates(table, pairs, kind, edge_of)
        rows.say_what_differs(pairs)
    with np.errstate(over="ignore"):  # `make` refuses an infinite sum and names the edge
        sums = [group.sums(weight[part]) for group, part in pairs]
    first = [part[group.first] for group, part in pairs]
    in_file_order = np.argsort(first[1], kind="stable")
    gap = first[1][in_file_order]
    origins = rows.sign_sources()
    connectome = make(
        source,
        **fields,
        pre=pre[first[0]],
        post=post[first[0]],
        weight=sums[0],
        sign=sign[first[0]],
        sign_source=None if origins is None else origins.take(first[0]),
        names=names,
        gap_pre=pre[gap],
        gap_post=post[gap],
        gap_weight=sums[1][in_file_order],
    )
    rows.say_what_was_not_used()
    return connectome if known is None else connectome.annotate(known)


def _refuse_duplicates(
    table: Table,
    pairs: Sequence[tuple[Groups, NDArray[np.integer]]],
    kind: NDArray[np.int8],
    edge_of: Callable[[int], str],
) -> None:
    repeated = [
        part[group.rows(edge)]
        for group, part in pairs
        for edge in np.flatnonzero(group.counts > 1).tolist()
    ]
    same = min(repeated, key=lambda rows: int(rows[0]))
    more = f" (and {len(repeated) - 1} more edges are repeated)" if repeated[1:] else ""
    what = ("chemical", "gap")[kind[same[0]]]
    raise DuplicateEdgesError(
        f"{table.source.label}: {table.list_rows(same.tolist())} give the same {what} edge "
        f"{edge_of(same[0])}{more}"
    )
