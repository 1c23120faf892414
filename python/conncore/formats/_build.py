"""Builds a connectome from rows of names, for every reader: numbers cells and sums duplicates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.edges import lexical_order
from conncore.errors import ConnectomeError
from conncore.formats._files import Source

Places = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Words:
    """A column of text: a list of different words, and the place of each row's word in it."""

    codes: Places
    words: list[str]

    @classmethod
    def of(cls, values: Sequence[str]) -> Words:
        """The column with these values."""
        places: dict[str, int] = {}
        codes = [places.setdefault(value, len(places)) for value in values]
        return cls(np.array(codes, np.int32), list(places))

    def map(self, value: Callable[[str], Any], dtype: type[np.generic]) -> NDArray[Any]:
        """A value for each row, computed once for each word."""
        return np.array([value(word) for word in self.words], dtype)[self.codes]

    def tolist(self) -> list[str]:
        """The word of each row."""
        return [self.words[code] for code in self.codes.tolist()]

    def take(self, rows: NDArray[Any]) -> Words:
        """These rows of the column."""
        return Words(self.codes[rows], self.words)

    def stripped(self) -> Words:
        """The same column without blanks around its words."""
        words = [word.strip() for word in self.words]
        if words == self.words:
            return self
        merged = Words.of(words)
        return Words(merged.codes[self.codes], merged.words)

    def __len__(self) -> int:
        return len(self.codes)


def number_cells(pre: Words, post: Words, known: Sequence[str] = ()) -> tuple[list[str], Any, Any]:
    """Number the cells at both ends: first the known cells, then others as they appear.

    Returns
    -------
    names : list of str, (n_cells,)
    pre, post : arrays of int32, (n_rows,)
    """
    places = {name: i for i, name in enumerate(known)}
    words = [*known]
    for word in (*pre.words, *post.words):
        if word not in places:
            places[word] = len(words)
            words.append(word)
    lookup_pre = np.array([places[word] for word in pre.words], np.int32)
    lookup_post = np.array([places[word] for word in post.words], np.int32)
    heads, tails = lookup_pre[pre.codes], lookup_post[post.codes]
    both = np.empty(2 * len(heads), np.int32)
    both[0::2], both[1::2] = heads, tails
    first = np.full(len(words), 2 * len(both) + 1, np.int64)
    first[both[::-1]] = np.arange(len(both))[::-1]  # of equal places the last one stays
    first[: len(known)] = np.arange(len(known)) - len(known)
    order = np.argsort(first, kind="stable")
    order = order[first[order] < 2 * len(both) + 1]  # a word may stand in no row that was kept
    rank = np.empty(len(words), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return [words[i] for i in order.tolist()], rank[heads], rank[tails]


@dataclass(frozen=True)
class Groups:
    """Rows of one edge each, sorted by pre, then post."""

    order: Places
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, pre: Places, post: Places, n_cells: int) -> Groups:
        """The groups of rows that name the same edge."""
        order = lexical_order(pre, post, n_cells)
        heads, tails = pre[order], post[order]
        new = np.ones(len(order), bool)
        new[1:] = (heads[1:] != heads[:-1]) | (tails[1:] != tails[:-1])
        return cls(order, np.flatnonzero(new))

    @property
    def first(self) -> Places:
        """The first row of each edge."""
        return self.order[self.starts]

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many rows each edge has."""
        return np.diff(self.starts, append=len(self.order))

    def rows(self, edge: int) -> Places:
        """All rows of an edge, in their order in the file."""
        begin = self.starts[edge]
        return self.order[begin : begin + self.counts[edge]]

    def sums(self, values: Floats) -> Floats:
        """The sum over each edge's rows."""
        if len(self.starts) == len(self.order):
            return values[self.order]
        return np.asarray(np.add.reduceat(values[self.order], self.starts))

    def mixed(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The edges whose rows differ in a value."""
        ordered = values[self.order]
        differs = np.zeros(len(ordered), bool)
        differs[1:] = ordered[1:] != ordered[:-1]
        differs[self.starts] = False
        return np.unique(np.searchsorted(self.starts, np.flatnonzero(differs), "right") - 1)


def signed(weights: Floats) -> tuple[Floats, NDArray[np.int8]]:
    """Sizes and signs of numbers where a minus means inhibition.

    Where no number is negative, nothing says that they excite: the signs are unknown.
    """
    if np.any(weights < 0):
        return np.abs(weights), np.sign(weights).astype(np.int8)
    return weights, np.zeros(len(weights), np.int8)


def summed(
    source: Source, names: Sequence[str], pre: Places, post: Places, values: Floats
) -> tuple[Places, Places, Floats]:
    """Edges with the sums of their rows; edges that sum to 0 are none."""
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        k = wrong[0]
        raise source.error(
            f"edge {names[pre[k]]!r} -> {names[post[k]]!r} has the weight {values[k]}; "
            "weights are finite"
        )
    groups = Groups.of(pre, post, len(names))
    with np.errstate(over="ignore"):  # an endless sum is refused with the edge's name
        totals = groups.sums(values)
    there = totals != 0
    return pre[groups.first][there], post[groups.first][there], totals[there]


def is_symmetric(pre: Places, post: Places, weight: Floats) -> bool:
    """Whether each entry has one of the same weight in return."""
    there = {(i, j): w for i, j, w in zip(pre.tolist(), post.tolist(), weight, strict=True)}
    return all(there.get((j, i)) == w for (i, j), w in there.items())


def fold(pre: Places, post: Places, weight: Floats) -> tuple[Places, Places, Floats]:
    """One entry a pair of cells, from the lower place to the higher, with the larger weight."""
    pairs: dict[tuple[int, int], float] = {}
    for i, j, w in zip(pre.tolist(), post.tolist(), weight.tolist(), strict=True):
        pair = (min(i, j), max(i, j))
        pairs[pair] = max(w, pairs.get(pair, 0.0))
    ends = np.array(list(pairs), np.int32).reshape(-1, 2)
    return ends[:, 0], ends[:, 1], np.array(list(pairs.values()), np.float64)


def make(source: Source, /, **fields: Any) -> Connectome:
    """`Connectome.from_edges`, with errors that name the file."""
    try:
        fields = {"name": source.stem, "source": source.label, **fields}
        return Connectome.from_edges(**fields)
    except ConnectomeError as error:
        raise source.error(str(error)) from None


def check_names(source: Source, names: Sequence[str], where: Callable[[int], str]) -> None:
    """Refuse names that are empty or stand twice, with the place of the second."""
    seen: set[str] = set()
    for k, name in enumerate(names):
        if not name:
            raise source.error(f"{where(k)}: the cell name is empty")
        if name in seen:
            raise source.error(f"{where(k)}: the cell name {name!r} appears twice")
        seen.add(name)
