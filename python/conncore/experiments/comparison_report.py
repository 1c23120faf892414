"""The comparison's table, figure and JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from conncore.experiments.comparison_rows import Row
from conncore.experiments.results import finite, write_results
from conncore.experiments.statistics import t_interval
from conncore.experiments.study import Outcome
from conncore.report.bands import Band, draw_bands
from conncore.report.notebook import html_table

_COLUMNS = (
    *("", "score", "95% interval", "difference", "95% interval", "detectable", "d", "p"),
    *("p Holm", "p equivalent", ""),
)


def rows_html(title: str, rows: Sequence[Row]) -> str:
    """Return the table as HTML, for notebooks."""
    return html_table(title, _COLUMNS, map(_cells, rows))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.arm,
        _text(row.mean, ".1f"),
        _interval(row.low, row.high),
        _text(row.difference, "+.1f"),
        _interval(row.difference_low, row.difference_high),
        _text(row.detectable, ".1f"),
        _text(row.effect, ".2f"),
        _text(row.p, ".4f"),
        _text(row.p_holm, ".4f"),
        _text(row.p_equivalent, ".4f"),
        row.verdict + (f" ({row.n_failed} failed seeds)" if row.n_failed else ""),
    )


def print_rows(title: str, rows: Sequence[Row], console: Console) -> None:
    """Print the table."""
    console.print(title)
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(_COLUMNS):
        table.add_column(name, justify="right" if 0 < place < len(_COLUMNS) - 1 else "left")
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    console.print(
        "score: mean over seeds of the score from held-out starts; difference: circuit minus this "
        "row, paired by seed; 95% interval: Student's t over seeds; detectable: difference that so "
        "many seeds show with a probability of 80%; d: Cohen's d of the differences; p: paired "
        "permutation test; p Holm: p corrected for the number of rows tested; p equivalent: two "
        "one-sided t tests against the margin, corrected likewise"
    )


def write_report(
    out: Path,
    title: str,
    rows: Sequence[Row],
    outcomes: Mapping[str, Sequence[Outcome]],
    settings: Mapping[str, Any],
) -> tuple[Path, Path]:
    """Write compare.json and compare.png into `out` and return their paths."""
    file = out / "compare.json"
    records = [finite(asdict(row) | {"verdict": row.verdict}) for row in rows]
    write_results(file, title, settings, outcomes, rows=records)
    figure = draw_bands(
        {"population mean: mean over seeds, and its 95% interval at the end": bands_of(outcomes)},
        out / "compare.png",
        title=title,
        y_label="fitness",
    )
    return file, figure


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
