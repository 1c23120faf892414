"""Cell types on a hexagonal grid of columns, tiled into cells and edges.

The fly's optic lobe repeats itself in every column. Lappalainen et al. 2024 (flyvis) describe it as
cell types and, for each pair of types, the synapses from a cell to the cells of another type that
lie some columns away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError, UsageError

MAX_EXTENT = 100  # columns; the fly's eye has about 15


def tile(spec: Mapping[str, Any], extent: int, *, name: str = "") -> Connectome:
    """Lay cell types out on a hexagon of columns.

    Columns have axial coordinates u and v, with |u|, |v| and |u + v| at most the extent. A cell is
    called TYPE_U_V. An edge whose target would lie outside is left out, so cells at the border
    receive less; nothing is wrapped around, and no synapses are added where the source has none
    (flyvis itself can fill gaps, `n_syn_fill`).

    Parameters
    ----------
    spec : mapping
        flyvis's description: "nodes" with "name" and "pattern" (["stride", [u, v]]: one cell in
        every u-th and v-th column; ["tile", n]; ["single", null]: one cell in the middle), "edges"
        with "src", "tar", "alpha" (the sign) and "offsets" ([[du, dv], synapses], the target lies
        in column (u + du, v + dv)), "input_units" and "output_units" (names of types).
    extent : int
        Columns from the middle to the border: 0 for one column, 1 for 7, 2 for 19.
    name : str
        What the connectome is called.

    Returns
    -------
    Connectome
        The class of a cell is its type. Attributes: "u" and "v", its column, and "unit": "input",
        "output" or "".

    Raises
    ------
    ConnectomeError
        If the description is not as described here.
    UsageError
        If the extent is not a whole number from 0 to 100.
    """
    if not isinstance(extent, int) or not 0 <= extent <= MAX_EXTENT:
        raise UsageError(f"extent is {extent!r}, must be a whole number from 0 to {MAX_EXTENT}")
    try:
        return _tile(spec, extent, name)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, ConnectomeError):
            raise
        raise ConnectomeError(
            f"not a description of cell types on a grid: {type(error).__name__}: {error}"
        ) from None


def _tile(spec: Mapping[str, Any], extent: int, name: str) -> Connectome:
    size = 2 * extent + 1
    names: list[str] = []
    types: list[str] = []
    columns: list[NDArray[np.int64]] = []
    # The cell of each type in each column, -1 where there is none.
    places: dict[str, NDArray[np.int64]] = {}
    for node in spec["nodes"]:
        word = str(node["name"])
        if word in places:
            raise ConnectomeError(f"cell type {word!r} is described twice")
        taken = _columns(extent, *_stride(word, node["pattern"], size))
        place = places[word] = np.full((size, size), -1, np.int64)
        place[taken[:, 0] + extent, taken[:, 1] + extent] = np.arange(len(taken)) + len(names)
        names += [f"{word}_{u}_{v}" for u, v in taken.tolist()]
        types += [word] * len(taken)
        columns.append(taken)
    pre, post, weight, sign = [], [], [], []
    for edge in spec["edges"]:
        source, target, alpha = places[edge["src"]], places[edge["tar"]], edge["alpha"]
        if alpha not in (-1, 1):
            raise ConnectomeError(
                f"edge {edge['src']!r} -> {edge['tar']!r}: alpha {alpha!r} is not 1 or -1"
            )
        for (du, dv), count in edge["offsets"]:
            heads, tails = _shifted(source, target, int(du), int(dv))
            pre.append(heads)
            post.append(tails)
            weight.append(np.full(heads.size, float(count)))
            sign.append(np.full(heads.size, alpha, np.int8))
    unit = {word: "input" for word in spec.get("input_units", ())}
    unit |= {word: "output" for word in spec.get("output_units", ())}
    column = np.concatenate(columns)
    return Connectome.from_edges(
        name,
        np.concatenate([np.zeros(0, np.int64), *pre]),
        np.concatenate([np.zeros(0, np.int64), *post]),
        weight=np.concatenate([np.zeros(0), *weight]),
        sign=np.concatenate([np.zeros(0, np.int8), *sign]),
        names=names,
        classes=types,
        attributes={
            "u": column[:, 0],
            "v": column[:, 1],
            "unit": [unit.get(word, "") for word in types],
        },
    )


def _stride(word: str, pattern: Any, size: int) -> tuple[int, int]:
    kind, value = pattern
    strides: tuple[int, int]
    if kind == "stride":
        strides = int(value[0]), int(value[1])
    elif kind == "tile":
        strides = int(value), int(value)
    elif kind == "single":
        strides = size, size
    else:
        raise ConnectomeError(f"cell type {word!r} has the unknown pattern {kind!r}")
    if min(strides) < 1:
        raise ConnectomeError(f"cell type {word!r} has the strides {strides}, must be at least 1")
    return strides


def _columns(extent: int, u_stride: int, v_stride: int) -> NDArray[np.int64]:
    """Coordinates (n, 2) of the hexagon's columns that lie on the strides."""
    u, v = np.mgrid[-extent : extent + 1, -extent : extent + 1]
    inside = (np.abs(u + v) <= extent) & (u % u_stride == 0) & (v % v_stride == 0)
    return np.stack([u[inside], v[inside]], axis=1).astype(np.int64)


def _shifted(
    source: NDArray[np.int64], target: NDArray[np.int64], du: int, dv: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells of one type and those of another that lie (du, dv) columns from them."""
    size = len(source)
    if max(abs(du), abs(dv)) >= size:
        return source[:0, 0], source[:0, 0]
    rows, cols = slice(max(0, -du), size - max(0, du)), slice(max(0, -dv), size - max(0, dv))
    heads = source[rows, cols]
    rows, cols = slice(max(0, du), size - max(0, -du)), slice(max(0, dv), size - max(0, -dv))
    tails = target[rows, cols]
    both = (heads >= 0) & (tails >= 0)
    return heads[both], tails[both]
