"""Choose cells of a connectome, and take a part of a connectome."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from conncore.connectome.attributes import take_cells
from conncore.connectome.graph import reached
from conncore.connectome.labels import Labels
from conncore.connectome.record import C, Record
from conncore.errors import UsageError, choose, need_count

_MOST_SHOWN = 60  # words of a property that a message lists
_FLOWS = ("isolated", "source", "sink", "inner")  # receives + 2 * sends, in order


def column(connectome: Record, key: str) -> Sequence[str]:
    """A property of each cell as words, (n_cells,).

    Parameters
    ----------
    key : str
        "name", "class", "transmitter"; "role", "side" or "segment" of the body map; an attribute
        of the cells, such as "region"; or "flow". If "flow" is not an attribute, it is computed
        from the chemical edges to and from other cells: "source" (the cell only sends), "sink"
        (only receives), "inner" (both), "isolated" (neither).

    Raises
    ------
    UsageError
        If the connectome does not have this property.
    """
    attribute = connectome.attributes.get(key)
    if attribute is not None:
        return attribute if isinstance(attribute, Labels) else [f"{x:g}" for x in attribute]
    columns: dict[str, Callable[[], Sequence[str]]] = {
        "name": lambda: connectome.names,
        "class": lambda: connectome.classes,
        "transmitter": lambda: connectome.transmitters,
        "flow": lambda: _flow(connectome),
    }
    body = connectome.body
    if body is not None:
        columns["role"] = lambda: body.role
        columns["side"] = lambda: body.side
        columns["segment"] = lambda: ["" if s < 0 else str(s) for s in body.segment]
    known = {*columns, *connectome.attributes}
    return columns[choose("cell property", key, known, f"in connectome {connectome.name!r}")]()


def _flow(connectome: Record) -> Labels:
    other = connectome.pre != connectome.post
    n = connectome.n_cells
    sends = np.bincount(connectome.pre[other], minlength=n) > 0
    receives = np.bincount(connectome.post[other], minlength=n) > 0
    return Labels(receives * 2 + sends, _FLOWS)


def select(
    connectome: Record,
    names: Sequence[str] | None = None,
    *,
    match: str | None = None,
    where: Mapping[str, str | Sequence[str]] | None = None,
) -> tuple[str, ...]:
    """The names of the cells that meet all conditions, in the connectome's order.

    Parameters
    ----------
    names : sequence of str, optional
        Cells by name.
    match : str, optional
        A regular expression that matches some part of the name: "^VA" or "L$".
    where : mapping, optional
        For each property (see `column`), one word or several. A cell must have one of the words:
        ``{"class": ["PN", "KC"], "region": "EB"}``.

    Returns
    -------
    tuple of str
        Ready for the `inputs` and `outputs` of a `Network`.

    Raises
    ------
    UsageError
        If a cell, property or word is unknown, if the expression is invalid, or if no cell is left.
    """
    keep = np.ones(connectome.n_cells, bool)
    if names is not None:
        keep &= _by_name(connectome, names)
    if match is not None:
        keep &= _by_match(connectome, match)
    for key, words in (where or {}).items():
        keep &= _by_word(connectome, key, [words] if isinstance(words, str) else words)
    if not keep.any():
        raise UsageError(f"no cell of connectome {connectome.name!r} meets all these conditions")
    return tuple(connectome.names[i] for i in np.flatnonzero(keep))


def choose_cells(connectome: Record, text: str) -> tuple[str, ...]:
    """`select` for the command line.

    Parameters
    ----------
    text : str
        "NAME,NAME", "match=REGEX", or "PROPERTY=WORD,WORD" with a property that `column` knows,
        such as "class=PN,KC" or "flow=source". Several properties, such as "class=PN,side=left",
        must all hold.

    Raises
    ------
    UsageError
        As `select` does.
    """
    key, equals, words = text.partition("=")
    if not equals:
        return select(connectome, text.split(","))
    if key == "match":
        return select(connectome, match=words)
    where: dict[str, list[str]] = {}
    for part in text.split(","):
        name, equals, word = part.partition("=")
        if equals:
            key = name
        where.setdefault(key, []).append(word if equals else part)
    return select(connectome, where=where)


def with_role(connectome: Record, role: str) -> NDArray[np.intp]:
    """Indices of the cells that have this role in the body map; none without a body map."""
    body = connectome.body
    return np.flatnonzero([r == role for r in body.role] if body is not None else [])


def ends(
    connectome: Record,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The input cells and the output cells of a connectome, as indices.

    Parameters
    ----------
    inputs, outputs : sequence of str, optional
        Names of cells; the result keeps their order. If None, the inputs are the body map's motor
        neurons and the outputs its muscles. Without a body map, both are all cells.

    Returns
    -------
    inputs, outputs : (n_inputs,), (n_outputs,) intp
        Indices of cells.

    Raises
    ------
    UsageError
        If there is no cell of a name, if a name is given twice, or if no cell has the role.
    """
    return (
        _end(connectome, "inputs", inputs, "motor"),
        _end(connectome, "outputs", outputs, "muscle"),
    )


def _end(connectome: Record, what: str, names: Sequence[str] | None, role: str) -> NDArray[np.intp]:
    """The cells with these names, in their order; without names, the cells with this role."""
    if names is None:
        if connectome.body is None:
            return np.arange(connectome.n_cells)
        found = with_role(connectome, role)
        if not found.size:
            raise UsageError(
                f"connectome {connectome.name!r}: its body map has no cell with role {role!r}"
            )
        return found
    if isinstance(names, str) or not len(names):
        raise UsageError(f"{what} is {names!r}; give a list of one or more cell names")
    places = {name: i for i, name in enumerate(connectome.names)}
    unknown = [name for name in names if name not in places]
    if unknown:
        raise UsageError(f"{what}: {_no_cell(connectome, unknown[0])}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise UsageError(f"{what}: cell {twice!r} is given twice")
    return np.array([places[name] for name in names], dtype=np.intp)


def _by_name(connectome: Record, names: Sequence[str]) -> NDArray[np.bool_]:
    if isinstance(names, str):
        raise UsageError(f"names is {names!r}; give a list of cell names")
    wanted = set(names)
    missing = sorted(wanted.difference(connectome.names))
    if missing:
        more = f" (of {len(wanted):,} names, {len(missing):,} are not there)"
        raise UsageError(_no_cell(connectome, missing[0], more if len(missing) > 1 else ""))
    return np.array([name in wanted for name in connectome.names])


def _no_cell(connectome: Record, name: str, more: str = "") -> str:
    """The message for a cell name that the connectome does not have; `more` tells of others."""
    # Ids that look alike have nothing in common, and a search of a whole brain takes seconds.
    near = [] if name.isdecimal() else get_close_matches(name, connectome.names, n=3)
    advice = (
        f"did you mean {' or '.join(near)}?"
        if near
        else (f"the names are written like {', '.join(connectome.names[:3])}")
    )
    return f"connectome {connectome.name!r} has no cell {name!r}{more}; {advice}"


def _by_match(connectome: Record, match: str) -> NDArray[np.bool_]:
    try:
        found = re.compile(match).search
    except re.error as error:
        raise UsageError(f"{match!r} is not a regular expression: {error}") from None
    return np.array([found(name) is not None for name in connectome.names])


def _by_word(connectome: Record, key: str, words: Iterable[str]) -> NDArray[np.bool_]:
    labels = Labels.of(column(connectome, key))
    where = f"in connectome {connectome.name!r}"
    wanted = [_choose_word(key, word, labels.counts(), where) for word in words]
    return np.isin(labels.codes, [labels.words.index(word) for word in wanted])


def _choose_word(key: str, word: str, known: Mapping[str, int], where: str) -> str:
    """`choose`, but a long list of words is not shown."""
    if word in known or len(known) <= _MOST_SHOWN:
        return choose(key, word, known, where)
    near = get_close_matches(word, known, n=3)
    advice = (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"there are {len(known)} words, such as {', '.join(list(known)[:3])}"
    )
    raise UsageError(f"unknown {key} {word!r} {where}; {advice}")


def subset(
    connectome: C,
    names: Sequence[str] | None = None,
    *,
    match: str | None = None,
    where: Mapping[str, str | Sequence[str]] | None = None,
    near: Sequence[str] | None = None,
    hops: int = 1,
    direction: str = "both",
    min_weight: float = 0.0,
) -> C:
    """The part of a connectome that meets all conditions, with the edges inside it.

    First, the threshold removes weak edges. Second, `near` selects a neighbourhood along the
    remaining edges. Third, the other conditions select cells. Cells without edges stay.

    Parameters
    ----------
    names, match, where
        Which cells to keep, see `conncore.connectome.select.select`.
    near : sequence of str, optional
        Keep these cells and all cells that are at most `hops` chemical edges away from them.
    hops : int
        See `near`.
    direction : str
        Which edges to follow from the cells in `near`: "out" (outgoing), "in" (incoming) or
        "both".
    min_weight : float
        Remove chemical edges with a lower weight. Gap junctions stay, because their weights are
        on another scale.

    Raises
    ------
    UsageError
        As `select` does, or if `hops` is negative or the direction is unknown.
    """
    heavy = np.flatnonzero(connectome.weight >= min_weight)
    if heavy.size < connectome.n_edges:
        connectome = replace(
            connectome,
            pre=connectome.pre[heavy],
            post=connectome.post[heavy],
            weight=connectome.weight[heavy],
            sign=connectome.sign[heavy],
            sign_source=connectome.sign_source.take(heavy),
        )
    keep = np.zeros(connectome.n_cells, bool)
    place = {name: i for i, name in enumerate(connectome.names)}
    keep[[place[name] for name in select(connectome, names, match=match, where=where)]] = True
    if near is not None:
        need_count("hops", hops, 0)
        start = np.flatnonzero(_by_name(connectome, near))
        keep &= reached(connectome, start, hops, direction)
    if not keep.any():
        raise UsageError(f"no cell of connectome {connectome.name!r} meets all these conditions")
    return _take(connectome, keep)


def _take(connectome: C, keep: NDArray[np.bool_]) -> C:
    """The kept cells and the edges between them; no body map if no kept cell has a role."""
    cells = np.flatnonzero(keep)
    new = np.cumsum(keep) - 1
    inside = np.flatnonzero(keep[connectome.pre] & keep[connectome.post])
    gaps = np.flatnonzero(keep[connectome.gap_pre] & keep[connectome.gap_post])
    body = None if connectome.body is None else connectome.body.take(cells.tolist())
    return replace(
        connectome,
        names=tuple(connectome.names[i] for i in cells),
        classes=connectome.classes.take(cells),
        pre=new[connectome.pre[inside]],
        post=new[connectome.post[inside]],
        weight=connectome.weight[inside],
        sign=connectome.sign[inside],
        sign_source=connectome.sign_source.take(inside),
        gap_pre=new[connectome.gap_pre[gaps]],
        gap_post=new[connectome.gap_post[gaps]],
        gap_weight=connectome.gap_weight[gaps],
        transmitters=connectome.transmitters.take(cells),
        body=body if body is not None and any(body.role) else None,
        attributes=take_cells(connectome.attributes, cells),
    )
