"""``conncore reproduce``: the paper's experiments, from connectome to figure and table."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer


def reproduce(
    figure: Annotated[
        str, typer.Argument(help="fig3, fig4, fig5 or all three; best, izhikevich; or a part.")
    ],
    quick: Annotated[
        bool, typer.Option("--quick", help="Short runs: a first look, not the paper's numbers.")
    ] = False,
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds; 10, or 5 with --quick.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of MNIST's four files; else $CONNCORE_DATA.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; all cores if not given.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory; the same command goes on where it stopped.")
    ] = None,
) -> None:
    """Run the experiments of arXiv 2209.14406 and set each number beside the paper's.

    Each claim of the paper gets a verdict by a stated rule: it holds, it does not, or it was not
    tested. Finished runs are kept and not repeated.
    """
    from conncore.cli.evolve import stopping
    from conncore.errors import choose
    from conncore.experiments.paper import EXPERIMENTS, FULL, PAPER, QUICK
    from conncore.experiments.reproduce import reproduce as run
    from conncore.report.console import wide_console

    every = [experiment for group in EXPERIMENTS.values() for experiment in group]
    paper = tuple(e for name in PAPER for e in EXPERIMENTS[name])
    parts = {experiment.name: (experiment,) for experiment in every}
    groups = {**EXPERIMENTS, "all": paper, **parts}
    chosen = groups[choose("figure", figure, groups)]
    budget = QUICK if quick else FULL
    if seeds is not None:
        budget = dataclasses.replace(budget, seeds=seeds)
    out = out or Path("runs", "reproduce-quick" if quick else "reproduce")
    options = {} if data is None else {"data": str(data)}
    console = wide_console()
    if quick:
        console.print("--quick: short runs, small populations; the verdicts are about these runs")
    with stopping():
        complete = run(chosen, budget, out, console, options, threads)
    if not complete:
        raise typer.Exit(1)
