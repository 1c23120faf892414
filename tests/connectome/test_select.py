"""Choosing cells and taking a part of a connectome."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conncore.connectome import Connectome
from conncore.connectome.body import BodyMap
from conncore.connectome.select import choose_cells, column, ends, with_role
from conncore.errors import UsageError
from random_connectomes import same
from small_connectomes import edges, eye, gaps


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
        ("class=T,region=lobe", ("T_L", "T_R")),
        ("region=lobe,class=T,O,transmitter=Glu", ("T_L",)),
    ],
)
def test_cells_are_chosen_by_a_word(text, names):
    assert choose_cells(eye(), text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("R3", "has no cell 'R3'; the names are written like R1, R2, T_L"),
        ("R1,R3,R4", r"has no cell 'R3' \(of 3 names, 2 are not there\); the names are written"),
        ("T_X", "has no cell 'T_X'; did you mean T_"),
        ("class=Q", "unknown class 'Q' in connectome 'eye'; choose one of: O, R, T"),
        ("shape=round", "unknown cell property 'shape' in connectome 'eye'"),
        ("match=(", r"'\(' is not a regular expression"),
        ("class=R,region=lobe", "no cell of connectome 'eye' meets all these conditions"),
        ("class=R,shape=round", "unknown cell property 'shape' in connectome 'eye'"),
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


def test_a_message_does_not_list_thousands_of_words():
    words = [f"LC{i}" for i in range(1000)]
    big = Connectome.from_edges("big", [], [], names=words, classes=words)
    with pytest.raises(UsageError, match=r"unknown class 'LC1O'.*; did you mean LC\d+ or"):
        big.select(where={"class": "LC1O"})
    with pytest.raises(UsageError, match="there are 1000 words, such as LC0, LC1, LC2"):
        big.select(where={"class": "xyz"})
