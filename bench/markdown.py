"""Writes the results of a run as Markdown.

Usage: `python -m conncore.bench.markdown RESULTS.json RESULTS.md`.

Text above the MARK in the file is written by hand and stays.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

MARK = "<!-- Everything below is written by conncore bench --markdown -->"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; the first column is text, the others are numbers."""
    yield "| " + " | ".join(head) + " |"
    yield "|---" + "|---:" * (len(head) - 1) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def machine(about: dict[str, Any]) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    yield "## The run"
    yield ""
    yield f"- {about['time']}, commit {about['commit'] or 'unknown'}"
    if "command" in about:
        yield f"- `{about['command']}`"
    yield (
        f"- {about['processor']}, {about['cores']} cores, "
        f"{' '.join(about['instruction_sets'])}; {about['machine']}"
    )
    yield f"- Python {about['python']}; {versions}"
    rounds, threads = about["rounds"], about["threads"]
    yield f"- medians of {rounds} interleaved rounds; threads, where 1 is not meant: {threads}"
    yield ""


def claims(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield f"## Claims: {sum(claim['holds'] for claim in found)} of {len(found)} hold"
    yield ""
    rows = []
    for claim in found:
        high = claim["high"]
        needs = f"{claim['low']:g}" + (" or more" if high is None else f" to {high:g}")
        held = "yes" if claim["holds"] else "**no**"
        rows.append((claim["text"], f"{claim['value']:.3g}", needs, held))
    yield from table(("claim", "found", "needs", "holds"), rows)


def measured(tables: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield "## Tables"
    yield ""
    for one in tables:
        first = one["rows"][0]["median"]
        yield f"**{one['title']}**\n"
        rows = [
            (
                row["name"],
                f"{row['median']:.4g}",
                f"{row['low']:.4g} to {row['high']:.4g}",
                f"{row['median'] / first:.3g}x",
            )
            for row in one["rows"]
        ]
        yield from table(("", one["unit"], "rounds", "to the first"), rows)


def figures(notes: dict[str, Any]) -> Iterator[str]:
    """Single numbers, and a table for each series of points."""
    yield "## Figures"
    yield ""
    single = {name: value for name, value in notes.items() if not isinstance(value, list)}
    yield from table(
        ("", "figure"),
        [(k, f"{v:.4g}" if isinstance(v, float) else str(v)) for k, v in single.items()],
    )
    for name, points in notes.items():
        if isinstance(points, list):
            yield f"**{name.split(':')[0]}**\n"
            rows = [(f"{n:,}", f"{1e3 * s:.4g}", f"{b / 1e6:.4g}") for n, s, b in points]
            yield from table(("size", "CPU ms", "MB"), rows)


def document(report: dict[str, Any]) -> str:
    """Return a report (see `Harness.report`) as Markdown."""
    lines = [MARK, "", *machine(report["about"]), *claims(report["claims"])]
    if report["skipped"]:
        lines += [f"Peers left out: {', '.join(report['skipped'])}.", ""]
    lines += [*measured(report["tables"]), *figures(report["notes"])]
    return "\n".join(lines).rstrip() + "\n"


def write(report: dict[str, Any], path: Path) -> None:
    """Write a report into a file, below the text that is written by hand."""
    before = path.read_text(encoding="utf-8").partition(MARK)[0] if path.exists() else ""
    path.write_text(before + document(report), encoding="utf-8")


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
