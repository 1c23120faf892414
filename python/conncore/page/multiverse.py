"""The page of a multiverse: verdicts, effects, and a specification curve for each claim."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from conncore.errors import CheckpointError
from conncore.evolution.schema import COUNT, LIST, TABLE, TEXT, check_record
from conncore.experiments.choices import value_text
from conncore.experiments.study_files import NUMBER_OR_NULL
from conncore.page.document import render
from conncore.robustness.effects import VERDICTS
from conncore.robustness.multiverse import REPORT

_VERDICT = {
    "estimate": NUMBER_OR_NULL,
    "low": NUMBER_OR_NULL,
    "high": NUMBER_OR_NULL,
    "verdict": TEXT,
}
_EFFECT = {"key": TEXT, "effect": NUMBER_OR_NULL, "low": NUMBER_OR_NULL, "high": NUMBER_OR_NULL}
_EFFECT |= {"n_pairs": COUNT, "variance": NUMBER_OR_NULL}


def multiverse_page(path: str | os.PathLike[str]) -> str:
    """Return the page of a multiverse as HTML.

    Parameters
    ----------
    path : path
        The directory of the multiverse. Only multiverse.json is read.

    Raises
    ------
    CheckpointError
        The file is missing or damaged.
    """
    file = Path(path) / REPORT
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        facts = _facts(found)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise CheckpointError(
            f"{file} cannot be read ({error}); run the same multiverse again to write it"
        ) from None
    settings = {"choices": found["choices"], "provenance": found.get("provenance", {})}
    return render(facts, [], settings)


def _facts(found: Any) -> dict[str, Any]:
    """What the page shows, as plain values; or a ValueError."""
    parts = {"title": TEXT, "seeds": COUNT, "choices": TABLE, "claims": LIST, "cells": LIST}
    check_record(found, parts, others=True)
    cells, choices = found["cells"], found["choices"]
    check_record(choices, dict.fromkeys(choices, LIST), where="choices")
    varied = [key for key, values in choices.items() if len(values) > 1]
    fixed = [f"{k}={value_text(v[0])}" for k, v in choices.items() if len(v) == 1]
    n, seeds = len(cells), found["seeds"]
    summary = f"{n} cells, {seeds} paired seed{'s' * (seeds > 1)}"
    return {
        "title": found["title"],
        "multiverse": {
            "summary": summary + (f"; in all cells: {', '.join(fixed)}" if fixed else ""),
            "verdicts": list(VERDICTS),
            "claims": [_claim(claim, k, cells) for k, claim in enumerate(found["claims"])],
            "choices": [[key, [value_text(value) for value in choices[key]]] for key in varied],
            "cells": [
                [
                    [
                        k
                        for k, value in enumerate(choices[key])
                        if any(one.get(key, ()) == value for one in cell["combinations"])
                    ]
                    for key in varied
                ]
                for cell in cells
            ],
        },
    }


def _claim(claim: Any, place: int, cells: list[Any]) -> dict[str, Any]:
    check_record(claim, {"claim": TEXT, "rule": TEXT, "effects": LIST}, others=True)
    results = []
    for cell in cells:
        verdict = cell["verdicts"][place]
        check_record(verdict, _VERDICT, where="verdicts", others=True)
        results.append([verdict[name] for name in _VERDICT])
    for effect in claim["effects"]:
        check_record(effect, _EFFECT, where="effects", others=True)
    return {
        "claim": claim["claim"],
        "rule": claim["rule"],
        "results": results,
        "effects": [
            {
                **{name: effect[name] for name in _EFFECT},
                "reference": value_text(effect["reference"]),
                "value": value_text(effect["value"]),
            }
            for effect in claim["effects"]
        ],
    }
