"""The record of a connectome: cells, signed chemical edges and gap junctions, frozen.

An edge has a presynaptic cell `pre`, a postsynaptic cell `post`, a weight and a sign. Chemical
edges are in CSR order (sorted by pre, then post): in the matrix of `indptr` and `indices`, rows
are presynaptic and columns are postsynaptic.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from typing import Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.connectome.attributes import Attributes, checked_attributes
from conncore.connectome.body import BodyMap
from conncore.connectome.edges import check_places, checked, frozen, lexical_order
from conncore.connectome.labels import Labels
from conncore.errors import ConnectomeError
from conncore.report.notebook import html_facts

C = TypeVar("C", bound="Record")


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """The fields of a `Connectome`, checked, and counts of them."""

    name: str
    names: tuple[str, ...]
    classes: Labels
    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    weight: NDArray[np.float64]
    sign: NDArray[np.int8]
    sign_source: Labels
    gap_pre: NDArray[np.int32]
    gap_post: NDArray[np.int32]
    gap_weight: NDArray[np.float64]
    transmitters: Labels
    body: BodyMap | None = None
    attributes: Attributes = field(default_factory=dict)
    citation: str = ""
    licence: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        for key in ("classes", "transmitters", "sign_source"):
            object.__setattr__(self, key, Labels.of(getattr(self, key)))
        self._check_cells()
        attributes = checked_attributes(self.attributes, self.n_cells)
        object.__setattr__(self, "attributes", attributes)
        self._set_edges("chemical", "pre", "post", "weight")
        self._set_edges("gap", "gap_pre", "gap_post", "gap_weight")
        sign = checked("sign", self.sign, len(self.pre))
        wrong = np.flatnonzero((sign != 0) & (sign != 1) & (sign != -1))
        if wrong.size:
            k = wrong[0]
            raise ConnectomeError(
                f"chemical edge {self.names[self.pre[k]]!r} -> {self.names[self.post[k]]!r} has "
                f"sign {sign[k]}; use 1, -1 or 0 (unknown)"
            )
        object.__setattr__(self, "sign", frozen(sign, np.int8))
        if len(self.sign_source) != self.n_edges:
            raise ConnectomeError(
                f"sign_source has {len(self.sign_source)} entries for {self.n_edges} edges"
            )
        self._check_unique("chemical", self.pre, self.post)
        gap_order = lexical_order(self.gap_pre, self.gap_post, self.n_cells)
        self._check_unique("gap", self.gap_pre[gap_order], self.gap_post[gap_order])

    def _check_cells(self) -> None:
        if not self.names:
            raise ConnectomeError(f"connectome {self.name!r} has no cells")
        for name, count in Counter(self.names).items():
            if not isinstance(name, str) or not name:
                raise ConnectomeError(f"cell name {name!r} is not a non-empty string")
            if count > 1:
                raise ConnectomeError(f"cell name {name!r} is used {count} times; names are unique")
        for key in ("classes", "transmitters", "body"):
            values = getattr(self, key)
            if values is not None and len(values) != self.n_cells:
                raise ConnectomeError(f"{key} has {len(values)} entries for {self.n_cells} cells")

    def _set_edges(self, kind: str, pre: str, post: str, weight: str) -> None:
        """Check one kind of edge and store it with its final types, read-only."""
        n_edges = np.size(getattr(self, pre))
        for key in (pre, post):
            cells = checked(key, getattr(self, key), n_edges, "iu")
            check_places(key, cells, self.n_cells)
            object.__setattr__(self, key, frozen(cells, np.int32))
        weights = checked(weight, getattr(self, weight), n_edges)
        heads, tails = getattr(self, pre), getattr(self, post)
        wrong = np.flatnonzero(~(np.isfinite(weights) & (weights > 0)))
        if wrong.size:
            k = wrong[0]
            raise ConnectomeError(
                f"{kind} edge {self.names[heads[k]]!r} -> {self.names[tails[k]]!r} has weight "
                f"{weights[k]}; weights are positive and finite (signs are kept apart)"
            )
        object.__setattr__(self, weight, frozen(weights, np.float64))

    def _check_unique(self, kind: str, heads: NDArray[np.int32], tails: NDArray[np.int32]) -> None:
        """Refuse edges that are not sorted, and edges that are given twice."""
        same_head = heads[1:] == heads[:-1]
        if np.any((heads[1:] < heads[:-1]) | (same_head & (tails[1:] < tails[:-1]))):
            raise ConnectomeError(
                f"{kind} edges are not sorted by pre, then post; use Connectome.from_edges"
            )
        twice = np.flatnonzero(same_head & (tails[1:] == tails[:-1]))
        if twice.size:
            head, tail = heads[twice[0]], tails[twice[0]]
            raise ConnectomeError(
                f"{kind} edge {self.names[head]!r} -> {self.names[tail]!r} is given "
                f"{np.sum((heads == head) & (tails == tail))} times; merge such edges into one"
            )

    @classmethod
    def from_edges(
        cls,
        name: str,
        pre: ArrayLike,
        post: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        sign: ArrayLike | None = None,
        sign_source: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
        classes: Sequence[str] | None = None,
        gap_pre: ArrayLike = (),
        gap_post: ArrayLike = (),
        gap_weight: ArrayLike | None = None,
        transmitters: Sequence[str] | None = None,
        body: BodyMap | None = None,
        attributes: Mapping[str, ArrayLike | Sequence[str]] | None = None,
        citation: str = "",
        licence: str = "",
        source: str = "",
    ) -> Self:
        """Build a connectome from edges in any order.

        Parameters
        ----------
        name, pre, post, ...
            The fields of `Connectome`, with chemical edges in any order. Defaults: weights 1, signs
            unknown, `sign_source` "source" or "unknown", names "0", "1", ... up to the highest
            index, classes and transmitters "".

        Raises
        ------
        ConnectomeError
            If an index is out of range, a weight is not positive and finite, a sign is not -1, 0
            or 1, a name or an edge is repeated, or lengths differ.
        """
        n_edges = np.size(pre)
        heads = checked("pre", pre, n_edges, "iu")
        tails = checked("post", post, n_edges, "iu")
        gap_heads = checked("gap_pre", gap_pre, np.size(gap_pre), "iu")
        gap_tails = checked("gap_post", gap_post, np.size(gap_pre), "iu")
        weight = np.ones(n_edges) if weight is None else weight
        weights = checked("weight", weight, n_edges)
        signs = checked("sign", np.zeros(n_edges) if sign is None else sign, n_edges)
        if sign_source is None:
            sign_source = Labels((signs == 0).astype(np.uint8), ("source", "unknown"))
        if len(sign_source) != n_edges:
            raise ConnectomeError(f"sign_source has {len(sign_source)} entries for {n_edges} edges")
        if names is None:
            ends = (heads, tails, gap_heads, gap_tails)
            names = [str(i) for i in range(max(int(e.max(initial=-1)) for e in ends) + 1)]
        nothing = ("",) * len(names)
        check_places("pre", heads, len(names))
        check_places("post", tails, len(names))
        order = lexical_order(heads, tails, len(names))
        return cls(
            name=name,
            names=tuple(names),
            classes=Labels.of(nothing if classes is None else classes),
            pre=heads[order],
            post=tails[order],
            weight=weights[order],
            sign=signs[order],
            sign_source=Labels.of(sign_source).take(order),
            gap_pre=gap_heads,
            gap_post=gap_tails,
            gap_weight=checked(
                "gap_weight",
                np.ones(gap_heads.size) if gap_weight is None else gap_weight,
                gap_heads.size,
            ),
            transmitters=Labels.of(nothing if transmitters is None else transmitters),
            body=body,
            attributes=checked_attributes(attributes or {}, len(names)),
            citation=citation,
            licence=licence,
            source=source,
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Build it anew when unpickled or copied, so that its arrays are read-only again."""
        return partial(type(self), **{f.name: getattr(self, f.name) for f in fields(self)}), ()

    def __repr__(self) -> str:
        unknown = f", {self.n_unknown} of unknown sign" if self.n_unknown else ""
        return (
            f"<Connectome {self.name!r}: {self.n_cells} cells, {self.n_edges} chemical edges "
            f"({self.n_excitatory} excitatory, {self.n_inhibitory} inhibitory{unknown}), "
            f"{self.n_gap_junctions} gap junctions>"
        )

    def _repr_html_(self) -> str:
        """Return the table that notebooks show."""
        signs = {"excitatory": self.n_excitatory, "inhibitory": self.n_inhibitory}
        signs |= {"of unknown sign": self.n_unknown} if self.n_unknown else {}
        known = [word for word in self.classes.counts() if word]
        return html_facts(
            self.name,
            {
                "cells": f"{self.n_cells:,}" + (f" in {len(known):,} classes" if known else ""),
                "chemical edges": f"{self.n_edges:,}: "
                + ", ".join(f"{n:,} {word}" for word, n in signs.items()),
                "gap junctions": f"{self.n_gap_junctions:,}",
                "body": "" if self.body is None else self.body.summary,
                "citation": self.citation,
                "licence": self.licence,
            },
        )

    @property
    def n_cells(self) -> int:
        """Number of cells, muscles included."""
        return len(self.names)

    @property
    def n_edges(self) -> int:
        """Number of chemical edges."""
        return len(self.pre)

    @property
    def n_gap_junctions(self) -> int:
        """Number of gap junction entries, as the source lists them."""
        return len(self.gap_pre)

    @property
    def n_excitatory(self) -> int:
        """Number of chemical edges with sign +1."""
        return int((self.sign == 1).sum())

    @property
    def n_inhibitory(self) -> int:
        """Number of chemical edges with sign -1."""
        return int((self.sign == -1).sum())

    @property
    def n_unknown(self) -> int:
        """Number of chemical edges whose sign is not known."""
        return int((self.sign == 0).sum())

    @property
    def density(self) -> float:
        """Chemical edges over all ordered pairs of cells: n_edges / n_cells**2."""
        return self.n_edges / self.n_cells**2

    @cached_property
    def indptr(self) -> NDArray[np.int32]:
        """CSR row pointers, int32 (n_cells + 1,): cell i's outgoing edges start at indptr[i]."""
        counts = np.bincount(self.pre, minlength=self.n_cells)
        return frozen(np.concatenate(([0], np.cumsum(counts))), np.int32)

    @property
    def indices(self) -> NDArray[np.int32]:
        """CSR column indices, int32 (n_edges,): the postsynaptic cells."""
        return self.post

    @cached_property
    def checksum(self) -> str:
        """SHA-256 (hex) of the cells and edges, without the name, classes and citation."""
        digest = hashlib.sha256(json.dumps(self.names).encode())
        for array, dtype in (
            (self.pre, "<i4"),
            (self.post, "<i4"),
            (self.weight, "<f8"),
            (self.sign, "i1"),
            (self.gap_pre, "<i4"),
            (self.gap_post, "<i4"),
            (self.gap_weight, "<f8"),
        ):
            digest.update(f"{dtype}{len(array)}:".encode())
            digest.update(array.astype(dtype).tobytes())
        return digest.hexdigest()

    def dale_violations(self) -> tuple[str, ...]:
        """Names of the cells with both signs among their outgoing chemical edges."""
        excites = np.bincount(self.pre[self.sign == 1], minlength=self.n_cells) > 0
        inhibits = np.bincount(self.pre[self.sign == -1], minlength=self.n_cells) > 0
        return tuple(self.names[i] for i in np.flatnonzero(excites & inhibits))
