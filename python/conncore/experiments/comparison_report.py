"""The comparison's table, figure and JSON, and reading the JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from conncore.errors import CheckpointError, UsageError
from conncore.evolution.schema import BOOL, COUNT, LIST, NAME, TEXT, check_record
from conncore.experiments.comparison_rows import Row
from conncore.experiments.readiness import readiness
from conncore.experiments.results import finite, write_results
from conncore.experiments.sequential import Looks
from conncore.experiments.statistics import t_interval
from conncore.experiments.study import Outcome
from conncore.experiments.study_files import NUMBER_OR_NULL, report_outcomes
from conncore.report.bands import Band, draw_bands
from conncore.report.notebook import html_table

_ROW = {"arm": NAME, "n": COUNT, "n_failed": COUNT, "n_reached": COUNT, "faster": BOOL}


def rows_html(title: str, rows: Sequence[Row]) -> str:
    """Return the table as HTML, for notebooks."""
    names, cells = _table(rows)
    return html_table(title, names, cells)


def _table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """The titles and the cells; those of a margin or threshold only if it was given."""
    equivalence = any(not math.isnan(row.p_equivalent) for row in rows)
    times = any(not math.isnan(row.p_time) for row in rows)
    names = ["", "score", "95% interval", "difference", "95% interval", "detectable", "d", "p"]
    names += ["p Holm", *["p equivalent"] * equivalence, *["reached", "p time"] * times, ""]
    table = []
    for row in rows:
        cells = [
            row.arm,
            _text(row.mean, ".1f"),
            _interval(row.low, row.high),
            _text(row.difference, "+.1f"),
            _interval(row.difference_low, row.difference_high),
            _text(row.detectable, ".1f"),
            _text(row.effect, ".2f"),
            _text(row.p, ".4f"),
            _text(row.p_holm, ".4f"),
        ]
        cells += [_text(row.p_equivalent, ".4f")] * equivalence
        cells += [f"{row.n_reached}/{row.n}", _text(row.p_time, ".4f")] * times
        verdict = "; ".join(filter(None, (row.verdict, row.speed)))
        cells.append(verdict + f" ({row.n_failed} failed seeds)" * (row.n_failed > 0))
        table.append(cells)
    return names, table


def print_rows(
    title: str, rows: Sequence[Row], console: Console, looks: Looks | None = None
) -> None:
    """Print the table; it has columns for a margin and for a threshold if they were given."""
    console.print(title)
    names, cells = _table(rows)
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if 0 < place < len(names) - 1 else "left")
    for line in cells:
        table.add_row(*line)
    console.print(table)
    notes = (
        "score: mean over seeds of the score from held-out starts; difference: circuit minus this "
        "row, paired by seed; 95% interval: Student's t over seeds; detectable: difference that so "
        "many seeds show with a probability of 80%; d: Cohen's d of the differences; p: paired "
        f"{'permutation' if looks is None else 't'} test; "
        "p Holm: p corrected for the number of rows tested"
    )
    if "p equivalent" in names:
        notes += "; p equivalent: two one-sided t tests against the margin, corrected likewise"
    if "p time" in names:
        notes += (
            "; reached: seeds whose population mean reached the threshold; p time: log-rank test "
            "of the generation in which it did, corrected likewise"
        )
    console.print(notes)
    if looks is not None:
        console.print(str(looks))


def write_report(
    out: Path,
    title: str,
    rows: Sequence[Row],
    outcomes: Mapping[str, Sequence[Outcome]],
    settings: Mapping[str, Any],
    looks: Looks | None = None,
    threshold: float | None = None,
) -> tuple[Path, Path]:
    """Write compare.json and compare.png into `out` and return their paths."""
    file = out / "compare.json"
    records = [
        finite(dataclasses.asdict(row) | {"verdict": row.verdict, "speed": row.speed})
        for row in rows
    ]
    plan: dict[str, Any] = {} if looks is None else {"looks": looks.at}
    plan["readiness"] = [finite(dataclasses.asdict(r)) for r in readiness(outcomes, threshold)]
    write_results(file, title, settings, outcomes, rows=records, **plan)
    figure = draw_bands(
        {"population mean: mean over seeds, and its 95% interval at the end": bands_of(outcomes)},
        out / "compare.png",
        title=title,
        y_label="fitness",
    )
    return file, figure


def read_report(file: Path) -> tuple[str, list[Row], dict[str, list[Outcome]]]:
    """Return title, rows and outcomes of a compare.json.

    Raises
    ------
    CheckpointError
        The file is missing or damaged.
    UsageError
        An older version wrote it.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        check_record(content, {"title": TEXT, "rows": LIST, "outcomes": LIST}, others=True)
        rows = [_row(fields) for fields in content["rows"]]
        outcomes: dict[str, list[Outcome]] = {row.arm: [] for row in rows}
        for outcome in report_outcomes(file, content):
            outcomes[outcome.arm].append(outcome)
    except (OSError, ValueError, KeyError, RecursionError) as error:
        if isinstance(error, UsageError):
            raise
        raise CheckpointError(
            f"{file} cannot be read ({error}); run the same comparison again to write it"
        ) from None
    return content["title"], rows, outcomes


def _row(fields: Any) -> Row:
    """The row of these fields, with NaN for null; or a ValueError."""
    known = {field.name: _ROW.get(field.name, NUMBER_OR_NULL) for field in dataclasses.fields(Row)}
    check_record(fields, known, where="rows", others=True)  # and what is computed from them
    values: dict[str, Any] = {
        name: math.nan if fields[name] is None else fields[name] for name in known
    }
    return Row(**values)


def bands_of(outcomes: Mapping[str, Sequence[Outcome]], stage: int = -1) -> dict[str, Band]:
    """Return each arm's curve in a stage: the population mean, averaged over seeds."""
    bands = {}
    for arm, runs in outcomes.items():
        curves = np.array([run.curves[stage].mean for run in runs], dtype=np.float64)
        bands[arm] = Band(curves.mean(axis=0), *t_interval(curves[:, -1]))
    return bands


def _text(value: float, form: str) -> str:
    return "" if math.isnan(value) else format(value, form)


def _interval(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{low:.1f} to {high:.1f}"
