"""The circuits of arXiv 2209.14406's text and figure 1: the rules of data/README.md as code."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from conncore.catalog.shipped import load

PER_UNIT = {"AS": 2, "DA": 1, "DB": 1, "DD": 1, "VA": 2, "VB": 2, "VC": 1, "VD": 2}


@pytest.fixture(scope="module")
def split():
    return load("celegans-haspel2011").split_muscles()


def edges(worm, rename=lambda name: name):
    """Signed weight by the names of both cells."""
    names = [rename(name) for name in worm.names]
    ends = zip(worm.pre, worm.post, worm.weight * worm.sign, strict=True)
    return {(names[i], names[j]): w for i, j, w in ends}


def gaps(worm, rename=lambda name: name):
    names = [rename(name) for name in worm.names]
    ends = zip(worm.gap_pre, worm.gap_post, worm.gap_weight, strict=True)
    return Counter((names[i], names[j], w) for i, j, w in ends)


def inside(found, names):
    return {key: value for key, value in found.items() if {*key[:2]} <= names}


@pytest.mark.parametrize(
    ("name", "motor", "n_edges", "excitatory", "n_gaps"),
    [("units", 12, 560, 445, 174), ("forward", 6, 232, 130, 93)],
)
def test_counts(name, motor, n_edges, excitatory, n_gaps):
    worm = load(f"celegans-haspel2011-{name}")
    places = zip(worm.body.segment.tolist(), worm.body.role, strict=True)
    expected = {(unit, "motor"): motor for unit in range(6)}
    assert Counter(places) == expected | {(unit, "muscle"): 12 for unit in range(6)}
    assert (worm.n_edges, worm.n_excitatory, worm.n_inhibitory) == (
        n_edges,
        excitatory,
        n_edges - excitatory,
    )
    assert (worm.n_unknown, worm.n_gap_junctions) == (0, n_gaps)
    assert worm.dale_violations() == ()


def test_the_forward_circuit_is_haspels_without_three_classes(split):
    worm = load("celegans-haspel2011-forward")
    kept = {n for n, c in zip(split.names, split.classes, strict=True) if c not in "AS DA VA"}
    assert set(worm.names) == kept
    assert edges(worm) == inside(edges(split), kept)
    assert gaps(worm) == inside(gaps(split), kept)
    assert {c for c in worm.classes if not c.startswith("M")} == {"DB", "DD", "VB", "VD"}


def test_the_units_are_haspels_with_the_vc_neurons_of_cook(split):
    worm, cook = load("celegans-haspel2011-units"), load("celegans-cook2019-motor")
    classes = [c for c in worm.classes if not c.startswith("M")]
    assert Counter(classes) == {name: 6 * n for name, n in PER_UNIT.items()}
    added = {f"VC{k}" for k in range(1, 7)}
    assert set(worm.names) == {*split.names, *added}

    def here(name):
        """Cook's body wall muscles 7 to 24 are Haspel's 1 to 18."""
        muscle = re.fullmatch(r"(M[DV][LR])(\d\d)", name)
        return f"{muscle[1]}{int(muscle[2]) - 6:02}" if muscle else name

    for kind in (edges, gaps):
        of_vc = {key: w for key, w in kind(cook, here).items() if added & {*key[:2]}}
        expected = kind(split) | inside(of_vc, set(worm.names))
        assert kind(worm) == expected
        assert len(expected) > len(kind(split))


def test_segments_of_the_vc_neurons():
    worm = load("celegans-haspel2011-units")
    place = dict(zip(worm.names, worm.body.segment.tolist(), strict=True))
    assert [place[f"VC{k}"] for k in range(1, 7)] == list(range(6))
    sides = {worm.body.side[i] for i, c in enumerate(worm.classes) if c == "VC"}
    assert sides == {"ventral"}
    assert not np.isin(worm.pre, np.flatnonzero([c[0] == "M" for c in worm.classes])).any()
