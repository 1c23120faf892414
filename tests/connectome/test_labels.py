"""Labels are a sequence of words, kept as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conncore._sorting import _unsafe_lexical_order
from conncore.connectome.labels import Labels

WORDS = st.lists(st.sampled_from(["source", "unknown", "transmitter:worm", ""]))


@given(words=WORDS, data=st.data())
def test_labels_are_a_tuple_of_words(words, data):
    labels = Labels.of(words)
    assert labels == tuple(words)
    assert labels == words
    assert tuple(labels) == tuple(words)
    assert len(labels) == len(words)
    assert labels == Labels.of(reversed(list(reversed(words))))
    assert hash(labels) == hash(tuple(words))
    assert labels.codes.nbytes == len(words)
    assert Labels.of(labels) is labels
    assert sum(labels.counts().values()) == len(words)
    assert all(n == words.count(word) for word, n in labels.counts().items())
    assert labels[1:] == words[1:]
    which = np.array(data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words))))
    which = which.astype(bool)
    assert labels.take(which) == [w for w, chosen in zip(words, which, strict=True) if chosen]
    new = [("new" if chosen else w) for w, chosen in zip(words, which, strict=True)]
    assert labels.relabel(which, "new") == new


def test_labels_differ():
    labels = Labels([0, 1], ("a", "b"))
    assert labels != ("a",)
    assert labels != ("b", "a")
    assert labels == Labels([1, 0], ("b", "a"))
    assert labels != "ab"
    assert repr(labels) == "<Labels: 1 'a', 1 'b'>"
    assert labels[-1] == "b"
    assert "b" in labels
    many = Labels.of([str(i) for i in range(300)])
    assert many[299] == "299"


@pytest.mark.parametrize(("codes", "words", "message"), [
    ([0, 2], ("a", "b"), r"0\.\.1"),
    ([-1], ("a",), r"0\.\.0"),
    ([0.5], ("a",), "integers"),
    ([0], ("a", "a"), "twice"),
])  # fmt: skip
def test_wrong_labels(codes, words, message):
    with pytest.raises(ValueError, match=message):
        Labels(codes, words)


@given(
    pairs=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9))),
    dtype=st.sampled_from([np.int32, np.int64, np.uint8]),
)
def test_edges_are_sorted_stably(pairs, dtype):
    major, minor = np.array(pairs, dtype=dtype).reshape(-1, 2).T
    order = _unsafe_lexical_order(major, minor, 7, 10)
    np.testing.assert_array_equal(order, np.lexsort((minor, major)))
