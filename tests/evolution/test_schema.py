"""Fields of the text files of a run: each is checked, and the first difference is named."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime

import pytest

from conncore.evolution import schema
from conncore.evolution.schema import (
    check_config,
    check_record,
    config_digest,
    first_difference,
    full_settings,
    parse_timing,
)

DATE = datetime(2026, 1, 2, tzinfo=UTC)
CONFIG = {
    "digest": "0" * 64,
    "versions": {"python": "3.11"},
    "run": {
        "seed": 0,
        "generations": 1,
        "threads": 1,
        "date": DATE,
        "start": "sha256:" + "f" * 64,
        "episodes": 2,
        "common_starts": False,
    },
    "connectome": {"name": "", "checksum": "a" * 64, "n_cells": 0, "n_synapses": 3},
    "network": {},
    "task": {"name": "t", "more": 1},
    "optimizer": {"name": "es", "sigma": 0.1},
    "resumed": [{"generation": 0, "date": DATE, "versions": {}}],
}
GONE = object()


def changed(place, value):
    config = copy.deepcopy(CONFIG)
    *path, last = place.split(".")
    inner = config
    for key in path:
        inner = inner[key] if isinstance(inner, dict) else inner[int(key)]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return config


OPTIONAL = ("digest", "versions", "resumed", "run.start", "run.episodes", "run.common_starts")


@pytest.mark.parametrize("place", OPTIONAL)
def test_fields_that_may_be_missing(place):
    check_config(CONFIG)
    check_config(changed(place, GONE))


WRONG = {
    "digest": ["0" * 63, "0" * 65, "G" * 64, 7],
    "versions": [[], {"python": 3}],
    "run": [[], GONE],
    "run.seed": [-1, 1.0, True, "1", GONE],
    "run.generations": [0, 1.0, True, GONE],
    "run.threads": [0, None, GONE],
    "run.date": ["2026-01-02", DATE.date(), GONE],
    "run.start": ["f" * 64, "sha256:" + "f" * 63, 3],
    "run.episodes": [0, 1.5, True],
    "run.common_starts": [0, "no"],
    "run.other": [1],
    "connectome": [GONE],
    "connectome.name": [3, GONE],
    "connectome.checksum": ["", GONE],
    "connectome.n_cells": [-1, 2.5],
    "connectome.more": [1],
    "network": [GONE, "x"],
    "task.name": ["", 3, GONE],
    "optimizer": [GONE],
    "optimizer.name": ["", GONE],
    "resumed": [{}, [3]],
    "resumed.0.generation": [-1, GONE],
    "resumed.0.date": ["now", GONE],
    "resumed.0.versions": [{"a": 1}, GONE],
    "resumed.0.more": [1],
    "other": [1],
}


@pytest.mark.parametrize(
    ("place", "value"), [(p, v) for p, values in WRONG.items() for v in values]
)
def test_a_wrong_field_is_named(place, value):
    name = place.replace("resumed.0", "resumed")
    if place == "resumed" and value == [3]:
        message = "resumed is not a table of fields"
    elif value is GONE:
        message = f"the field {name} is missing"
    elif name.endswith(("other", "more")):
        message = f"the field {name} is unknown"
    else:
        message = f"{name} is .*; it must be "
    with pytest.raises(ValueError, match=f"^{message}"):
        check_config(changed(place, value))


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (schema.COUNT, [0, 5], [-1, 1.0, True, None]),
        (schema.POSITIVE, [1, 5], [0, 1.0, True]),
        (schema.SEED, [-3, 0, 5], [1.0, True, "1"]),
        (schema.NUMBER, [-1, 0.5], [float("nan"), float("inf"), True, "1"]),
        (schema.SECONDS, [0, 0.5], [-0.1, float("nan"), "1"]),
        (schema.TEXT, ["", "a"], [1, None]),
        (schema.NAME, ["a"], ["", 1]),
        (schema.TABLE, [{}], [[], None]),
        (schema.LIST, [[]], [{}, ()]),
    ],
)
def test_kinds_of_fields(field, good, bad):
    for value in good:
        check_record({"x": value}, {"x": field})
    for value in bad:
        with pytest.raises(ValueError, match=r"^x is"):
            check_record({"x": value}, {"x": field})


def test_a_long_value_is_cut():
    text = "y" * 58
    for value, shown in ((text, f"'{text}'"), (text + "y", f"'{'y' * 56}...")):
        with pytest.raises(ValueError, match=r"^x is") as error:
            check_record({"x": value}, {"x": schema.COUNT})
        assert f"x is {shown};" in str(error.value)


def test_the_digest_is_of_the_run_the_connectome_and_the_resumptions():
    whole = config_digest(CONFIG)
    for place in ("run.seed", "connectome.n_cells", "resumed.0.generation"):
        assert config_digest(changed(place, 9)) != whole
    assert config_digest(changed("resumed", GONE)) == config_digest(changed("resumed", []))
    assert config_digest(changed("network", {"a": 1})) == whole  # the fingerprint covers it


def timing(generation, **more):
    return {"generation": generation, "seconds": 0.5, "evaluate": 0.25} | more


def test_lines_of_timing():
    records = [timing(0), timing(3, more=1), timing(4)]
    lines = [json.dumps(record) + "\n" for record in records]
    assert parse_timing(lines) == records
    assert parse_timing([*lines[:2], lines[2][:-3]]) == records[:2]  # a kill cut it
    assert parse_timing([*lines[:2], lines[2][:-1]]) == records  # only its end is missing
    wrong = [
        ([lines[0], lines[0]], "^line 2: generation 0 is out of order"),
        ([lines[1], lines[0]], "^line 2: generation 0 is out of order"),
        ([lines[0][:-3], lines[1]], "^line 1: "),
        ([lines[0][:-3] + "\n"], "^line 1: "),
        ([json.dumps(timing(0, seconds=-1)) + "\n"], "^line 1: seconds is -1"),
    ]
    for damaged, message in wrong:
        with pytest.raises(ValueError, match=message):
            parse_timing(damaged)


@pytest.mark.parametrize(
    ("found", "wanted", "difference"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": (1, 2)}, {"a": [1, 2]}, None),
        ({"a": float("nan")}, {"a": float("nan")}, None),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ("b", 2, 3)),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ("a.b", 1, 2)),
        ({"a": 1}, {}, ("a", 1, None)),
        ({}, {"a": 1}, ("a", None, 1)),
        ({"a": {}}, {"a": 1}, ("a", {}, 1)),
        ({"a": DATE}, {"a": "2026"}, ("a", DATE, "2026")),
        ({"a": [{"b": float("nan"), "c": 1}]}, {"a": [{"c": 1, "b": float("nan")}]}, None),
        ({"b": 1, "a": 1}, {"a": 2, "b": 2}, ("a", 1, 2)),
    ],
)
def test_the_first_difference(found, wanted, difference):
    assert first_difference(found, wanted) == difference
    if difference is not None:
        name, *values = difference
        assert first_difference(found, wanted, "task") == (f"task.{name}", *values)


def test_early_runs_have_the_settings_that_were_the_only_ones():
    assert full_settings({"name": "cma", "sigma": 1}) == {
        "active": False, "name": "cma", "sigma": 1
    }  # fmt: skip
    assert full_settings({"name": "cma", "active": True})["active"] is True
    assert full_settings({"name": "HalfCheetah-v5"})["engine"] == "mujoco"
    assert full_settings({"name": "es"}) == {"name": "es"}
