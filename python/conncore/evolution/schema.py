"""Checks of the fields that the text files of a run hold, and the first difference of two records.

All checks raise a `ValueError` that names the field; the caller adds the file and what to do.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: The only value that a setting had before it was one, by the name of the task or optimiser.
_BEFORE: Mapping[str, Mapping[str, Any]] = {
    "cma": {"active": False},
    "HalfCheetah-v5": {"engine": "mujoco"},
}


@dataclass(frozen=True)
class Field:
    """What the value of a field must be: in words, and as a function."""

    words: str
    accepts: Callable[[Any], bool]


COUNT = Field("a whole number from 0 up", lambda v: type(v) is int and v >= 0)
POSITIVE = Field("a whole number from 1 up", lambda v: type(v) is int and v >= 1)
SEED = Field("a whole number", lambda v: type(v) is int)
NUMBER = Field("a finite number", lambda v: type(v) in (int, float) and math.isfinite(v))
SECONDS = Field("a number of seconds", lambda v: NUMBER.accepts(v) and v >= 0)
TEXT = Field("text", lambda v: type(v) is str)
NAME = Field("text of at least one character", lambda v: type(v) is str and v != "")
SHA256 = Field("a SHA-256", lambda v: type(v) is str and bool(re.fullmatch("[0-9a-f]{64}", v)))
TABLE = Field("a table", lambda v: type(v) is dict)
VERSIONS = Field(
    "a table of texts", lambda v: type(v) is dict and all(type(text) is str for text in v.values())
)
BOOL = Field("true or false", lambda v: type(v) is bool)
LIST = Field("a list", lambda v: type(v) is list)
_DATE = Field("a date with a time", lambda v: type(v) is datetime)
_START = Field(
    "'sha256:' and a SHA-256",
    lambda v: type(v) is str and v.startswith("sha256:") and SHA256.accepts(v[7:]),
)

_CONFIG = {"run": TABLE, "connectome": TABLE, "network": TABLE, "task": TABLE, "optimizer": TABLE}
_CONFIG_OPTIONAL = {"digest": SHA256, "versions": VERSIONS, "resumed": LIST}
_RUN = {"seed": COUNT, "generations": POSITIVE, "threads": POSITIVE, "date": _DATE}
_RUN_OPTIONAL = {"start": _START, "episodes": POSITIVE, "common_starts": BOOL}
_CONNECTOME = {"name": TEXT, "checksum": SHA256}
# The names of the two numbers in runs of early versions stand behind those of today.
_SIZES = {"n_cells": COUNT, "n_edges": COUNT, "n_neurons": COUNT, "n_synapses": COUNT}
_RESUMED = {"generation": COUNT, "date": _DATE, "versions": VERSIONS}
_TIMING = {"generation": COUNT, "seconds": SECONDS, "evaluate": SECONDS}


def check_record(
    values: object,
    fields: Mapping[str, Field],
    optional: Mapping[str, Field] | None = None,
    *,
    where: str = "",
    others: bool = False,
) -> None:
    """Check that `values` is a dict with these fields, and no others unless `others`."""
    prefix = f"{where}." if where else ""
    if not isinstance(values, dict):
        raise ValueError(f"{where or 'it'} is not a table of fields")
    known = {**fields, **(optional or {})}
    for name in fields:
        if name not in values:
            raise ValueError(f"the field {prefix}{name} is missing")
    for name, value in values.items():
        if name not in known:
            if others:
                continue
            raise ValueError(f"the field {prefix}{name} is unknown")
        if not known[name].accepts(value):
            raise ValueError(f"{prefix}{name} is {_brief(value)}; it must be {known[name].words}")


def check_config(config: object) -> None:
    """Check all fields of config.toml. Options of network, task and optimiser are theirs."""
    check_record(config, _CONFIG, _CONFIG_OPTIONAL)
    assert isinstance(config, dict)
    check_record(config["run"], _RUN, _RUN_OPTIONAL, where="run")
    check_record(config["connectome"], _CONNECTOME, _SIZES, where="connectome")
    check_record(config["task"], {"name": NAME}, where="task", others=True)
    check_record(config["optimizer"], {"name": NAME}, where="optimizer", others=True)
    for entry in config.get("resumed", []):
        check_record(entry, _RESUMED, where="resumed")


def full_settings(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a task or an optimiser, with those that early runs do not name."""
    return {**_BEFORE.get(section["name"], {}), **section}


def config_digest(config: Mapping[str, Any]) -> str:
    """Return a digest of the sections that the fingerprint does not cover whole."""
    parts = [config["run"], config["connectome"], config.get("resumed", [])]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def parse_timing(lines: list[str]) -> list[dict[str, Any]]:
    """Return the records of the lines of timing.jsonl; a kill may have cut off the last line."""
    records: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        try:
            timing = json.loads(line)
            check_record(timing, _TIMING, others=True)
            if records and timing["generation"] <= records[-1]["generation"]:
                raise ValueError(f"generation {timing['generation']} is out of order")
        except (ValueError, RecursionError) as error:
            if number == len(lines) and not line.endswith("\n"):
                break
            raise ValueError(f"line {number}: {error}") from None
        records.append(timing)
    return records


def first_difference(found: Any, wanted: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """Return the path of the first difference and its two values; None where one is missing.

    Tuples equal lists, and NaN equals NaN, as in the files.
    """
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            inner = f"{path}.{key}".lstrip(".")
            if (key in found) != (key in wanted):
                return inner, found.get(key), wanted.get(key)
            different = first_difference(found[key], wanted[key], inner)
            if different is not None:
                return different
        return None
    if found == wanted or _plain(found) == _plain(wanted):
        return None
    return path, found, wanted


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _brief(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
