"""Merge cells of a connectome (a class, a left/right pair), and split merged muscles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conncore.connectome.attributes import Column, take_cells
from conncore.connectome.body import BodyMap
from conncore.connectome.labels import Labels
from conncore.connectome.record import C, Record
from conncore.connectome.select import column
from conncore.errors import ConnectomeError, UsageError, choose

# The side in a name stands at the end (AVAL, LC4_L, "PN left") or before a number (MDL01), but
# never at the start: L1 and R1 are not a pair.
_SIDE = re.compile(r"(.+?)(left|right|L|R)(\d*)")
_MERGED_MUSCLE = re.compile(r"(M[DV])lr(\d+)")
_OTHER = {"L": "R", "left": "right"}


def merge(connectome: C, by: str | Sequence[str] = "class", *, conflicts: str = "refuse") -> C:
    """Make one cell of each group of cells.

    If several edges become one, their weights are added. For gap junction entries, this happens
    separately for each direction. Edges inside a group become an edge of the new cell to itself.
    The new cell gets each property that all cells of its group share (class, transmitter, place in
    the body, attributes). Its other properties are empty.

    Parameters
    ----------
    by : str or sequence of str, (n_cells,)
        A property that `conncore.connectome.select.column` knows ("class", "region"), or a word
        for each cell. Cells with the same word become one cell, and the word is its name. Cells
        with "" stay.
    conflicts : str
        What to do if edges of different signs become one. "refuse": raise. "majority": use the
        sign with the most weight. Unknown counts as a third sign; after a tie, the sign is unknown.

    Returns
    -------
    Connectome
        An edge keeps the `sign_source` of the old edges if they all have the same one. Otherwise
        it is "merged" (one sign, several sources) or "merged:majority".

    Raises
    ------
    UsageError
        If the property is not known, or if signs conflict and `conflicts` is "refuse".
    ConnectomeError
        If a group has the name of a cell that stays.
    """
    choose("rule for conflicting signs", conflicts, ("refuse", "majority"))
    words = column(connectome, by) if isinstance(by, str) else by
    if len(words) != connectome.n_cells:
        raise UsageError(f"by has {len(words)} words for {connectome.n_cells} cells")
    groups: dict[tuple[str, bool], int] = {}
    of = np.array(
        [
            groups.setdefault((word or name, bool(word)), len(groups))
            for word, name in zip(words, connectome.names, strict=True)
        ]
    )
    names = [name for name, _ in groups]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ConnectomeError(f"group {twice!r} is called like a cell that is in no group")
    pairs, merged = _merge_edges(connectome.pre, connectome.post, of, len(names))
    gap_pairs, gap_merged = _merge_edges(connectome.gap_pre, connectome.gap_post, of, len(names))
    pre, post = np.divmod(pairs, len(names))
    gap_pre, gap_post = np.divmod(gap_pairs, len(names))
    sign, sources = _merge_signs(connectome, merged, len(pairs), conflicts, names, (pre, post))
    return replace(
        connectome,
        names=tuple(names),
        classes=_agreed(connectome.classes, of, len(names)),
        pre=pre,
        post=post,
        weight=_sums(merged, connectome.weight, len(pairs)),
        sign=sign,
        sign_source=sources,
        gap_pre=gap_pre,
        gap_post=gap_post,
        gap_weight=_sums(gap_merged, connectome.gap_weight, len(gap_pairs)),
        transmitters=_agreed(connectome.transmitters, of, len(names)),
        body=_agreed_places(connectome.body, of, len(names)),
        attributes={
            key: _agreed_column(values, of, len(names))
            for key, values in connectome.attributes.items()
        },
    )


def merge_left_right(connectome: C, *, conflicts: str = "refuse") -> C:
    """Make one cell of each left/right pair: AVAL and AVAR become AVAlr.

    The names of a pair differ only in the side: L or R, or "left" or "right", at the end of the
    name or before a number at the end. MDL01 and MDR01 become MDlr01, and their class MDlr. A cell
    without a counterpart stays (the worm has AVL but no AVR, so AVL is not a left cell). Weights
    are added. If you split muscles and merge them again, the weights of their edges are doubled.

    Parameters
    ----------
    conflicts : str
        As for `merge`.

    Raises
    ------
    ConnectomeError
        If there is no left/right pair.
    UsageError
        If signs conflict and `conflicts` is "refuse".
    """
    words = _without_sides(connectome.names)
    if not words:
        raise ConnectomeError(
            f"connectome {connectome.name!r} has no cells whose names differ in side alone"
        )
    of_class = _without_sides(connectome.classes)
    sideless = [
        of_class.get(word, word) if name in words else word
        for name, word in zip(connectome.names, connectome.classes, strict=True)
    ]
    by = [words.get(name, "") for name in connectome.names]
    return merge(replace(connectome, classes=Labels.of(sideless)), by, conflicts=conflicts)


def split_muscles(connectome: C) -> C:
    """Split merged muscles in two: MDlrNN becomes MDLNN and MDRNN, MVlrNN likewise.

    Each copy keeps all edges of the merged muscle with their full weight and sign, and its
    place in the body. An edge between two merged muscles, chemical or gap, becomes two:
    left to left and right to right. The Haspel circuit goes from 102 to 138 cells and from
    336 to 484 chemical edges. Its 161 gap junctions do not join muscles, so they stay.

    Raises
    ------
    ConnectomeError
        If no cell is a merged muscle.
    """
    merged = [_MERGED_MUSCLE.fullmatch(name) for name in connectome.names]
    if not any(merged):
        raise ConnectomeError(
            f"connectome {connectome.name!r} has no left/right-merged muscles (MDlrNN, MVlrNN) "
            "to split; load it without the split"
        )
    names: list[str] = []
    classes: list[str] = []
    origin: list[int] = []
    copies: list[tuple[int, int]] = []  # index of the left and of the right copy of each cell
    for i, (name, match) in enumerate(zip(connectome.names, merged, strict=True)):
        copies.append((len(names), len(names) + (match is not None)))
        quadrants = [match[1] + side for side in "LR"] if match else [connectome.classes[i]]
        classes += quadrants
        names += [quadrant + match[2] for quadrant in quadrants] if match else [name]
        origin += [i] * len(quadrants)

    def split(pre: NDArray[np.int32], post: NDArray[np.int32]) -> NDArray[np.int64]:
        """One row per new edge: the old edge, the new pre, the new post."""
        rows = [
            (k, copies[i][half], copies[j][half])
            for k, (i, j) in enumerate(zip(pre.tolist(), post.tolist(), strict=True))
            for half in range(2 if merged[i] or merged[j] else 1)
        ]
        return np.array(rows, np.int64).reshape(-1, 3)

    edges = split(connectome.pre, connectome.post)
    gaps = split(connectome.gap_pre, connectome.gap_post)
    return connectome.from_edges(
        connectome.name,
        edges[:, 1],
        edges[:, 2],
        weight=connectome.weight[edges[:, 0]],
        sign=connectome.sign[edges[:, 0]],
        sign_source=connectome.sign_source.take(edges[:, 0]),
        names=names,
        classes=classes,
        gap_pre=gaps[:, 1],
        gap_post=gaps[:, 2],
        gap_weight=connectome.gap_weight[gaps[:, 0]],
        transmitters=[connectome.transmitters[i] for i in origin],
        body=None if connectome.body is None else connectome.body.take(origin),
        attributes=take_cells(connectome.attributes, origin),
        citation=connectome.citation,
        licence=connectome.licence,
        source=connectome.source,
    )


def _without_sides(words: Sequence[str]) -> dict[str, str]:
    """The common form of words that differ only in the side: MDlr01 for MDL01 and MDR01."""
    found = {}
    known = set(words)
    for word in known:
        side = _SIDE.fullmatch(word)
        if side is not None and side[2] in _OTHER:
            other = side[1] + _OTHER[side[2]] + side[3]
            if other in known:
                found[word] = found[other] = f"{side[1]}lr{side[3]}"
    return found


def _merge_edges(
    pre: NDArray[np.int32], post: NDArray[np.int32], of: NDArray[np.integer], n_groups: int
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """The new edges as pre * n_groups + post, ascending, and the new edge of each old one."""
    return np.unique(of[pre].astype(np.int64) * n_groups + of[post], return_inverse=True)


def _sums(
    merged: NDArray[np.intp], weight: NDArray[np.float64], n_edges: int
) -> NDArray[np.float64]:
    return np.asarray(np.bincount(merged, weight, n_edges), np.float64)


def _merge_signs(
    connectome: Record,
    merged: NDArray[np.intp],
    n_edges: int,
    conflicts: str,
    names: Sequence[str],
    ends: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[NDArray[np.int8], Labels]:
    signs = np.array([-1, 0, 1])
    by_sign = [
        _sums(merged, np.where(connectome.sign == s, connectome.weight, 0.0), n_edges)
        for s in signs
    ]
    weight = np.stack(by_sign)  # (3, n_edges)
    mixed = np.flatnonzero((weight > 0).sum(axis=0) > 1)
    if mixed.size and conflicts == "refuse":
        i, j = (names[end[mixed[0]]] for end in ends)
        raise UsageError(
            f"{mixed.size} merged edges would have several signs, the first {i!r} -> {j!r}; "
            'settle the signs first, or merge with conflicts="majority"'
        )
    most = weight.max(axis=0)
    drawn = (weight == most).sum(axis=0) > 1
    sign = np.where(drawn, 0, signs[weight.argmax(axis=0)]).astype(np.int8)
    sources = connectome.sign_source
    code, agree = _agreed_codes(sources.codes, merged, n_edges)
    labels = Labels(code, sources.words).relabel(~agree, "merged")
    is_mixed = np.zeros(n_edges, bool)
    is_mixed[mixed] = True
    return sign, labels.relabel(is_mixed, "merged:majority")


def _agreed_codes(
    codes: NDArray[np.integer], of: NDArray[np.integer], n_groups: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The code of one member of each group, and whether all members have this code."""
    one = np.zeros(n_groups, np.int64)
    one[of] = codes
    agree = np.ones(n_groups, bool)
    agree[of[codes != one[of]]] = False
    return one, agree


def _agreed(words: Sequence[str], of: NDArray[np.integer], n_groups: int) -> Labels:
    labels = Labels.of(words)
    one, agree = _agreed_codes(labels.codes, of, n_groups)
    return Labels(one, labels.words).relabel(~agree, "")


def _agreed_column(values: Column, of: NDArray[np.integer], n_groups: int) -> Column:
    if isinstance(values, Labels):
        return _agreed(values, of, n_groups)
    one = np.zeros(n_groups)
    one[of] = values
    differ = of[values != one[of]]
    one[differ] = np.nan
    return one


def _agreed_places(body: BodyMap | None, of: NDArray[np.integer], n_groups: int) -> BodyMap | None:
    """The places in the body that all cells of a group share; None if no group has one."""
    if body is None:
        return None
    fields = zip(body.cell_class, body.role, body.segment.tolist(), body.side, strict=True)
    members: dict[int, set[tuple[str, str, int, str]]] = {}
    for group, place in zip(of.tolist(), fields, strict=True):
        members.setdefault(group, set()).add(place)
    nowhere = ("", "", -1, "")
    places = [next(iter(members[g])) if len(members[g]) == 1 else nowhere for g in range(n_groups)]
    if not any(role for _, role, _, _ in places):
        return None
    cell_class, role, segment, side = zip(*places, strict=True)
    return BodyMap(Labels.of(cell_class), Labels.of(role), np.array(segment), Labels.of(side))
