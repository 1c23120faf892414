"""Signs by transmitter, by edge and by policy, each with its source."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conncore.catalog.shipped import load
from conncore.connectome import Connectome
from conncore.connectome.signs import TRANSMITTER_SIGNS
from conncore.errors import ConnectomeError, UsageError
from random_connectomes import connectomes


def three_cells(**changes):
    given = dict(
        weight=[1.0, 2.0, 3.0],
        sign=[1, 0, -1],
        names=["A", "B", "C"],
        transmitters=["Glu", "ACh", "GABA"],
    )
    return Connectome.from_edges("three", [0, 0, 2], [1, 2, 1], **{**given, **changes})


def signs(connectome):
    names = connectome.names
    ends = zip(connectome.pre, connectome.post, connectome.sign, strict=True)
    return {names[i] + names[j]: s for i, j, s in ends}


def test_transmitters_sign_only_what_is_unknown():
    worm = three_cells()
    by_worm, by_fly = worm.sign_by_transmitter("worm"), worm.sign_by_transmitter("fly")
    assert signs(by_worm) == {"AB": 1, "AC": 1, "CB": -1}
    assert signs(by_fly) == {"AB": 1, "AC": -1, "CB": -1}
    assert by_worm.sign_source == ("source", "transmitter:worm", "source")
    assert signs(worm)["AC"] == 0


def test_a_transmitter_without_a_sign_leaves_it_unknown():
    worm = three_cells(sign=[0, 0, 0], transmitters=["DA", "ACh", ""])
    assert worm.sign_by_transmitter("worm").n_unknown == 3
    mine = worm.sign_by_transmitter({"DA": -1})
    assert (mine.n_inhibitory, mine.n_unknown) == (2, 1)
    assert mine.sign_source == ("transmitter:custom", "transmitter:custom", "unknown")
    with pytest.raises(UsageError, match="unknown transmitter rule 'moth'; choose one of: fly"):
        worm.sign_by_transmitter("moth")
    with pytest.raises(UsageError, match="transmitter 'DA': sign 2 is not 1, -1 or 0"):
        worm.sign_by_transmitter({"DA": 2})
    with pytest.raises(UsageError, match="transmitter 'glutamate' has two signs"):
        worm.sign_by_transmitter({"GLUT": 1, "glutamate": -1})


@pytest.mark.parametrize("word", ["glu", "GLUT", "Glutamate", " glutamate "])
def test_sources_may_spell_transmitters_their_way(word):
    unsigned = three_cells(sign=[0, 0, 0], transmitters=[word, "", "gaba"])
    assert signs(unsigned.sign_by_transmitter("fly")) == {"AB": -1, "AC": -1, "CB": -1}
    assert signs(unsigned.sign_by_transmitter("worm")) == {"AB": 1, "AC": 1, "CB": -1}
    assert unsigned.sign_by_transmitter({word.upper(): -1}).n_inhibitory == 2


def test_a_mapping_may_have_a_name():
    unsigned = three_cells(sign=[0, 0, 0])
    signed = unsigned.sign_by_transmitter({"GABA": 1, "Glu": -1, "ACh": 0}, name="mine.csv")
    assert signs(signed) == {"AB": -1, "AC": -1, "CB": 1}
    assert set(signed.sign_source) == {"transmitter:mine.csv"}


def test_unsure_transmitters_say_nothing():
    worm = three_cells(sign=[0, 0, 0], attributes={"confidence": [0.6, 0.9, np.nan]})
    assert signs(worm.sign_by_transmitter("fly")) == {"AB": -1, "AC": -1, "CB": -1}
    half = worm.sign_by_transmitter("fly", min_confidence=0.5)
    assert signs(half) == {"AB": -1, "AC": -1, "CB": 0}
    assert half.sign_source == ("transmitter:fly>=0.5", "transmitter:fly>=0.5", "unknown")
    assert worm.sign_by_transmitter("fly", min_confidence=0.6).n_unknown == 1
    assert worm.sign_by_transmitter("fly", min_confidence=0.61).n_unknown == 3


def test_confidence_may_be_of_edges():
    worm = Connectome.from_edges("w", [0, 0, 1, 1], [0, 1, 0, 1], transmitters=["ACh", "GABA"])
    by_edge = worm.sign_by_transmitter("fly", confidence=[0.9, 0.1, 0.8, 0.2], min_confidence=0.5)
    assert by_edge.sign.tolist() == [1, 0, -1, 0]
    with pytest.raises(UsageError, match=r"shape \(3,\); expected one number for each of 2 cells"):
        worm.sign_by_transmitter("fly", confidence=[1, 1, 1], min_confidence=0.5)
    with pytest.raises(UsageError, match="has no confidence of its transmitters"):
        worm.sign_by_transmitter("fly", min_confidence=0.5)


def test_signs_of_single_edges_replace_what_was_there():
    wanted = {("A", "B"): -1, ("A", "C"): 1, ("C", "B"): 0}
    given = three_cells().sign_edges(wanted, source="given:signs.csv")
    assert signs(given) == {"AB": -1, "AC": 1, "CB": 0}
    assert set(given.sign_source) == {"given:signs.csv"}
    one = three_cells().sign_edges({("A", "C"): -1})
    assert one.sign_source == ("source", "given", "source")
    for edge in (("B", "A"), ("C", "C"), ("A", "moth")):
        with pytest.raises(ConnectomeError, match=f"no chemical edge '{edge[0]}' -> '{edge[1]}'"):
            three_cells().sign_edges({edge: 1})
    with pytest.raises(ConnectomeError, match="sign 3 is not 1, -1 or 0"):
        three_cells().sign_edges({("A", "B"): 3})


def test_unknown_signs_can_be_settled():
    worm = three_cells()
    excitatory, dropped = worm.settle_signs("excitatory"), worm.settle_signs("drop")
    assert signs(excitatory) == {"AB": 1, "AC": 1, "CB": -1}
    assert excitatory.sign_source == ("source", "settled:excitatory", "source")
    assert signs(dropped) == {"AB": 1, "CB": -1}
    assert dropped.names == worm.names
    assert dropped.indptr.tolist() == [0, 1, 1, 2]
    with pytest.raises(UsageError, match="sign of 1 of 3 chemical edges is unknown"):
        worm.settle_signs("refuse")
    assert signs(excitatory.settle_signs("refuse")) == signs(excitatory)
    with pytest.raises(UsageError, match="choose one of: drop, excitatory"):
        worm.settle_signs("guess")
    for share in (None, -0.1, 1.1, float("nan")):
        with pytest.raises(UsageError, match="random signs need the share"):
            worm.settle_signs("random", share=share)
    with pytest.raises(UsageError, match="is for random signs, not for 'drop'"):
        worm.settle_signs("drop", share=0.5)


@pytest.mark.parametrize("share", [0, 0.3, 0.75, 1])
def test_random_signs_have_the_share_and_keep_dale(share):
    n = 40
    pre, post = np.divmod(np.arange(n * n), n)
    unknown = Connectome.from_edges("full", pre, post)
    drawn = unknown.settle_signs("random", share=share, seed=3)
    by_cell = drawn.sign.reshape(n, n)
    assert (by_cell == by_cell[:, :1]).all()
    assert (by_cell[:, 0] == 1).sum() == round(share * n)
    assert set(drawn.sign_source) == {f"settled:random (share {share:g}, seed 3)"}
    again = unknown.settle_signs("random", share=share, seed=3)
    assert np.array_equal(drawn.sign, again.sign)
    if 0 < share < 1:
        other = unknown.settle_signs("random", share=share, seed=4)
        assert not np.array_equal(drawn.sign, other.sign)


@pytest.mark.parametrize(("share", "n_excite"), [(0, 0), (0.5, 5), (1, 10)])
def test_a_share_is_of_the_cells_whose_sign_is_open(share, n_excite):
    """Cells 0 to 9 send one unknown edge each, cell 10 nothing, cell 11 an edge that excites."""
    pre, unknown = [*range(10), 11], [0] * 10
    worm = Connectome.from_edges("few", pre, [11] * 10 + [10], sign=[*unknown, 1])
    drawn = worm.settle_signs("random", share=share)
    assert (drawn.sign[:10] == 1).sum() == n_excite
    assert (drawn.sign[:10] == -1).sum() == 10 - n_excite
    assert np.array_equal(drawn.sign, worm.settle_signs("random", share=share, seed=0).sign)


@pytest.mark.parametrize(("share", "sign"), [(0, -1), (1, 1)])
def test_the_sign_of_a_cell_with_edges_of_both_signs_is_open(share, sign):
    worm = Connectome.from_edges("mixed", [0, 0, 0], [1, 2, 3], sign=[1, -1, 0])
    assert worm.settle_signs("random", share=share).sign.tolist() == [1, -1, sign]


@given(connectomes(), st.floats(0, 1), st.integers(0, 9))
def test_random_signs_add_no_dale_violation_and_keep_what_is_known(worm, share, seed):
    drawn = worm.settle_signs("random", share=share, seed=seed)
    assert drawn.dale_violations() == worm.dale_violations()
    known = worm.sign != 0
    assert drawn.n_unknown == 0
    assert np.array_equal(drawn.sign[known], worm.sign[known])
    assert drawn.sign_source.take(known) == worm.sign_source.take(known)


def test_rules_agree_with_what_ships():
    whole = load("celegans-cook2019")
    unsigned = whole.sign_edges(
        {(whole.names[i], whole.names[j]): 0 for i, j in zip(whole.pre, whole.post, strict=True)}
    )
    assert unsigned.n_unknown == whole.n_edges
    assert np.array_equal(unsigned.sign_by_transmitter("worm").sign, whole.sign)
    assert set(TRANSMITTER_SIGNS) == {"worm", "fly"}
