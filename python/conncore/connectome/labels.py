"""Labels: one word for each item, stored as a list of distinct words and a number per item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SHOWN = 12  # words in the repr


class Labels(Sequence[str]):
    """A read-only sequence of str that takes one byte per entry (more beyond 256 words).

    It equals every sequence of the same words in the same order.

    Parameters
    ----------
    codes : (n,) array of int
        The index of each entry in `words`.
    words : sequence of str
        The distinct words.

    Raises
    ------
    ValueError
        If a code is not an index of `words`, or if a word is in `words` twice.

    Examples
    --------
    >>> classes = cc.load("celegans-haspel2011").classes
    >>> classes[0], classes.counts()["DB"]
    ('AS', 6)
    """

    def __init__(self, codes: ArrayLike, words: Sequence[str]) -> None:
        self.words = tuple(words)
        array = np.asarray(codes)
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
            raise ValueError("label codes must be integers in one dimension")
        if array.size and not 0 <= array.min() <= array.max() < len(self.words):
            raise ValueError(f"label codes must lie in 0..{len(self.words) - 1}")
        if len(set(self.words)) != len(self.words):
            raise ValueError("a label is given twice among the words")
        self.codes = array.astype(np.min_scalar_type(max(len(self.words) - 1, 0)))
        self.codes.setflags(write=False)

    @classmethod
    def of(cls, values: Iterable[str]) -> Labels:
        """The labels of a sequence of str; labels are returned as they are."""
        if isinstance(values, Labels):
            return values
        places: dict[str, int] = {}
        codes = [places.setdefault(value, len(places)) for value in values]
        return cls(np.array(codes, dtype=np.int64), tuple(places))

    def take(self, which: NDArray[np.integer] | NDArray[np.bool_]) -> Labels:
        """The entries at these indices, or those where a mask is true."""
        return Labels(self.codes[which], self.words)

    def relabel(self, where: NDArray[np.bool_], word: str) -> Labels:
        """A copy with `word` at all entries where the mask is true."""
        words = self.words if word in self.words else (*self.words, word)
        return Labels(np.where(where, words.index(word), self.codes), words)

    def counts(self) -> dict[str, int]:
        """The number of entries of each word that occurs."""
        found = np.bincount(self.codes, minlength=len(self.words)).tolist()
        return {word: n for word, n in zip(self.words, found, strict=True) if n}

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        """The word at `index`, or the labels of a slice."""
        if isinstance(index, slice):
            return Labels(self.codes[index], self.words)
        return self.words[self.codes[index]]

    def __iter__(self) -> Iterator[str]:
        return (self.words[code] for code in self.codes.tolist())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Labels) and self.words == other.words:
            return np.array_equal(self.codes, other.codes)
        if not isinstance(other, Sequence) or isinstance(other, str) or len(self) != len(other):
            return False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __reduce__(self) -> tuple[type[Labels], tuple[object, ...]]:
        """Build it anew when unpickled or copied, so that its array is read-only again."""
        return Labels, (self.codes, self.words)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        counts = [f"{n} {word!r}" for word, n in self.counts().items()]
        more = [f"and {len(counts) - _SHOWN:,} other words"] if len(counts) > _SHOWN else []
        return f"<Labels: {', '.join(counts[:_SHOWN] + more) or 'none'}>"
