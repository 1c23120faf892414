"""flyvis's cell types of the fly's optic lobe (JSON), tiled over a hexagonal eye.

Nodes: name and pattern (stride, tile or single). Edges: src (presynaptic), tar (postsynaptic),
alpha (the sign) and offsets, a list of [[du, dv], synapses]. A cell of type src in column (u, v)
sends to the cell of type tar in column (u + du, v + dv). Cells are called TYPE_u_v, and their class
is the type. An edge lists each offset once. The reader sums edges between the same types that have
the same sign.
"""

from __future__ import annotations

import math
from os import PathLike
from typing import Any

import numpy as np

from conncore.connectome import Connectome
from conncore.errors import UsageError
from conncore.formats._build import Groups, make
from conncore.formats._files import Source, open_source
from conncore.formats._json import load_json

#: An eye has fewer columns on a side; flyvis itself uses 15.
MOST_EXTENT = 100


def read_flyvis(path: str | PathLike[str], *, extent: int = 1, fill: float = 0.0) -> Connectome:
    """Read a connectome from cell types and tile it.

    Parameters
    ----------
    path : path
        A .json file of flyvis, also gzipped.
    extent : int
        Columns from the middle to the border: 0 gives one column, 1 gives 7, 2 gives 19.
    fill : float
        Number of synapses at offsets that the data leave out and that lie inside the convex hull
        of an edge's offsets. 0 adds none. flyvis itself uses 1.

    Returns
    -------
    Connectome
        Attributes: "u" and "v", the column of each cell, and "unit": "input", "output" or "", as
        the file lists the types.

    Raises
    ------
    ConnectomeError
        With file and node or edge, if the file cannot be understood.
    UsageError
        If `extent` or `fill` is out of range.
    """
    if not 0 <= extent <= MOST_EXTENT or not 0 <= fill < math.inf:
        raise UsageError(f"extent must be from 0 to {MOST_EXTENT}, and fill at least 0")
    source = open_source(path)
    nodes, edges, *units = load_json(
        source, ("nodes", "edges"), optional=("input_units", "output_units")
    )
    cells: dict[tuple[str, int, int], int] = {}
    by_type: dict[str, list[tuple[int, int]]] = {}
    for k, node in enumerate(_list(source, "nodes", nodes)):
        name, columns = _columns(source, k, node, extent)
        if name in by_type:
            raise source.error(f"node {k} (counted from 0): the type {name!r} appears twice")
        by_type[name] = columns
        for u, v in columns:
            cells[name, u, v] = len(cells)
        source.check_rows(len(cells))
    pre: list[int] = []
    post: list[int] = []
    weight: list[float] = []
    sign: list[int] = []
    for k, edge in enumerate(_list(source, "edges", edges)):
        src, tar, alpha, offsets = _edge(source, k, edge, by_type)
        if fill and len(offsets) > 2:
            offsets |= dict.fromkeys(hull_gaps(list(offsets), source), fill)
        for (du, dv), synapses in offsets.items():
            if not synapses:
                continue
            for u, v in by_type[src]:
                target = cells.get((tar, u + du, v + dv))
                if target is not None:
                    pre.append(cells[src, u, v])
                    post.append(target)
                    weight.append(synapses)
                    sign.append(alpha)
        if len(pre) > 10 * source.most_rows:
            source.check_rows(len(pre))
    names = [f"{name}_{u}_{v}" for name, u, v in cells]
    heads, tails = np.array(pre, np.int32), np.array(post, np.int32)
    signs = np.array(sign, np.int8)
    if not names:
        raise source.error("there are no nodes")
    groups = Groups.of(heads, tails, len(names))
    mixed = groups.mixed(signs)
    if mixed.size:
        k = groups.first[mixed[0]]
        raise source.error(f"edge {names[heads[k]]} -> {names[tails[k]]} has both signs")
    return make(
        source,
        pre=heads[groups.first],
        post=tails[groups.first],
        weight=groups.sums(np.array(weight, np.float64)),
        sign=signs[groups.first],
        names=names,
        classes=[name for name, _, _ in cells],
        attributes={
            "u": np.array([u for _, u, _ in cells], np.float64),
            "v": np.array([v for _, _, v in cells], np.float64),
            "unit": [_unit(name, units) for name, _, _ in cells],
        },
    )


def _unit(name: str, units: list[Any]) -> str:
    """ "input", "output" or "", as the file lists the type."""
    for word, listed in zip(("input", "output"), units, strict=True):
        if isinstance(listed, list) and name in listed:
            return word
    return ""


def _list(source: Source, key: str, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise source.error(f"{key!r} is not a list of objects")
    return value


def _columns(
    source: Source, k: int, node: dict[str, Any], extent: int
) -> tuple[str, list[tuple[int, int]]]:
    """The name of a type, and the columns that have a cell of this type."""
    name, pattern = node.get("name"), node.get("pattern")
    where = f"node {k} (counted from 0)"
    if not isinstance(name, str) or not 0 < len(name) <= 100:  # each of its cells repeats it
        raise source.error(f"{where}: the name is not a text of up to 100 characters")
    kind, step = pattern if isinstance(pattern, list) and len(pattern) == 2 else (None, None)
    steps = {"stride": step, "tile": [step, step], "single": [1, 1]}.get(str(kind))
    if (
        not isinstance(steps, list)
        or len(steps) != 2
        or not all(isinstance(s, int) and 0 < s <= 1000 for s in steps)
    ):
        raise source.error(f"{where}: the pattern of {name!r} is not stride, tile or single")
    n = 0 if kind == "single" else extent
    columns = [
        (u, v)
        for u in range(-n, n + 1)
        for v in range(max(-n, -n - u), min(n, n - u) + 1)
        if u % steps[0] == 0 and v % steps[1] == 0
    ]
    return name, columns


def _edge(
    source: Source, k: int, edge: dict[str, Any], types: dict[str, list[tuple[int, int]]]
) -> tuple[str, str, int, dict[tuple[int, int], float]]:
    where = f"edge {k} (counted from 0)"
    src, tar, alpha = edge.get("src"), edge.get("tar"), edge.get("alpha")
    for name in (src, tar):
        if not isinstance(name, str) or name not in types:
            raise source.error(f"{where}: {name!r} is not a node")
    if isinstance(alpha, bool) or alpha not in (-1, 0, 1):
        raise source.error(f"{where}: alpha is {alpha!r}; a sign is 1, -1 or 0")
    offsets: dict[tuple[int, int], float] = {}
    listed = edge.get("offsets")
    for item in listed if isinstance(listed, list) else [None]:
        try:
            (du, dv), synapses = item  # type: ignore[misc]  # None is refused like any other
            place, value = (int(du), int(dv)), float(synapses)
        except (TypeError, ValueError, OverflowError):
            raise source.error(
                f"{where}: {item!r:.40} is not an offset [[du, dv], synapses]"
            ) from None
        if not (math.isfinite(value) and value >= 0) or place != (du, dv):
            raise source.error(f"{where}: {item!r:.40} is not an offset in whole columns")
        if place in offsets:
            raise source.error(f"{where}: the offset {list(place)} appears twice")
        offsets[place] = value
    return str(src), str(tar), int(alpha), offsets


def hull_gaps(offsets: list[tuple[int, int]], source: Source) -> list[tuple[int, int]]:
    """Find the offsets inside the convex hull of these offsets that are not among them.

    matplotlib decides which offsets on the border are inside, as in flyvis's published counts.
    """
    points = sorted(set(offsets))
    hull: list[tuple[int, int]] = []
    for line in (points, points[::-1]):  # the lower side, then the upper side
        start = len(hull)
        for point in line:
            while len(hull) >= start + 2 and _turn(hull[-2], hull[-1], point) <= 0:
                hull.pop()
            hull.append(point)
        hull.pop()
    us, vs = [u for u, _ in points], [v for _, v in points]
    if (max(us) - min(us) + 1) * (max(vs) - min(vs) + 1) > 10**6:
        raise source.error("the offsets of an edge span more than a million columns")
    from matplotlib.path import Path as Outline

    grid = [(u, v) for u in range(min(us), max(us) + 1) for v in range(min(vs), max(vs) + 1)]
    there = set(points)
    inside = Outline(hull).contains_points(grid)
    return [
        place
        for place, is_in in zip(grid, inside.tolist(), strict=True)
        if is_in and place not in there
    ]


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    """Positive where a, b, c turn left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
