"""Walks and parts of the graph, against powers of its matrix."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conncore.connectome.graph import components, reached
from random_connectomes import connectomes


@given(connectomes(), st.integers(0, 4), st.sampled_from(["in", "out", "both"]), st.data())
def test_walks_reach_what_powers_of_the_matrix_say(worm, hops, direction, data):
    start = data.draw(st.integers(0, worm.n_cells - 1))
    matrix = np.eye(worm.n_cells, dtype=int)
    if direction in ("out", "both"):
        matrix[worm.pre, worm.post] = 1
    if direction in ("in", "both"):
        matrix[worm.post, worm.pre] = 1
    expected = np.linalg.matrix_power(matrix, hops)[start] > 0
    assert np.array_equal(reached(worm, np.array([start]), hops, direction), expected)


@given(connectomes())
def test_parts_are_what_nothing_joins(worm):
    n = worm.n_cells
    matrix = np.eye(n, dtype=int)
    matrix[worm.pre, worm.post] = 1
    matrix[worm.gap_pre, worm.gap_post] = 1
    joined = np.linalg.matrix_power(matrix + matrix.T, n) > 0
    part = components(worm)
    assert np.array_equal(part[:, None] == part, joined)
    assert np.array_equal(part, joined.argmax(axis=1))
