"""Understands the columns of a list of edges: ends, kinds, weights and signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conncore.connectome.annotate import CellTable
from conncore.connectome.labels import Labels
from conncore.formats._build import Groups, Words, number_cells
from conncore.formats._edge_options import EdgeOptions
from conncore.formats._tables import Table, number
from conncore.formats._vocabulary import (
    KINDS,
    MISSING,
    SIGNS,
    TITLES,
    normal_title,
    normal_word,
)


@dataclass(frozen=True)
class Ends:
    """Both ends of the edges of a graph, whose nodes are known.

    Parameters
    ----------
    names : sequence of str, (n_cells,)
        All cells.
    pre, post : arrays of int32, (n_rows,)
        Their places.
    undirected : array of bool, (n_rows,)
        The edges to which the file gives no direction.
    directed : bool
        Whether these edges run from source to target by the caller's word.
    ordered : bool
        Whether the source of these edges is the one that the file names first.
    """

    names: Sequence[str]
    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    undirected: NDArray[np.bool_]
    directed: bool = False
    ordered: bool = True


def signs_of(table: Table, title: str, hint: str = "") -> NDArray[np.int8]:
    """A column of signs, (n_rows,): 1, -1, or 0 for unknown."""
    return table.choices(
        title,
        SIGNS,
        lambda word: f"unknown sign {word!r}; use +1, -1, 0, exc, inh, unknown or nothing{hint}",
        form=lambda word: word.strip().casefold(),
    )


class EdgeRows:
    """The rows of a table of edges while it is understood, step by step."""

    def __init__(self, table: Table, options: EdgeOptions, ends: Ends | None) -> None:
        self.table, self.options, self.ends = table, options, ends
        named = [table.need(title) for title in options.titles.values()]
        free = [
            title
            for title in table.titles
            if title not in named and normal_title(title) not in options.ignore
        ]
        # One column may hold weights whose minus is the sign.
        both = [table.need(options.titles["sign"])] if "sign" in options.titles else []
        self.titles: dict[str, str | None] = {}
        for column, others in TITLES.items():
            usable = replace(table, titles=[*free, *both] if column == "weight" else free)
            if column in options.titles:
                self.titles[column] = table.need(options.titles[column])
            elif ends is not None and column in ("pre", "post"):
                self.titles[column] = None
            else:
                self.titles[column] = usable.find(column, None, others)
                if self.titles[column] is None and column in ("pre", "post"):
                    hint = f"; name it with the option {column}=TITLE"
                    raise table.missing(column, hint)
        self.kind: NDArray[np.int8] = np.zeros(table.n_rows, np.int8)
        self.free = [title for title in free if title not in self.titles.values()]

    def _keep(self, rows: NDArray[np.int64]) -> None:
        self.table = self.table.take(rows)
        self.kind = self.kind[rows]
        if self.ends is not None:
            arrays = {key: getattr(self.ends, key)[rows] for key in ("pre", "post", "undirected")}
            self.ends = replace(self.ends, **arrays)

    def keep_where(self) -> None:
        """Keep the rows that meet the conditions of the caller."""
        for title, words in self.options.where.items():
            column = self.table.text(self.table.need(title))
            mask = np.array([word in words for word in column.words], bool)[column.codes]
            if not mask.any():
                known = ", ".join(map(repr, column.words[:10]))
                raise self.table.source.error(
                    f"no {self.table.row_word} has {' or '.join(map(repr, words))} in "
                    f"{self.table.column_word} {title!r}; it holds {known}"
                )
            self._keep(np.flatnonzero(mask))

    def find_kinds(self) -> None:
        """Tell chemical synapses from gap junctions, and leave out what the caller maps to none."""
        title, table = self.titles["type"], self.table
        if title is not None:
            self.kind = table.choices(
                title,
                {**KINDS, **self.options.kinds},
                lambda word: (
                    f"unknown type {word!r}; use chemical or gap, say what it means with the "
                    f"option type_map={word}:gap (or :chemical, :ignore), or leave the "
                    f"{table.column_word} out with ignore={title}"
                ),
            )
            if (self.kind < 0).any():
                self._keep(np.flatnonzero(self.kind >= 0))
        if self.ends is not None:
            self._check_directions(self.ends)

    def _check_directions(self, ends: Ends) -> None:
        """Chemical synapses have a direction, in the file or by the caller's word."""
        open_rows = np.flatnonzero(ends.undirected & (self.kind == 0))
        if not open_rows.size or (ends.directed and ends.ordered):
            return
        title, table = self.titles["type"], self.table
        told = np.zeros(table.n_rows, bool)
        if title is not None:
            told = table.text(title).map(lambda word: word != "", np.bool_)
        if not ends.ordered or not told[open_rows].all():
            row = int(open_rows[np.argmin(told[open_rows])])
            hint = ", or use the option directed=yes if its edges run from source to target"
            raise table.source.error(
                f"{table.where(row)} has no direction and is not a gap junction; make the graph "
                f"directed{hint if ends.ordered else ''}"
            )
        table.source.warn(
            f"the file gives no direction to {count_rows(open_rows.size, table)} of chemical "
            "synapses, which were read from source to target; the option directed=yes says that "
            "this is right"
        )

    def leave_out_missing(self) -> None:
        """Leave out the rows without an end or a weight, if the caller gave words for that."""
        missing, table = self.options.missing, self.table
        if missing is None:
            return
        lack = np.zeros(table.n_rows, bool)
        for column in ("pre", "post", "weight"):
            title = self.titles[column]
            if title is not None:
                words = table.text(title)
                lack |= words.map(lambda word: normal_word(word) in missing, np.bool_)
        gone = np.flatnonzero(lack)
        if gone.size:
            many = f"{count_rows(gone.size, table)} without pre, post or weight gave no edge"
            table.source.warn(f"{many} (first: {table.where(int(gone[0]))})")
            self._keep(np.flatnonzero(~lack))

    def cells(
        self, known: CellTable | None
    ) -> tuple[Sequence[str], NDArray[np.int32], NDArray[np.int32]]:
        """The names of all cells, and the places of both ends."""
        table = self.table
        if self.ends is not None:
            return self.ends.names, self.ends.pre, self.ends.post
        titles = {end: str(self.titles[end]) for end in ("pre", "post")}
        heads, tails = (table.names(title) for title in titles.values())
        names, pre, post = number_cells(heads, tails, () if known is None else known.names)
        if known is not None and len(names) > len(known.names):
            stray = (pre >= len(known.names)) | (post >= len(known.names))
            row = int(np.flatnonzero(stray)[0])
            end, place = ("pre", pre) if pre[row] >= len(known.names) else ("post", post)
            message = f"cell {names[place[row]]!r} is not in {known.source}"
            raise table.error(row, titles[end], message)
        return names, pre, post

    def weights_and_signs(self) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
        """The size and the sign of each row's weight."""
        table, titles = self.table, self.titles
        weight, sign = np.ones(table.n_rows), np.zeros(table.n_rows, np.int8)
        title, from_weight = titles["weight"], False
        if title is not None:
            weight = self._weights(title)
            from_weight = titles["sign"] == title or (self.ends is not None and not titles["sign"])
        if titles["sign"] is not None and not from_weight:
            hint = f", or leave the {table.column_word} out with the option ignore={titles['sign']}"
            sign = signs_of(table, titles["sign"], hint)
            wrong = np.flatnonzero((self.kind == 1) & (sign != 0))
            if wrong.size:
                message = "a gap junction has no sign; leave it empty"
                raise table.error(int(wrong[0]), titles["sign"], message)
        negative = (weight < 0) if not from_weight else (weight < 0) & (self.kind == 1)
        for mask, message in (
            (~np.isfinite(weight), "is not finite"),
            (negative & (self.kind == 1), "is negative; a gap junction has no sign"),
            (negative, f"is negative; if a minus means inhibition, use the option sign={title}"),
        ):
            wrong = np.flatnonzero(mask)
            if wrong.size:
                row = int(wrong[0])
                word = table.text(str(title)).tolist()[row]
                raise table.error(row, str(title), f"weight {word} {message}{_lacks(word)}")
        if from_weight and (weight < 0).any():
            sign = np.where(self.kind == 0, np.sign(weight), 0).astype(np.int8)
        return np.abs(weight), sign

    def _weights(self, title: str) -> NDArray[np.float64]:
        table = self.table
        if self.ends is not None:
            column = table.column(title)
            if isinstance(column, Words) and "" in column.words:
                filled = Words.of([word or "1" for word in column.tolist()])
                table.columns[title] = filled  # an edge of a graph without a weight counts 1
        return table.numbers(title, lambda word: f"; give a positive weight{_lacks(word)}")

    def sign_sources(self) -> Labels | None:
        """Where the sign of each row comes from, if the table says so."""
        if "sign_source" not in self.table.titles:
            return None
        column = self.table.text("sign_source")
        return Labels(column.codes, column.words)

    def say_what_differs(self, pairs: Sequence[tuple[Groups, NDArray[np.integer]]]) -> None:
        """Warn if rows whose weights were added differ in another column."""
        found: list[tuple[int, str, str]] = []
        for title in self.free:
            column = self.table.text(title)
            n_words = len(np.unique(column.codes))
            if title == "sign_source" or _is_id(title) or not 1 < n_words < self.table.n_rows:
                continue  # a column of ids differs in every row
            if any(group.mixed(column.codes[part]).size for group, part in pairs):
                found.append((n_words, title, column.words[column.codes[0]]))
        if found:
            found.sort()
            some = ", ".join(repr(title) for _, title, _ in found[:5])
            some += ", ..." if found[5:] else ""
            _, title, word = found[0]
            self.table.source.warn(
                f"the weights of several {self.table.row_word}s for one edge were added, although "
                f"they differ in {some}; to read some of them, use a condition such as the option "
                f"where={title}={word}",
            )

    def say_what_was_not_used(self) -> None:
        """Warn if all weights are 1 although the table has columns of numbers, or of kinds."""
        table = self.table
        if not table.n_rows:
            return
        others = [title for title in self.free if not _is_id(title)]
        if self.titles["weight"] is None:
            numeric = [title for title in others if _are_numbers(table.top(title))]
            if numeric:
                some = ", ".join(map(repr, numeric[:5])) + (", ..." if numeric[5:] else "")
                table.source.warn(
                    f"there is no {table.column_word} of weights, so each {table.row_word} counts "
                    f"1; if {some} holds them, use the option weight={numeric[0]}",
                )
        if self.titles["type"] is None:
            kinds = [title for title in others if _are_kinds(table.top(title))]
            if kinds:
                table.source.warn(
                    f"all edges were read as chemical synapses; if {kinds[0]!r} tells gap "
                    f"junctions from them, use the option type={kinds[0]}",
                )


def _are_numbers(words: Sequence[str]) -> bool:
    filled = [word for word in words if normal_word(word) not in MISSING]
    return bool(filled) and all(number(word) is not None for word in filled)


def _are_kinds(words: Sequence[str]) -> bool:
    """Whether all words are kinds of edges, and a long one is a gap junction."""
    kinds = [KINDS.get(normal_word(word)) for word in words]
    gaps = [len(word) > 1 and kind == 1 for word, kind in zip(words, kinds, strict=True)]
    return any(gaps) and None not in kinds


def count_rows(n_rows: int, table: Table) -> str:
    """The number of some rows in messages: "1 row", "3 edges"."""
    return f"{n_rows} {table.row_word}{'s' if n_rows > 1 else ''}"


def _is_id(title: str) -> bool:
    return normal_title(title).endswith(("id", "ids"))


def _lacks(word: str) -> str:
    """The hint for a word that may mean "no value"."""
    if normal_word(word) not in MISSING:
        return ""
    return f"; to leave such rows out, use the option missing={word or 'NA'}"
