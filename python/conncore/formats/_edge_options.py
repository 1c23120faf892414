"""The options of every reader of a list of edges: what its columns and words mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from conncore.errors import choose
from conncore.formats._vocabulary import (
    conditions_of,
    kinds_of,
    missing_words,
    normal_title,
    words_of,
)


@dataclass(frozen=True)
class EdgeOptions:
    """What the columns of a list of edges mean; `edge_options` makes one of a reader's options.

    Parameters
    ----------
    titles : mapping of str to str
        The title of each column (pre, post, type, weight, sign) that the caller named.
    kinds : mapping of str to int
        The kind of words in the column of types: 0 chemical, 1 gap, -1 no edge.
    ignore : collection of str
        Titles of columns that are not used, in their normal form.
    missing : collection of str, optional
        Words that mean "no value", in their normal form. Rows without pre, post or weight are left
        out. If not given, they are refused.
    where : mapping of str to sequence of str
        The words of a column whose rows are read.
    duplicates : {"error", "sum"}
        How to treat several rows for one edge: refuse them, or add their weights.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    ignore: Collection[str] = ()
    missing: Collection[str] | None = None
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    duplicates: str = "error"


def edge_options(
    *,
    pre: str | None = None,
    post: str | None = None,
    weight: str | None = None,
    type: str | None = None,
    sign: str | None = None,
    type_map: str | Mapping[str, str] | None = None,
    ignore: str | Iterable[str] | None = None,
    missing: str | Iterable[str] | None = None,
    where: str | Iterable[str] | Mapping[str, str | Iterable[str]] | None = None,
    duplicates: str = "error",
) -> EdgeOptions:
    """The options of a reader of edges, checked; `read_edges` explains them."""
    named = {"pre": pre, "post": post, "type": type, "weight": weight, "sign": sign}
    return EdgeOptions(
        titles={column: title for column, title in named.items() if title is not None},
        kinds=kinds_of(type_map),
        ignore=frozenset(map(normal_title, words_of(ignore))),
        missing=None if missing is None else missing_words(missing),
        where=conditions_of(where),
        duplicates=choose("rule for duplicate edges", duplicates, ("error", "sum")),
    )
