"""Merging groups of cells and pairs, and splitting merged muscles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conncore.catalog.shipped import load
from conncore.connectome import Connectome
from conncore.connectome.body import BodyMap
from conncore.errors import ConnectomeError, UsageError
from random_connectomes import connectomes, same
from small_connectomes import edges, eye, gaps


def test_merging_adds_weights_and_keeps_what_all_agree_on():
    merged = eye(sign=[1, 1, -1, -1, -1]).merge("class")
    assert merged.names == merged.classes == ("R", "T", "O")
    assert edges(merged) == {("R", "T"): (9, 1), ("T", "O"): (5, -1), ("T", "T"): (1, -1)}
    assert gaps(merged) == {("T", "T"): 3}
    assert merged.transmitters == ("ACh", "", "")
    assert merged.attributes["region"] == ("eye", "lobe", "lobe")
    np.testing.assert_array_equal(merged.attributes["confidence"], [1, np.nan, 3])
    assert set(merged.sign_source) == {"source"}
    by_list = eye(sign=[1, 1, -1, -1, -1]).merge(["", "", "relay", "relay", ""])
    assert by_list.names == ("R1", "R2", "relay", "OUT")
    assert edges(by_list)["R2", "relay"] == (4, 1)


def test_signs_that_conflict_are_refused_or_weighed():
    with pytest.raises(UsageError, match=r"1 merged edges would have several.*'T' -> 'O'"):
        eye().merge("class")
    merged = eye().merge("class", conflicts="majority")
    assert edges(merged)["T", "O"] == (5, -1)
    assert dict(zip(edges(merged), merged.sign_source, strict=True)) == {
        ("R", "T"): "source",
        ("T", "T"): "unknown",
        ("T", "O"): "merged:majority",
    }
    draw = eye(weight=[5, 4, 3, 3, 1]).merge("class", conflicts="majority")
    assert edges(draw)["T", "O"] == (6, 0)
    unknown = eye(sign=[1, 1, 0, 1, 0]).merge("class", conflicts="majority")
    assert edges(unknown)["T", "O"] == (5, 0)
    with pytest.raises(UsageError, match="choose one of: majority, refuse"):
        eye().merge("class", conflicts="guess")


def test_one_sign_of_several_sources_is_merged():
    sources = ["source", "transmitter:fly", "source", "source", "source"]
    merged = eye(sign=[1, 1, -1, -1, -1], sign_source=sources).merge("class")
    assert merged.sign_source[0] == "merged"


def test_a_wrong_merge_is_one_line():
    with pytest.raises(UsageError, match="unknown cell property"):
        eye().merge("colour")
    with pytest.raises(UsageError, match="by has 2 words for 5 cells"):
        eye().merge(["a", "b"])
    with pytest.raises(ConnectomeError, match="group 'R1' is called like a cell"):
        eye().merge(["", "R1", "", "", ""])


@given(connectomes(), st.data())
def test_merging_loses_no_weight(worm, data):
    worm = replace(worm, **{w: np.minimum(getattr(worm, w), 9e9) for w in ("weight", "gap_weight")})
    words = st.sampled_from(["", "group one", "group two"])
    by = data.draw(st.lists(words, min_size=worm.n_cells, max_size=worm.n_cells))
    merged = worm.merge(by, conflicts="majority")
    called = [word or name for word, name in zip(by, worm.names, strict=True)]
    assert merged.names == tuple(dict.fromkeys(called))
    for kind in ("", "gap_"):
        expected = {}
        ends = (getattr(worm, kind + field) for field in ("pre", "post", "weight"))
        for i, j, w in zip(*ends, strict=True):
            key = called[i], called[j]
            expected[key] = expected.get(key, 0.0) + w
        ends = (getattr(merged, kind + field) for field in ("pre", "post", "weight"))
        found = {(merged.names[i], merged.names[j]): w for i, j, w in zip(*ends, strict=True)}
        assert found == pytest.approx(expected)
    assert same(worm.merge([""] * worm.n_cells), worm, but=("gap_pre", "gap_post", "gap_weight"))


def test_left_and_right_of_the_worm_are_merged_again(worm):
    again = worm.split_muscles().merge_left_right()
    assert same(again, worm, but=("weight", "gap_pre", "gap_post", "gap_weight", "attributes"))
    to_muscle = np.array(worm.body.role)[worm.post] == "muscle"
    assert np.array_equal(again.weight, worm.weight * np.where(to_muscle, 2, 1))
    with pytest.raises(ConnectomeError, match="differ in side alone"):
        worm.merge_left_right()


def test_only_counterparts_are_merged():
    whole = load("celegans-cook2019").merge_left_right()
    # AVL and RIR have no counterpart, nor has MVR24; 24 dorsal and 23 ventral muscles are pairs.
    assert {"AVL", "RIR", "MVR24", "AVAlr", "RMDDlr", "MDlr24"} < set(whole.names)
    assert (whole.classes.count("MDlr"), whole.classes.count("MVlr")) == (24, 23)
    letters = Connectome.from_edges(
        "e", [0], [1], names=["L1", "R1", "LC4_L", "LC4_R", "x left", "x right"]
    )
    assert letters.merge_left_right().names == ("L1", "R1", "LC4_lr", "x lr")


def test_splitting_muscles_copies_every_edge_with_its_weight():
    body = BodyMap(
        ("AS", "", ""),
        ("motor", "muscle", "muscle"),
        [0, 1, 2],
        ("dorsal", "dorsal", "ventral"),
    )
    merged = Connectome.from_edges(
        "tiny",
        [0, 1, 2, 0],
        [1, 2, 0, 0],
        weight=[1.5, 2.0, 3.0, 4.0],
        sign=[1, -1, 1, -1],
        names=["AS1", "MDlr01", "MVlr18"],
        classes=["AS", "MDlr", "MVlr"],
        gap_pre=[1, 0],
        gap_post=[2, 1],
        gap_weight=[5.0, 6.0],
        body=body,
        attributes={"region": ["cord", "wall", ""], "length": [1.0, 2.0, 3.0]},
    )
    split = merged.split_muscles()
    assert split.names == ("AS1", "MDL01", "MDR01", "MVL18", "MVR18")
    assert split.classes == ("AS", "MDL", "MDR", "MVL", "MVR")
    assert edges(split) == {
        ("AS1", "AS1"): (4.0, -1),
        ("AS1", "MDL01"): (1.5, 1),
        ("AS1", "MDR01"): (1.5, 1),
        ("MDL01", "MVL18"): (2.0, -1),
        ("MDR01", "MVR18"): (2.0, -1),
        ("MVL18", "AS1"): (3.0, 1),
        ("MVR18", "AS1"): (3.0, 1),
    }
    gaps = zip(split.gap_pre.tolist(), split.gap_post.tolist(), split.gap_weight, strict=True)
    assert set(gaps) == {(1, 3, 5.0), (2, 4, 5.0), (0, 1, 6.0), (0, 2, 6.0)}
    assert split.attributes["region"] == ("cord", "wall", "wall", "", "")
    assert split.attributes["length"].tolist() == [1, 2, 2, 3, 3]
    assert split.body is not None
    assert split.body.segment.tolist() == [0, 1, 1, 2, 2]
    assert split.body.side == ("dorsal", "dorsal", "dorsal", "ventral", "ventral")
    with pytest.raises(ConnectomeError, match="no left/right-merged muscles"):
        split.split_muscles()
