"""Defects of connectomes, each with the function that finds it and says so in one line.

A function returns "" where there is nothing to say. Not every finding is a fault: some need a
decision, and some are what the animal is like.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.graph import components, reached, returned, without_edges
from conncore.connectome.labels import Labels
from conncore.connectome.signs import TRANSMITTER_SIGNS, same_transmitter
from conncore.errors import UsageError
from conncore.network.wiring import dense
from conncore.tasks.base import Task

#: The cells that sense and act, "inputs" and "outputs", where they are chosen.
Ends = Mapping[str, Sequence[str] | None]

SHOWN = 8  # names in a line
EXTREME = 100  # times the median is an extreme weight

# An id that went through a spreadsheet or a float: 7.20575940623e+17, 1234.0.
_ROUNDED_ID = re.compile(r"\d+(\.\d*)?[eE]\+?\d+|\d+\.0*")


def _some(items: Iterable[str], total: int | None = None) -> str:
    """The first few; `items` may stop there where the total is given."""
    listed = list(items)
    total = len(listed) if total is None else total
    more = f" and {total - SHOWN} more" if total > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def _names(connectome: Connectome, places: Sequence[int] | NDArray[np.integer]) -> str:
    return _some([connectome.names[i] for i in places[:SHOWN]], len(places))


def _n(count: int, what: str, plural: str = "") -> str:
    return f"{count} {what if count == 1 else plural or what + 's'}"


def _edges(connectome: Connectome, which: NDArray[np.integer]) -> str:
    names, pre, post = connectome.names, connectome.pre, connectome.post
    return _some([f"{names[pre[k]]} -> {names[post[k]]}" for k in which[:SHOWN]], len(which))


def _alike(words: Sequence[str], key: Callable[[str], str]) -> list[str]:
    """Groups of different words that have the same key, each as "a = b"."""
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for word in words:
        groups[key(word)][word] = None
    return [" = ".join(group) for group in groups.values() if len(group) > 1]


def unknown_signs(c: Connectome) -> str:
    if not c.n_unknown:
        return ""
    cells = np.unique(c.pre[c.sign == 0])
    return (
        f"{c.n_unknown} of {c.n_edges} chemical edges have no sign, those of "
        f"{_names(c, cells)}; a network needs all: see `conncore connectome sign --help`"
    )


def dale(c: Connectome) -> str:
    cells = c.dale_violations()
    return f"{_n(len(cells), 'cell')} with edges of both signs: {_some(cells)}" if cells else ""


def against_transmitter(c: Connectome) -> str:
    """Signs that no rule gives to the transmitter of the presynaptic cell."""
    allowed: dict[str, set[int]] = defaultdict(set)
    for rule in TRANSMITTER_SIGNS.values():
        for word, sign in rule.items():
            allowed[same_transmitter(word)].add(sign)
    words = Labels.of(c.transmitters)
    only = [allowed.get(same_transmitter(word), set()) for word in words.words]
    expected = np.array([next(iter(s)) if len(s) == 1 else 0 for s in only])[words.codes][c.pre]
    wrong = np.flatnonzero(expected * c.sign < 0)
    if not wrong.size:
        return ""
    return f"{_n(wrong.size, 'edge')} against the sign of their transmitter: {_edges(c, wrong)}"


def one_sign(c: Connectome) -> str:
    if c.n_unknown == c.n_edges or (c.n_excitatory and c.n_inhibitory):
        return ""
    return f"all {c.n_edges - c.n_unknown} signed edges are of one sign; nothing opposes them"


def unsigned_transmitters(c: Connectome) -> str:
    known = {same_transmitter(word) for rule in TRANSMITTER_SIGNS.values() for word in rule}
    words = sorted({word for word in c.transmitters if word})
    odd = [word for word in words if same_transmitter(word) not in known]
    if not odd:
        return ""
    return f"no shipped rule has a sign for transmitter {_some(map(repr, odd))}; give your own rule"


def missing_transmitters(c: Connectome) -> str:
    """Only where the source knows some."""
    if not any(c.transmitters):
        return ""
    senders = np.unique(c.pre)
    missing = [i for i in senders.tolist() if not c.transmitters[i]]
    if not missing:
        return ""
    return f"{_n(len(missing), 'cell')} sending without a transmitter: {_names(c, missing)}"


def confidence(c: Connectome) -> str:
    values = c.attributes.get("confidence")
    if values is None:
        return ""
    if isinstance(values, Labels):
        return "the attribute 'confidence' holds words; it must hold numbers from 0 to 1"
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if not wrong.size:
        return ""
    return f"{_n(wrong.size, 'cell')} whose confidence is not from 0 to 1: {_names(c, wrong)}"


def isolated(c: Connectome) -> str:
    cells = without_edges(c)
    return f"{_n(cells.size, 'cell')} without any edge: {_names(c, cells)}" if cells.size else ""


def parts(c: Connectome) -> str:
    """Isolated cells are a finding of their own."""
    roots, sizes = np.unique(components(c), return_counts=True)
    joined = roots[sizes > 1]
    if joined.size < 2:
        return ""
    sizes = np.sort(sizes[sizes > 1])[::-1]
    return (
        f"the cells fall into {joined.size} parts that nothing joins, of "
        f"{_some(map(str, sizes.tolist()))} cells; they begin at {_names(c, joined)}"
    )


def self_loops(c: Connectome) -> str:
    own = np.flatnonzero(c.pre == c.post)
    if not own.size:
        return ""
    return f"{_n(own.size, 'chemical edge')} from a cell to itself: {_names(c, c.pre[own])}"


def gap_self_loops(c: Connectome) -> str:
    own = np.flatnonzero(c.gap_pre == c.gap_post)
    if not own.size:
        return ""
    return f"{_n(own.size, 'gap junction')} of a cell with itself: {_names(c, c.gap_pre[own])}"


def mixed_gap_junctions(c: Connectome) -> str:
    between = np.flatnonzero(c.gap_pre != c.gap_post)
    pre, post = c.gap_pre[between], c.gap_post[between]
    twice = returned(pre, post, c.n_cells)
    if twice.all() or not twice.any():
        return ""
    once = [f"{c.names[i]} - {c.names[j]}" for i, j in zip(pre[~twice], post[~twice], strict=True)]
    return (
        f"{twice.sum()} gap junction entries are given in both directions, but {len(once)} in "
        f"one: {_some(once)}"
    )


def uneven_gap_junctions(c: Connectome) -> str:
    entries = zip(c.gap_pre.tolist(), c.gap_post.tolist(), c.gap_weight.tolist(), strict=True)
    sizes = {(i, j): size for i, j, size in entries}
    odd = [(i, j) for (i, j), size in sizes.items() if i < j and sizes.get((j, i), size) != size]
    if not odd:
        return ""
    which = _some(f"{c.names[i]} - {c.names[j]}" for i, j in odd)
    return f"{_n(len(odd), 'gap junction')} with another weight in the other direction: {which}"


def fractions(c: Connectome) -> str:
    odd = np.flatnonzero(c.weight != np.rint(c.weight))
    if not odd.size:
        return ""
    return f"{_n(odd.size, 'chemical weight')} not a whole number: {_edges(c, odd)}"


def extreme_weights(c: Connectome) -> str:
    if not c.n_edges:
        return ""
    median = float(np.median(c.weight))
    odd = np.flatnonzero(c.weight > EXTREME * median)
    if not odd.size:
        return ""
    return (
        f"{_n(odd.size, 'chemical weight')} over {EXTREME} times the median ({median:g}): "
        f"{_edges(c, odd)}"
    )


def equal_weights(c: Connectome) -> str:
    if c.n_edges < 2 or (c.weight != c.weight[0]).any():
        return ""
    return f"all chemical weights are {c.weight[0]:g}: the source may have had counts"


def names_alike(c: Connectome) -> str:
    """Spelt apart by case, padding or leading zeros alone: VB1 and VB01."""
    groups = _alike(c.names, lambda w: re.sub(r"(?<!\d)0+(?=\d)", "", w.casefold().strip()))
    if not groups:
        return ""
    return f"{_n(len(groups), 'cell name')} may mean the same cell: {_some(groups)}"


def rounded_ids(c: Connectome) -> str:
    odd = [name for name in c.names if _ROUNDED_ID.fullmatch(name)]
    if not odd:
        return ""
    return f"{_n(len(odd), 'cell name')} may be an id that was rounded: {_some(odd)}"


def classes_alike(c: Connectome) -> str:
    groups = _alike(c.classes, str.casefold)
    if not groups:
        return ""
    return f"{_n(len(groups), 'class', 'classes')} spelt in several ways: {_some(groups)}"


def missing_classes(c: Connectome) -> str:
    """Only where the source knows some."""
    missing = [i for i, word in enumerate(c.classes) if not word]
    if not missing or len(missing) == c.n_cells:
        return ""
    return f"{_n(len(missing), 'cell')} without a class: {_names(c, missing)}"


def _role(c: Connectome, role: str) -> NDArray[np.intp]:
    return np.flatnonzero([r == role for r in c.body.role]) if c.body else np.array([], np.intp)


def sending_muscles(c: Connectome) -> str:
    cells = np.intersect1d(_role(c, "muscle"), c.pre)
    if not cells.size:
        return ""
    return f"{_n(cells.size, 'muscle')} sending (are pre and post swapped?): {_names(c, cells)}"


def idle_muscles(c: Connectome) -> str:
    cells = np.setdiff1d(_role(c, "muscle"), c.post)
    if not cells.size:
        return ""
    return f"{_n(cells.size, 'muscle')} receiving nothing: {_names(c, cells)}"


def mute_motor_neurons(c: Connectome) -> str:
    cells = np.setdiff1d(_role(c, "motor"), c.pre)
    if not cells.size:
        return ""
    return f"{_n(cells.size, 'motor neuron')} sending nothing: {_names(c, cells)}"


def empty_segments(c: Connectome) -> str:
    if c.body is None:
        return ""
    empty = sorted(set(range(c.body.n_segments)) - set(c.body.segment.tolist()))
    if not empty:
        return ""
    return f"{_n(len(empty), 'segment')} of the body without cells: {_some(map(str, empty))}"


def one_sided_segments(c: Connectome) -> str:
    if c.body is None:
        return ""
    sides: dict[int, set[str]] = defaultdict(set)
    for i in _role(c, "muscle").tolist():
        sides[int(c.body.segment[i])].add(c.body.side[i])
    odd = [f"{segment} ({min(s)})" for segment, s in sorted(sides.items()) if len(s) == 1]
    if not odd:
        return ""
    return f"{_n(len(odd), 'segment')} with muscles on one side alone: {_some(odd)}"


def no_anatomy(c: Connectome, task: Task, ends: Ends) -> str:
    if any(ends.values()):
        return ""  # which dense input/output is for
    if task.joints is None:
        return f"task {task.name} has no chain of joints: use --io dense"
    if c.body is None:
        return (
            "there is no body map: use --io dense, or give role, segment and side of the cells "
            "(conncore connectome label)"
        )
    missing = [role for role in ("motor", "muscle") if role not in c.body.role]
    return f"the body map has no cell with role {' or '.join(missing)}" if missing else ""


def all_cells(c: Connectome, task: Task, ends: Ends) -> str:
    all_ends = [end for end in ("inputs", "outputs") if not ends.get(end)]
    if c.body is not None or not all_ends:
        return ""
    heard, read = (len(ends.get(end) or c.names) for end in ("inputs", "outputs"))
    n_parameters = heard * (task.n_obs + 1) + (read + 1) * task.n_actions
    return (
        f"dense input/output takes all {c.n_cells} cells as {' and '.join(all_ends)}, "
        f"{n_parameters} parameters, where neither a body map nor --inputs and --outputs say which"
    )


def _links(c: Connectome, task: Task, role: str, side: str = "") -> set[int]:
    """The links of the task's body that have cells of this role and side."""
    assert c.body is not None
    assert task.joints is not None
    segments = [
        int(c.body.segment[i]) for i in _role(c, role) if not side or c.body.side[i] == side
    ]
    return {s * (task.joints.n_joints + 1) // c.body.n_segments for s in segments}


def deaf_joints(c: Connectome, task: Task, ends: Ends) -> str:
    """A joint is heard by the motor neurons of the links in front of it and behind it."""
    if c.body is None or task.joints is None:
        return ""
    links, last = _links(c, task, "motor"), task.joints.n_joints - 1
    heard = {link - 1 for link in links} | {min(link, last) for link in links}
    deaf = sorted(set(range(last + 1)) - heard)
    if not deaf:
        return ""
    return f"{_n(len(deaf), 'joint')} that no motor neuron hears: {_some(map(str, deaf))}"


def idle_joints(c: Connectome, task: Task, ends: Ends) -> str:
    """A joint is driven by the muscles of its link; the last two links share the last joint."""
    if c.body is None or task.joints is None:
        return ""
    last = task.joints.n_joints - 1
    idle = []
    for side in ("dorsal", "ventral"):
        driven = {min(link, last) for link in _links(c, task, "muscle", side)}
        idle += [f"{joint} ({side})" for joint in sorted(set(range(last + 1)) - driven)]
    return f"joints without muscles: {_some(idle)}" if idle else ""


def out_of_reach(c: Connectome, task: Task, ends: Ends) -> str:
    try:
        wiring = dense(c, task, **ends)
    except UsageError as error:
        return str(error)
    lost = wiring.outputs[~reached(c, wiring.inputs)[wiring.outputs]]
    if not lost.size:
        return ""
    return f"{_n(lost.size, 'output')} that no input reaches: {_names(c, lost)}"


#: What to look for in any connectome, by name.
FINDINGS: Mapping[str, Callable[[Connectome], str]] = {
    "unknown signs": unknown_signs,
    "Dale violations": dale,
    "signs against transmitters": against_transmitter,
    "one sign": one_sign,
    "transmitters without a rule": unsigned_transmitters,
    "missing transmitters": missing_transmitters,
    "confidence": confidence,
    "isolated cells": isolated,
    "parts": parts,
    "self-loops": self_loops,
    "gap self-loops": gap_self_loops,
    "mixed gap junctions": mixed_gap_junctions,
    "uneven gap junctions": uneven_gap_junctions,
    "fractional weights": fractions,
    "extreme weights": extreme_weights,
    "equal weights": equal_weights,
    "names alike": names_alike,
    "rounded ids": rounded_ids,
    "classes alike": classes_alike,
    "missing classes": missing_classes,
    "sending muscles": sending_muscles,
    "idle muscles": idle_muscles,
    "mute motor neurons": mute_motor_neurons,
    "empty segments": empty_segments,
    "one-sided segments": one_sided_segments,
}

#: What to look for where the connectome shall do a task.
TASK_FINDINGS: Mapping[str, Callable[[Connectome, Task, Ends], str]] = {
    "anatomical input/output": no_anatomy,
    "dense input/output": all_cells,
    "deaf joints": deaf_joints,
    "idle joints": idle_joints,
    "outputs out of reach": out_of_reach,
}
