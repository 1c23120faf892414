"""Tables, figures and JSON of a multiverse."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from conncore.experiments.choices import value_text
from conncore.experiments.results import finite, outcome_fields, write_text
from conncore.provenance import provenance
from conncore.report.notebook import html_table
from conncore.report.specification import Specification, draw_specifications
from conncore.robustness.effects import VERDICTS, Effect
from conncore.robustness.multiverse import FORMAT, REPORT, Multiverse

_COLUMNS = (*VERDICTS, "median", "least", "largest")


def shares_html(found: Multiverse) -> str:
    """Return the table of verdicts as HTML, for notebooks."""
    title = f"{found.title}: {len(found.cells)} cells, {found.seeds} paired seeds"
    return html_table(title, ["", "claim", *_COLUMNS], _share_rows(found))


def print_multiverse(found: Multiverse, console: Console) -> None:
    """Print the share of cells for each verdict, and the effects of all choices on each claim."""
    console.print(
        f"{found.title}: {len(found.cells)} cells, {found.seeds} paired "
        f"seed{'s' * (found.seeds > 1)}",
        soft_wrap=True,
    )
    fixed = [f"{k}={value_text(v[0])}" for k, v in found.choices.items() if len(v) == 1]
    if fixed:
        console.print(f"in all cells: {', '.join(fixed)}", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("claim")
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    for row in _share_rows(found):
        table.add_row(*row)
    console.print(table)
    console.print(
        "cells by verdict; median, least and largest: of the cells' means of the number that the "
        "claim is about. Each cell corrects its own claims (Holm); nothing corrects for the number "
        "of cells."
    )
    for place, claim in enumerate(found.claims):
        effects = found.effects(place)
        if not effects:
            continue
        console.print()
        console.print(f"{place + 1}. {claim.text} ({claim.rule})", soft_wrap=True)
        console.print(_effects_table(effects))
    if any(len(values) > 1 for values in found.choices.values()):
        console.print(
            "effect: change of the number if the choice changes from the first value to the "
            "second, all other choices equal: mean over pairs of cells, and its 95% interval over "
            "seeds; variance: share of the variance over cells that the choice explains alone"
        )


def _share_rows(found: Multiverse) -> list[list[str]]:
    rows = []
    for place, share in enumerate(found.shares(), start=1):
        counts = [f"{n} ({100 * n / len(found.cells):.0f}%)" for n in share.counts.values()]
        numbers = [_text(value, ".4g") for value in (share.median, share.low, share.high)]
        rows.append([str(place), share.claim, *counts, *numbers])
    return rows


def _effects_table(effects: Sequence[Effect]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("choice", "from", "to"):
        table.add_column(name)
    for name in ("effect", "95% interval", "pairs", "variance"):
        table.add_column(name, justify="right")
    for effect in effects:
        table.add_row(
            effect.key,
            value_text(effect.reference),
            value_text(effect.value),
            _text(effect.effect, "+.4g"),
            "" if math.isnan(effect.low) else f"{effect.low:.4g} to {effect.high:.4g}",
            str(effect.n_pairs),
            "" if math.isnan(effect.variance) else f"{100 * effect.variance:.0f}%",
        )
    return table


def write_multiverse(found: Multiverse) -> list[Path]:
    """Write multiverse.json and a figure for each claim; return the paths of the figures."""
    effects = [found.effects(place) for place in range(len(found.claims))]
    seconds = sum(run.seconds for runs in found.outcomes.values() for run in runs)
    content = {
        "format": FORMAT,
        "title": found.title,
        "provenance": provenance(),
        "hours": round(seconds / 3600, 3),
        "seeds": found.seeds,
        "choices": found.choices,
        "claims": [
            {
                "claim": claim.text,
                "rule": claim.rule,
                **finite(asdict(share) | {"claim": claim.text}),
                "effects": [finite(asdict(effect)) for effect in of_claim],
            }
            for claim, share, of_claim in zip(found.claims, found.shares(), effects, strict=True)
        ],
        "cells": [
            {
                "combinations": cell.combinations,
                "arms": cell.arms,
                "read_at": cell.read_at,
                "values": [_plain(values) for values in cell.values],
                "verdicts": [finite(asdict(verdict)) for verdict in cell.verdicts],
            }
            for cell in found.cells
        ],
        "runs": {
            name: {
                "settings": settings,
                "outcomes": [outcome_fields(run, settings) for run in found.outcomes[name]],
            }
            for name, settings in found.settings.items()
        },
    }
    text = json.dumps(content, separators=(",", ":"), default=value_text)
    write_text(found.path / REPORT, text)
    return [
        draw_specifications(
            specifications(found, place),
            found.path / f"claim-{place + 1:02}.png",
            title=f"{place + 1}. {claim.text}",
            label=claim.rule,
            limits=[limit for limit in (claim.least, claim.most) if math.isfinite(limit)],
        )
        for place, claim in enumerate(found.claims)
    ]


def specifications(found: Multiverse, claim: int) -> list[Specification]:
    """Return what a specification curve shows of each cell: its result and its choices."""
    varied = [key for key, values in found.choices.items() if len(values) > 1]
    shown = []
    for cell in found.cells:
        verdict = cell.verdicts[claim]
        shown.append(
            Specification(
                estimate=verdict.estimate,
                low=verdict.low,
                high=verdict.high,
                verdict=verdict.verdict,
                choices={
                    key: [
                        value_text(value)
                        for value in found.choices[key]
                        if any(one.get(key, ()) == value for one in cell.combinations)
                    ]
                    for key in varied
                },
            )
        )
    return shown


def _plain(values: Any) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _text(value: float, form: str) -> str:
    return "" if math.isnan(value) else format(value, form)
