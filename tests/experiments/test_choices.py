"""The table of choices, and how texts and plain values of choices are read."""

from __future__ import annotations

import pytest

from conncore.errors import UsageError
from conncore.experiments.choices import (
    CHOICES,
    read_settings,
    read_value,
    settings_text,
    value_text,
)


def test_every_row_is_complete():
    for key, row in CHOICES.items():
        assert key == row.key
        assert row.values.words
        assert row.default
        assert row.text


def test_settings_are_read_from_texts_and_from_plain_values():
    found = read_settings(
        ["sigma-weights=0.5", " observe = angles ", "log_weights=2,1", "tune=none", "elites=4"]
    )
    # In the order of the table, so that the same settings always have the same name.
    assert list(found) == ["observe", "log_weights", "tune", "sigma_weights", "elites"]
    assert found["log_weights"] == (2.0, 1.0)
    assert found["tune"] == ()
    assert found["elites"] == 4
    assert read_value("log_weights", [2, 1]) == (2.0, 1.0)
    assert read_value("tune", ["a", "b"]) == read_value("tune", "a, b") == ("a", "b")
    text = settings_text(found)
    assert text == "observe=angles, log_weights=2,1, tune=none, sigma_weights=0.5, elites=4"
    for key, value in found.items():
        assert read_value(key, value_text(value)) == value


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["observe"], "'observe' has no =; give key=value"),
        (["colour=red"], "unknown key 'colour'; choose one of: "),
        (["observe=noses"], r"observe is 'noses'; give angles\+velocities, angles"),
        (["elites=0"], "elites is '0'; give a whole number from 1 up"),
        (["elites=1.5"], "give a whole number"),
        (["sigma=nan"], "sigma is 'nan'; give a number"),
        (["log_weights=1"], "log_weights is '1'; give two numbers"),
        (["sigma=1", "sigma=2"], "sigma is given twice"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(pairs, message):
    with pytest.raises(UsageError, match=message):
        read_settings(pairs)


@pytest.mark.parametrize(
    ("key", "value"), [("elites", True), ("elites", 2.0), ("sigma", True), ("sigma", [1])]
)
def test_plain_values_of_other_types_are_refused(key, value):
    with pytest.raises(UsageError, match=f"{key} is"):
        read_value(key, value)
