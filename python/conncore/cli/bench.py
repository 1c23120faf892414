"""``conncore bench``: measures speed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bench(
    subjects: Annotated[
        list[str] | None, typer.Argument(help="What to measure: {subjects}. Default: all.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each piece of work is timed.")] = 5,
    threads: Annotated[
        int, typer.Option(min=1, help="Number of threads, where a subject uses several.")
    ] = 2,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes for a first look.")] = False,
    json: Annotated[
        Path | None, typer.Option(help="Also write the results to this JSON file.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(help="Also write tables to this Markdown file, below its mark."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Also draw the scaling plot to this PNG file.")
    ] = None,
) -> None:
    """Measure speed beside other installed packages and the limits of the machine."""
    from conncore.bench import SUBJECTS
    from conncore.bench.harness import Harness, run
    from conncore.errors import choose

    named = [choose("subject", name, SUBJECTS) for name in subjects or SUBJECTS]
    run(named, Harness(rounds, threads, quick, plot), json, markdown)
