"""``conncore multiverse``: a study with many combinations of choices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conncore.cli.options import Data, Threads


def multiverse(
    study: Annotated[
        str, typer.Argument(help="fig3, fig4, compare, or an experiment of conncore reproduce.")
    ],
    grid: Annotated[
        Path,
        typer.Option(help="TOML file with the values of each choice. Keys: {choices}, read_at."),
    ],
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Short runs in all cells that the grid gives no other size."),
    ] = False,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="Number of paired seeds. Default: that of the grid, or 5."),
    ] = None,
    data: Data = None,
    threads: Threads = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Directory for the results. The same command resumes it, and more choices or "
            "seeds are added to it. Default: runs/multiverse-STUDY, and -quick."
        ),
    ] = None,
) -> None:
    """Run a study for each combination of choices, and count in which its claims hold.

    The command prints the share of cells in which each claim holds, is refuted or is undecided, and
    the effect of each choice. The directory gets multiverse.txt, multiverse.json, a specification
    curve per claim, and all runs.
    """
    from conncore.cli.compare import _FULL, _QUICK
    from conncore.cli.evolve import stopping
    from conncore.errors import choose
    from conncore.paper.experiments import FULL, QUICK
    from conncore.report.console import wide_console
    from conncore.robustness.grid import read_grid
    from conncore.robustness.multiverse import multiverse as run
    from conncore.robustness.targets import (
        COMPARE,
        NAMES,
        check_reading,
        compare_target,
        paper_target,
    )

    choose("study", study, NAMES)
    found = read_grid(grid, compare=study == COMPARE)
    check_reading(study, found.choices)
    if study == COMPARE:
        nulls = found.options.get("nulls", ["degree", "segment", "random"])
        _, population, generations = _QUICK if quick else _FULL
        target = compare_target(nulls, population, generations)
    else:
        options = {} if data is None else {"data": data}
        target = paper_target(study, QUICK if quick else FULL, options)
    out = out or Path("runs", f"multiverse-{study}{'-quick' * quick}")
    with stopping():
        result = run(
            target.build,
            found.choices,
            target.claims,
            seeds or found.seeds or 5,
            out=out,
            title=target.title,
            n_threads=threads,
        )
    console = wide_console()
    result.print_on(console)
    console.print(
        f"figures: {out / 'claim-*.png'}; all results: {out / 'multiverse.json'}", soft_wrap=True
    )
