"""What may be wrong with a connectome: one function for each kind of finding.

A function returns one line, or "" where there is nothing to report. Not every finding is an
error: some need a decision, and some are true of the animal.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from conncore.checks.phrases import count, edges_of, names_of, some
from conncore.connectome import Connectome
from conncore.connectome.graph import components, returned, without_edges
from conncore.connectome.labels import Labels
from conncore.connectome.select import with_role
from conncore.connectome.signs import TRANSMITTER_SIGNS
from conncore.connectome.transmitters import transmitter_key

EXTREME = 100  # times the median is an extreme weight

MISSING = ("nan", "na", "n/a", "none", "null", "#n/a", "<na>")
TOTALS = ("total", "totals", "sum", "sums", "all")
Places = NDArray[np.int32]

# An id that went through a spreadsheet or a float: 7.20575940623e+17, 1234.0.
_ROUNDED_ID = re.compile(r"\d+(\.\d*)?[eE]\+?\d+|\d+\.0*")


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
        f"{c.n_unknown} of {c.n_edges} chemical edges have no sign, those from "
        f"{names_of(c, cells)}; a network needs all signs: set them by "
        "transmitter, from a file or by a policy"
    )


def dale(c: Connectome) -> str:
    cells = c.dale_violations()
    return f"{count(len(cells), 'cell')} with edges of both signs: {some(cells)}" if cells else ""


def against_transmitter(c: Connectome) -> str:
    """Signs that contradict every rule for the transmitter of the presynaptic cell."""
    allowed: dict[str, set[int]] = defaultdict(set)
    for rule in TRANSMITTER_SIGNS.values():
        for word, sign in rule.items():
            allowed[transmitter_key(word)].add(sign)
    words = Labels.of(c.transmitters)
    only = [allowed.get(transmitter_key(word), set()) for word in words.words]
    expected = np.array([next(iter(s)) if len(s) == 1 else 0 for s in only])[words.codes][c.pre]
    wrong = np.flatnonzero(expected * c.sign < 0)
    if not wrong.size:
        return ""
    return (
        f"{count(wrong.size, 'edge')} with a sign that contradicts the transmitter of the "
        f"presynaptic cell: {edges_of(c, wrong)}"
    )


def one_sign(c: Connectome) -> str:
    if c.n_unknown == c.n_edges or (c.n_excitatory and c.n_inhibitory):
        return ""
    return f"all {c.n_edges - c.n_unknown} signed edges have the same sign"


def unsigned_transmitters(c: Connectome) -> str:
    known = {transmitter_key(word) for rule in TRANSMITTER_SIGNS.values() for word in rule}
    words = sorted({word for word in c.transmitters if word})
    odd = [word for word in words if transmitter_key(word) not in known]
    if not odd:
        return ""
    unknown = some(map(repr, odd))
    return f"no built-in rule gives a sign to transmitter {unknown}; give your own rule"


def missing_transmitters(c: Connectome) -> str:
    """Reported only where other cells have one."""
    if not any(c.transmitters):
        return ""
    senders = np.unique(c.pre)
    missing = [i for i in senders.tolist() if not c.transmitters[i]]
    if not missing:
        return ""
    cells = count(len(missing), "cell")
    return f"{cells} with outgoing edges but no transmitter: {names_of(c, missing)}"


def confidence(c: Connectome) -> str:
    values = c.attributes.get("confidence")
    if values is None:
        return ""
    if isinstance(values, Labels):
        return "the attribute 'confidence' holds words; it must hold numbers from 0 to 1"
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if not wrong.size:
        return ""
    return f"{count(wrong.size, 'cell')} with a confidence outside 0 to 1: {names_of(c, wrong)}"


def isolated(c: Connectome) -> str:
    cells = without_edges(c)
    return (
        f"{count(cells.size, 'cell')} without any edge: {names_of(c, cells)}" if cells.size else ""
    )


def parts(c: Connectome) -> str:
    """Parts without a path between them. Isolated cells are a separate finding."""
    roots, sizes = np.unique(components(c), return_counts=True)
    joined = roots[sizes > 1]
    if joined.size < 2:
        return ""
    sizes = np.sort(sizes[sizes > 1])[::-1]
    return (
        f"the connectome has {joined.size} parts without an edge between them, of "
        f"{some(map(str, sizes.tolist()))} cells; one cell of each: {names_of(c, joined)}"
    )


def self_loops(c: Connectome) -> str:
    own = np.flatnonzero(c.pre == c.post)
    if not own.size:
        return ""
    return f"{count(own.size, 'chemical edge')} from a cell to itself: {names_of(c, c.pre[own])}"


def gap_self_loops(c: Connectome) -> str:
    own = np.flatnonzero(c.gap_pre == c.gap_post)
    if not own.size:
        return ""
    return f"{count(own.size, 'gap junction')} of a cell with itself: {names_of(c, c.gap_pre[own])}"


def mixed_gap_junctions(c: Connectome) -> str:
    between = np.flatnonzero(c.gap_pre != c.gap_post)
    pre, post = c.gap_pre[between], c.gap_post[between]
    twice = returned(pre, post, c.n_cells)
    if twice.all() or not twice.any():
        return ""
    once = [f"{c.names[i]} - {c.names[j]}" for i, j in zip(pre[~twice], post[~twice], strict=True)]
    return (
        f"{twice.sum()} gap junction entries are given in both directions, but {len(once)} in "
        f"only one: {some(once)}"
    )


def uneven_gap_junctions(c: Connectome) -> str:
    entries = zip(c.gap_pre.tolist(), c.gap_post.tolist(), c.gap_weight.tolist(), strict=True)
    sizes = {(i, j): size for i, j, size in entries}
    odd = [(i, j) for (i, j), size in sizes.items() if i < j and sizes.get((j, i), size) != size]
    if not odd:
        return ""
    which = some(f"{c.names[i]} - {c.names[j]}" for i, j in odd)
    return f"{count(len(odd), 'gap junction')} with a different weight in each direction: {which}"


def fractions(c: Connectome) -> str:
    odd = np.flatnonzero(c.weight != np.rint(c.weight))
    if not odd.size:
        return ""
    return f"{count(odd.size, 'chemical edge')} with a fractional weight: {edges_of(c, odd)}"


def extreme_weights(c: Connectome) -> str:
    if not c.n_edges:
        return ""
    median = float(np.median(c.weight))
    odd = np.flatnonzero(c.weight > EXTREME * median)
    if not odd.size:
        return ""
    return (
        f"{count(odd.size, 'chemical edge')} over {EXTREME} times the median weight ({median:g}): "
        f"{edges_of(c, odd)}"
    )


def equal_weights(c: Connectome) -> str:
    if c.n_edges < 2 or (c.weight != c.weight[0]).any():
        return ""
    return f"all chemical weights are {c.weight[0]:g}; check whether the source has synapse counts"


def names_alike(c: Connectome) -> str:
    """Names that differ only in case, spaces or leading zeros, such as VB1 and VB01."""
    groups = _alike(c.names, lambda w: re.sub(r"(?<!\d)0+(?=\d)", "", w.casefold().strip()))
    if not groups:
        return ""
    return f"{count(len(groups), 'group')} of names that may mean the same cell: {some(groups)}"


def rounded_ids(c: Connectome) -> str:
    odd = [name for name in c.names if _ROUNDED_ID.fullmatch(name)]
    if not odd:
        return ""
    return f"{count(len(odd), 'cell name')} in the form of a rounded id: {some(odd)}"


def missing_names(c: Connectome) -> str:
    """Words for a missing value that became names of cells."""
    odd = [name for name in c.names if name.strip().casefold() in MISSING]
    if not odd:
        return ""
    cells = count(len(odd), "cell")
    return f"{cells} named by a word for a missing value: {some(odd)}; is the name missing?"


def totals(c: Connectome) -> str:
    """The row and column of totals of a table that became a cell."""
    named = [i for i, name in enumerate(c.names) if name.strip().casefold() in TOTALS]
    sums = [*_sums_of_others(c, c.pre, c.post), *_sums_of_others(c, c.post, c.pre)]
    cells = sorted({*named, *sums})
    if not cells:
        return ""
    which = names_of(c, cells)
    return f"{count(len(cells), 'cell')} that may be totals of the others, not cells: {which}"


def _sums_of_others(c: Connectome, own: Places, other: Places) -> list[int]:
    """The cells whose edge to each other cell is the sum of all the other edges there.

    At least three edges must be such sums, and at least three other cells must have edges. In
    smaller connectomes sums are equal by chance.
    """
    value = np.where(c.sign == -1, -c.weight, c.weight)
    total = np.bincount(other, value, minlength=c.n_cells)
    equal = np.isclose(2 * value, total[other], rtol=1e-9, atol=0) & (own != other)
    n_equal = np.bincount(own[equal], minlength=c.n_cells)
    there = np.zeros(c.n_cells, bool)
    there[other] = True
    all_equal = n_equal == there.sum() - there
    enough = (n_equal >= 3) & (np.unique(own).size > 3)
    return np.flatnonzero(all_equal & enough).tolist()


def classes_alike(c: Connectome) -> str:
    groups = _alike(c.classes, str.casefold)
    if not groups:
        return ""
    return f"{count(len(groups), 'class', 'classes')} with several spellings: {some(groups)}"


def missing_classes(c: Connectome) -> str:
    """Reported only where other cells have one."""
    missing = [i for i, word in enumerate(c.classes) if not word]
    if not missing or len(missing) == c.n_cells:
        return ""
    return f"{count(len(missing), 'cell')} without a class: {names_of(c, missing)}"


def sending_muscles(c: Connectome) -> str:
    cells = np.intersect1d(with_role(c, "muscle"), c.pre)
    if not cells.size:
        return ""
    muscles = count(cells.size, "muscle")
    return f"{muscles} with outgoing edges (are pre and post swapped?): {names_of(c, cells)}"


def idle_muscles(c: Connectome) -> str:
    cells = np.setdiff1d(with_role(c, "muscle"), c.post)
    if not cells.size:
        return ""
    return f"{count(cells.size, 'muscle')} without incoming edges: {names_of(c, cells)}"


def mute_motor_neurons(c: Connectome) -> str:
    cells = np.setdiff1d(with_role(c, "motor"), c.pre)
    if not cells.size:
        return ""
    return f"{count(cells.size, 'motor neuron')} without outgoing edges: {names_of(c, cells)}"


def empty_segments(c: Connectome) -> str:
    if c.body is None:
        return ""
    empty = sorted(set(range(c.body.n_segments)) - set(c.body.segment.tolist()))
    if not empty:
        return ""
    return f"{count(len(empty), 'segment')} of the body without cells: {some(map(str, empty))}"


def one_sided_segments(c: Connectome) -> str:
    if c.body is None:
        return ""
    sides: dict[int, set[str]] = defaultdict(set)
    for i in with_role(c, "muscle").tolist():
        sides[int(c.body.segment[i])].add(c.body.side[i])
    odd = [f"{segment} ({min(s)})" for segment, s in sorted(sides.items()) if len(s) == 1]
    if not odd:
        return ""
    return f"{count(len(odd), 'segment')} with muscles on one side only: {some(odd)}"


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
    "missing names": missing_names,
    "totals": totals,
    "classes alike": classes_alike,
    "missing classes": missing_classes,
    "sending muscles": sending_muscles,
    "idle muscles": idle_muscles,
    "mute motor neurons": mute_motor_neurons,
    "empty segments": empty_segments,
    "one-sided segments": one_sided_segments,
}
