"""The list of transmitters: every spelling of one has the same name and the same key."""

from __future__ import annotations

import pytest

from conncore.connectome import Connectome
from conncore.connectome.transmitters import TRANSMITTERS, transmitter_key, transmitter_name


@pytest.mark.parametrize(("word", "name"), TRANSMITTERS.items())
def test_each_spelling_has_the_name_and_the_key_of_its_transmitter(word, name):
    assert transmitter_name(word) == transmitter_name(word.upper()) == name
    assert transmitter_name(name) == name
    assert transmitter_key(f" {word.title()} ") == transmitter_key(name)


def test_other_words_stay_and_unknown_ones_are_empty():
    assert transmitter_name("FMRFamide") == "FMRFamide"
    assert transmitter_key("FMRFamide") == transmitter_key("fmrfAMIDE ")
    for word in ("", "Unknown", "unclear", "None", "NaN", "NA", "n/a", "NULL"):
        assert transmitter_name(word) == ""


def test_a_rule_and_a_connectome_may_spell_a_transmitter_differently():
    worm = Connectome.from_edges("w", [0], [1], transmitters=["dopamine", ""])
    assert worm.sign_by_transmitter({"DA": -1}).sign.tolist() == [-1]
