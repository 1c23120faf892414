"""Files of a finished study: JSON with all curves and their provenance, and tables as text."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from conncore.experiments.study_files import outcome_record
from conncore.experiments.study_records import Outcome
from conncore.provenance import provenance
from conncore.report.console import PlainConsole
from conncore.storage import disk_errors, write_atomically

_ADVICE = "make room and run the same command again"
_WIDTH = 150  # columns of a table in a file


def write_results(
    file: Path,
    title: str,
    settings: Mapping[str, Any],
    outcomes: Mapping[str, Sequence[Outcome]],
    **findings: Any,
) -> None:
    """Write a JSON file: title, provenance, hours, settings, findings, and all outcomes.

    Raises
    ------
    ConncoreError
        `file` cannot be written.
    """
    runs = [run for of_arm in outcomes.values() for run in of_arm]
    content = {
        "title": title,
        "provenance": provenance(),
        "hours": round(sum(run.seconds for run in runs) / 3600, 3),
        **findings,
        "settings": settings,
        "outcomes": [outcome_fields(run, settings) for run in runs],
    }
    write_text(file, json.dumps(content, separators=(",", ":")))


def as_text(draw: Callable[[Console], None]) -> str:
    """Return the text that `draw` prints on a wide console."""
    text = io.StringIO()
    draw(PlainConsole(text, _WIDTH))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def show(draw: Callable[[Console], None], console: Console, file: Path) -> None:
    """Write what `draw` prints to a text file, and print it on `console`."""
    write_text(file, as_text(draw))
    draw(console)


def finite(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with None for numbers that are not finite, which JSON cannot hold."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }


def outcome_fields(run: Outcome, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a report holds of a run: the outcome, its start and its end, as plain values."""
    record = outcome_record(run, settings)
    del record["settings"]  # the report has them in full
    return finite(record | {"start": run.start(), "end": run.end()})


def write_text(file: Path, text: str) -> None:
    """Write a text and a newline. A failed write leaves the old file."""
    with disk_errors(file, _ADVICE):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, f"{text}\n".encode())
