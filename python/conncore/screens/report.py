"""The tables of simulations, comparisons and screens: printed, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from conncore.experiments.statistics import MOST_EXACT, N_SAMPLED
from conncore.screens.rate_nulls import ALPHA, RateRow
from conncore.screens.screen import Effect
from conncore.simulation.result import Rate, Simulation
from conncore.storage import disk_errors, write_atomically

_NULL_NOTES = (
    "circuit, null: mean rate over seeds, Hz; difference: circuit minus null "
    "model, paired by seed; 95% interval: Student's t over seeds; p: paired permutation test; p "
    "Holm: p corrected for the number of rows; as far: null graphs whose rate is as far from the "
    "mean of all graphs as the circuit's"
)
_SCREEN_NOTES = (
    "effect: mean change of the rate, paired by trial; 95% interval: Student's t over trials; p: "
    "paired permutation test; q: false discovery rate (Benjamini & Hochberg) over all rows"
)


def summary(found: Simulation, seconds: float) -> str:
    """Return a line about a simulation that took so many seconds."""
    n_trials, n_spikes = len(found.trials), found.cell.size
    simulated = float(found.seconds.sum())
    return (
        f"{found.connectome.name}: {n_trials} trial{'s' * (n_trials != 1)}, {simulated:g} s "
        f"simulated in {seconds:.2g} s, {n_spikes:,} spikes, "
        f"{n_spikes / simulated / found.connectome.n_cells:.3g} Hz on average"
    )


def print_groups(
    rows: Sequence[Rate], by: str, top: int, hint: str, console: Console, all_rows: bool
) -> None:
    """Print the rates of one simulation; groups that do not spike only with `all_rows`.

    All functions here print `top` rows, and behind the number of those left out `hint`.
    """
    active = rows if all_rows else [row for row in rows if row.mean > 0]
    if not active:
        console.print("no cell spikes")
        return
    names = [by, "cells", "rate (Hz)", "sd over trials"]
    lines = [[row.group, f"{row.n_cells:,}", f"{row.mean:.4g}", f"{row.sd:.3g}"] for row in active]
    _print(names, lines, {0}, top, hint, console)


def write_groups(rows: Sequence[Rate], by: str, path: Path) -> None:
    """Write the rates of one simulation as CSV.

    Raises
    ------
    ConncoreError
        If the file cannot be written.
    """
    _write([by, "n_cells", "rate_hz", "sd_hz"], rows, path)


def print_rates(rows: Sequence[RateRow], by: str, top: int, hint: str, console: Console) -> None:
    """Print the rows of a comparison with null models."""
    names = ["null model", by, "cells", "circuit", "95% interval", "null"]
    names += ["95% interval", "difference", "95% interval", "p", "p Holm", "as far", ""]
    lines = [
        [
            row.null,
            row.group,
            f"{row.n_cells:,}",
            f"{row.rate:.4g}",
            _interval(row.low, row.high),
            f"{row.null_rate:.4g}",
            _interval(row.null_low, row.null_high),
            f"{row.difference:+.4g}",
            _interval(row.difference_low, row.difference_high),
            f"{row.p:.3g}",
            f"{row.p_holm:.3g}",
            f"{row.n_as_far}/{row.n}",
            row.verdict,
        ]
        for row in rows
    ]
    notes, smallest = _NULL_NOTES, _smallest(len(rows), rows[0].n)
    if smallest >= ALPHA:
        notes += (
            f". No p Holm can be below {smallest:.3g} here: draw more null graphs, or read less"
        )
    _print(names, lines, {0, 1, 12}, top, hint, console, notes)


def print_effects(
    rows: Sequence[Effect], action: str, top: int, hint: str, console: Console
) -> None:
    """Print the rows of a screen."""
    names = [action, "cells", "read-out", "before (Hz)", "after (Hz)", "effect", "95% interval"]
    names += ["p", "q"]
    lines = [
        [
            row.type,
            f"{row.n_cells:,}",
            row.group,
            f"{row.before:.4g}",
            f"{row.after:.4g}",
            f"{row.effect:+.4g}",
            _interval(row.low, row.high),
            f"{row.p:.3g}",
            f"{row.q:.3g}",
        ]
        for row in rows
    ]
    notes, smallest = _SCREEN_NOTES, _smallest(len(rows), rows[0].n)
    if smallest >= ALPHA:
        notes += (
            f". The q of a single effect among {len(rows):,} rows cannot be below {smallest:.3g} "
            "here: run more trials, or screen fewer types"
        )
    _print(names, lines, {0, 2}, top, hint, console, notes)


def _smallest(n_rows: int, n: int) -> float:
    """The smallest corrected p of one row, if all other rows show nothing."""
    p = 2 / 2**n if n <= MOST_EXACT else 1 / (1 + N_SAMPLED)
    return min(1.0, n_rows * p)


def write_rows(rows: Sequence[RateRow] | Sequence[Effect], path: Path) -> None:
    """Write all rows and all fields as CSV; a comparison has its verdicts, too.

    Raises
    ------
    ConncoreError
        If the file cannot be written.
    """
    records = [
        asdict(row) | ({"verdict": row.verdict} if isinstance(row, RateRow) else {}) for row in rows
    ]
    _write(list(records[0]), [list(record.values()) for record in records], path)


def _write(names: Sequence[str], lines: Sequence[Sequence[object]], path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(lines)
    with disk_errors(path, "give another path"):
        write_atomically(path, text.getvalue().encode())


def _print(
    names: Sequence[str],
    lines: Sequence[Sequence[str]],
    left: set[int],
    top: int,
    hint: str,
    console: Console,
    notes: str = "",
) -> None:
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(names):
        side: Literal["left", "right"] = "left" if place in left else "right"
        table.add_column(name, justify=side, no_wrap=place in left)
    for line in lines[:top]:
        table.add_row(*line)
    console.print(table)
    if len(lines) > top:
        more = len(lines) - top
        console.print(f"and {more:,} more{hint}")
    if notes:
        console.print(notes)


def _interval(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{low:.3g} to {high:.3g}"
