"""`conncore bench`: speed against peers and limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bench(
    subjects: Annotated[list[str] | None, typer.Argument(help="All if none is named.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Timed rounds of each work.")] = 5,
    threads: Annotated[int, typer.Option(min=1, help="Threads, where 1 is not meant.")] = 2,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, to see it run.")] = False,
    json: Annotated[Path | None, typer.Option(help="Also write the figures to this file.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Also write them as tables; text above its mark stays.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Where the scaling plot goes (PNG).")] = None,
) -> None:
    """Measure speed against peers that are installed, and against the machine's limits."""
    from conncore.bench import SUBJECTS
    from conncore.bench.harness import Harness, run
    from conncore.errors import choose

    named = [choose("subject", name, SUBJECTS) for name in subjects or SUBJECTS]
    run(named, Harness(rounds, threads, quick, plot), json, markdown)
