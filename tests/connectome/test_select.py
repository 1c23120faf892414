"""Choosing cells, taking a part, merging: against brute force and against what is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conncore.catalog.shipped import load
from conncore.connectome import Connectome
from conncore.connectome.body import BodyMap
from conncore.connectome.graph import components, reached
from conncore.connectome.select import choose_cells, column, ends, with_role
from conncore.errors import ConnectomeError, UsageError
from random_connectomes import connectomes, same


def eye(**changes):
    """Two receptors, a relay on either side, one output; a gap junction between the relays."""
    given = dict(
        weight=[5, 4, 3, 2, 1],
        sign=[1, 1, -1, 1, 0],
        names=["R1", "R2", "T_L", "T_R", "OUT"],
        classes=["R", "R", "T", "T", "O"],
        transmitters=["ACh", "ACh", "Glu", "GABA", ""],
        gap_pre=[2, 3],
        gap_post=[3, 2],
        gap_weight=[1.0, 2.0],
        attributes={
            "region": ["eye", "eye", "lobe", "lobe", "lobe"],
            "confidence": [1, 1, 1, 2, 3],
        },
    )
    return Connectome.from_edges("eye", [0, 1, 2, 3, 2], [2, 3, 4, 4, 3], **{**given, **changes})


def edges(connectome):
    names = connectome.names
    rows = zip(connectome.pre, connectome.post, connectome.weight, connectome.sign, strict=True)
    return {(names[i], names[j]): (w, s) for i, j, w, s in rows}


def gaps(connectome):
    names = connectome.names
    ends = zip(connectome.gap_pre, connectome.gap_post, connectome.gap_weight, strict=True)
    return {(names[i], names[j]): w for i, j, w in ends}


def test_columns_are_what_is_known_of_cells(worm):
    assert column(eye(), "class") == ("R", "R", "T", "T", "O")
    assert column(eye(), "region") == ("eye", "eye", "lobe", "lobe", "lobe")
    assert column(eye(), "confidence") == ["1", "1", "1", "2", "3"]
    assert column(eye(), "flow") == ("source", "source", "inner", "inner", "sink")
    assert column(eye(attributes={"flow": list("abcde")}), "flow") == tuple("abcde")
    assert set(column(worm, "role")) == {"motor", "muscle"}
    assert set(column(worm, "segment")) == set("012345")
    with pytest.raises(
        UsageError, match="unknown cell property 'side' in connectome 'eye'; choose"
    ):
        column(eye(), "side")


def test_flow_counts_edges_between_cells_alone():
    lonely = Connectome.from_edges("l", [0, 1], [0, 2], names=["a", "b", "c"])
    assert column(lonely, "flow") == ("isolated", "source", "sink")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("OUT,R1", ("R1", "OUT")),
        ("class=R,O", ("R1", "R2", "OUT")),
        ("region=eye", ("R1", "R2")),
        ("flow=sink", ("OUT",)),
        ("match=^T_", ("T_L", "T_R")),
        ("match=[12]$", ("R1", "R2")),
        ("match=T=|L", ("T_L",)),
    ],
)
def test_cells_are_chosen_by_a_word(text, names):
    assert choose_cells(eye(), text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("R3", "has no cell 'R3'; the names are written like R1, R2, T_L"),
        ("T_X", "has no cell 'T_X'; did you mean T_"),
        ("class=Q", "unknown class 'Q' in connectome 'eye'; choose one of: O, R, T"),
        ("shape=round", "unknown cell property 'shape' in connectome 'eye'"),
        ("match=(", r"'\(' is not a regular expression"),
        ("match=zzz", "no cell of connectome 'eye' meets all these conditions"),
    ],
)
def test_a_wrong_choice_is_one_line(text, message):
    with pytest.raises(UsageError, match=message):
        choose_cells(eye(), text)


def test_conditions_are_met_together():
    assert eye().select(["R1", "T_L"], match="T", where={"region": "lobe"}) == ("T_L",)
    with pytest.raises(UsageError, match="give a list of cell names"):
        eye().select("R1")


def test_a_subset_keeps_all_that_is_known_of_its_cells():
    part = eye().subset(where={"class": ["R", "T"]})
    assert part.names == ("R1", "R2", "T_L", "T_R")
    assert edges(part) == {("R1", "T_L"): (5, 1), ("R2", "T_R"): (4, 1), ("T_L", "T_R"): (1, 0)}
    assert gaps(part) == {("T_L", "T_R"): 1, ("T_R", "T_L"): 2}
    assert part.sign_source == ("source", "source", "unknown")
    assert part.transmitters == ("ACh", "ACh", "Glu", "GABA")
    assert part.attributes["region"] == ("eye", "eye", "lobe", "lobe")
    assert part.attributes["confidence"].tolist() == [1, 1, 1, 2]
    assert same(eye().subset(), eye(), but=("attributes",))


def test_a_subset_of_the_worm_is_its_segment(worm, segment):
    first = worm.subset(where={"segment": "0"})
    assert set(first.names) == set(segment.names)
    assert edges(first) == edges(segment)
    assert first.body.n_segments == 1
    assert worm.subset(where={"role": "motor"}).body.role.count("motor") == 66
    assert (
        eye(
            body=BodyMap(
                "TTTTO", ["", "", "", "", "muscle"], [-1, -1, -1, -1, 0], ["", "", "", "", "dorsal"]
            )
        )
        .subset(match="R")
        .body
        is None
    )


def test_a_threshold_leaves_out_weak_edges_before_anything_else():
    strong = eye().subset(min_weight=3)
    assert edges(strong) == {("R1", "T_L"): (5, 1), ("R2", "T_R"): (4, 1), ("T_L", "OUT"): (3, -1)}
    assert len(strong.names) == 5
    assert len(gaps(strong)) == 2
    near = eye().subset(near=["R2"], hops=9, direction="out", min_weight=3)
    assert near.names == ("R2", "T_R")


@pytest.mark.parametrize(
    ("hops", "direction", "names"),
    [
        (0, "both", "T_L"),
        (1, "out", "T_L T_R OUT"),
        (1, "in", "R1 T_L"),
        (1, "both", "R1 T_L T_R OUT"),
        (2, "both", "R1 R2 T_L T_R OUT"),
    ],
)
def test_neighbourhoods(hops, direction, names):
    part = eye().subset(near=["T_L"], hops=hops, direction=direction)
    assert " ".join(part.names) == names


def test_a_wrong_neighbourhood_is_one_line():
    with pytest.raises(UsageError, match="hops is -1"):
        eye().subset(near=["R1"], hops=-1)
    with pytest.raises(UsageError, match="unknown direction 'up'"):
        eye().subset(near=["R1"], direction="up")
    with pytest.raises(UsageError, match="no cell 'R9'"):
        eye().subset(near=["R9"])
    with pytest.raises(UsageError, match="no cell of connectome 'eye' meets"):
        eye().subset(["OUT"], near=["R1"])


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


def test_ends_are_named_cells_or_those_of_the_body_map_or_all():
    brain = eye()
    assert [list(end) for end in ends(brain)] == [[0, 1, 2, 3, 4]] * 2
    assert [list(end) for end in ends(brain, ["OUT", "R1"])] == [[4, 0], [0, 1, 2, 3, 4]]
    roles = ("motor", "", "motor", "muscle", "")
    body = BodyMap(
        ("R", "", "T", "", ""), roles, [0, -1, 0, 0, -1], ("dorsal", "", *["dorsal"] * 2, "")
    )
    worm = replace(brain, body=body)
    assert [list(end) for end in ends(worm)] == [[0, 2], [3]]
    assert [list(end) for end in ends(worm, outputs=["R2"])] == [[0, 2], [1]]
    assert list(with_role(worm, "muscle")) == [3]
    assert with_role(brain, "muscle").size == 0


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (["R1", "R3"], "inputs: connectome 'eye' has no cell 'R3'"),
        (["R1", "R1"], "inputs: cell 'R1' is given twice"),
        ([], r"inputs is \[\]; give a list"),
        ("R1", "inputs is 'R1'; give a list"),
    ],
)
def test_ends_refuse_wrong_names(inputs, message):
    with pytest.raises(UsageError, match=message):
        ends(eye(), inputs)
