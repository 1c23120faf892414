"""Rewiring draws evenly: compared with all graphs of the same degrees, listed one by one."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest

from conncore.noise import Stream, generator
from conncore.nulls import rewiring
from conncore.nulls.models import make_null
from conncore.nulls.rewiring import rewire, shuffle_within
from conncore.reference import rewiring as reference
from even_draws import assert_even

TRIANGLE = [(0, 1), (1, 2), (2, 0)]
LINKED = [(i, 3) for i in range(3)] + [(3, i) for i in range(3)]  # a fourth cell, both ways
GRAPHS = {
    "four cells": ([(0, 1), (0, 2), (1, 0), (1, 3), (2, 3), (3, 2)], [0, 0, 0, 0]),
    # No swap is possible: only a reversal leads from one way round to the other.
    "triangle": (TRIANGLE, [0, 0, 0]),
    "triangle and cells without edges": (TRIANGLE, [0] * 6),
    "triangle and a cell linked with all": (TRIANGLE + LINKED, [0, 0, 0, 0]),
    "two groups": (
        [(0, 1), (0, 3), (1, 2), (1, 4), (2, 0), (2, 3), (3, 0), (4, 1), (4, 3)],
        [0, 0, 0, 1, 1],
    ),
    "triangle across groups": ([*TRIANGLE, (0, 3), (2, 4)], [0, 0, 1, 1, 0]),
}


def reachable(edges, groups):
    """All ways to give each edge, which stays with its cell, a target of its group again."""
    targets = sorted(j for _, j in edges)
    heads = [i for i, _ in edges]
    kept = [(i, groups[j]) for i, j in edges]
    choices = []
    for i in sorted(set(heads)):
        slots = [group for head, group in kept if head == i]
        others = [j for j in range(len(groups)) if j != i]
        choices.append(
            [p for p in permutations(others, len(slots)) if [groups[j] for j in p] == slots]
        )
    return {
        tails
        for chosen in product(*choices)
        if sorted(tails := tuple(j for part in chosen for j in part)) == targets
    }


@pytest.mark.parametrize("case", GRAPHS)
def test_all_graphs_are_equally_likely(case):
    edges, groups = GRAPHS[case]
    edges = sorted(edges)
    states = reachable(edges, groups)
    assert len(states) > 1
    pre, post = np.array(edges).T
    rng = generator(seed=1, stream=Stream.NULL)
    n_drawn = max(500, 20 * len(states))
    drawn = (rewire(pre, post, np.array(groups), rng) for _ in range(n_drawn))
    assert_even(Counter(tuple(tails.tolist()) for tails in drawn), states, n_drawn)


def test_one_step_keeps_the_even_distribution():
    # Started from all graphs alike, a short chain must end in all alike: a chain that tries again
    # after a refusal does not, though after many steps from one start it may look even.
    edges, groups = GRAPHS["four cells"]
    states = sorted(reachable(sorted(edges), groups))
    pre = np.array(sorted(edges))[:, 0]
    rng = generator(seed=2, stream=Stream.NULL)
    counts = Counter(
        tuple(rewire(pre, np.array(state), np.array(groups), rng, 1).tolist())
        for state in states
        for _ in range(100)
    )
    assert_even(counts, states, 100 * len(states))


def test_the_chain_is_long_enough(worm):
    # New edges: as many as where edges fall independently with the cells' degrees.
    sends, receives = np.bincount(worm.pre), np.bincount(worm.post, minlength=worm.n_cells)
    expected = 1 - np.mean(sends[worm.pre] * receives[worm.post]) / worm.n_edges
    source = set(zip(worm.pre.tolist(), worm.post.tolist(), strict=True))
    new = []
    for seed in range(30):
        null = make_null("degree", worm, seed)
        pairs = set(zip(null.pre.tolist(), null.post.tolist(), strict=True))
        new.append(len(pairs - source) / worm.n_edges)
    assert np.mean(new) == pytest.approx(expected, abs=0.01)


def test_shuffle_within_groups():
    groups = np.array([2, 0, 2, 1, 0, 2])
    rng = generator(seed=0, stream=Stream.NULL)
    counts = Counter()
    for _ in range(1200):
        order = shuffle_within(groups, rng)
        assert np.array_equal(groups[order], groups)
        counts[tuple(order.tolist())] += 1
    assert_even(counts, {state for state in permutations(range(6)) if state in counts}, 1200)
    assert len(counts) == 12


@pytest.mark.parametrize(("n_cells", "n_edges", "n_groups"), [(9, 30, 1), (40, 500, 3), (3, 2, 1)])
def test_the_compiled_chain_takes_the_steps_of_its_twin(monkeypatch, n_cells, n_edges, n_groups):
    """Dense graphs, whose hash table has long runs and most of whose steps are refused."""
    rng = np.random.default_rng(n_cells)
    pairs = [(i, j) for i in range(n_cells) for j in range(n_cells) if i != j]
    chosen = sorted(pairs[k] for k in rng.choice(len(pairs), n_edges, replace=False))
    pre, post = np.array(chosen).T
    groups = rng.integers(n_groups, size=n_cells)
    found = rewire(pre, post, groups, np.random.default_rng(1))
    monkeypatch.setattr(rewiring, "Chain", reference.Chain)
    np.testing.assert_array_equal(found, rewire(pre, post, groups, np.random.default_rng(1)))
    if n_edges > 2:
        assert (found != post).any()


# SHA-256 of the new targets after the usual number of proposals, and after 3,000 per edge: these
# come in two chunks, as for connectomes of more than 34,952 edges.
PINNED = {(): "8f3c93d7ba471ef9", (3000,): "37eead3c700d0e09"}


@pytest.mark.parametrize("proposals_per_edge", PINNED)
def test_a_seed_means_the_same_chain_in_every_version(proposals_per_edge):
    pre = np.repeat(np.arange(50), 10)
    post = (pre + np.tile(np.arange(1, 11), 50)) % 50
    groups = np.arange(50) % 3
    rng = generator(seed=5, stream=Stream.NULL)
    tails = rewire(pre, post, groups, rng, *proposals_per_edge)
    digest = hashlib.sha256(tails.astype("<i8").tobytes()).hexdigest()
    assert digest[:16] == PINNED[proposals_per_edge]
