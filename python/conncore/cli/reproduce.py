"""``conncore reproduce``: runs the paper's experiments and prints their tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from conncore.cli.options import Data, Threads, most_seeds


def reproduce(
    figure: Annotated[
        str,
        typer.Argument(
            help="What to run: all (fig3, fig4 and fig5), one of the three, best, halving, "
            "izhikevich, or one experiment, such as fig3-dense."
        ),
    ],
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Short runs, which do not test the paper's numbers."),
    ] = False,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Number of seeds. Default: 10; 5 with --quick.")
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A choice that the paper leaves open. Repeat it for several. The results get "
            "names of their own. Keys: {choices}.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            help="decided: add seeds until every claim of an experiment is decided, 5 at a time. "
            "The looks count: the error rate stays 5%."
        ),
    ] = None,
    at_most: Annotated[
        int | None, typer.Option(help="Most seeds, for --until decided. Default: 40.")
    ] = None,
    data: Data = None,
    threads: Threads = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Directory for the results. The same command resumes it. Default: "
            "runs/reproduce, or runs/reproduce-quick."
        ),
    ] = None,
) -> None:
    """Run the experiments of arXiv 2209.14406 and print each result beside the paper's.

    The command tests each claim of the paper by a stated rule, and reports whether it holds, is
    refuted, is undecided, or was not tested. Finished runs are not repeated.
    """
    from conncore.cli.evolve import stopping
    from conncore.errors import choose
    from conncore.experiments.choices import read_settings
    from conncore.paper.beyond import BEYOND
    from conncore.paper.experiments import EXPERIMENTS, FULL, PAPER, QUICK
    from conncore.paper.run import reproduce as run
    from conncore.report.console import wide_console

    known = {**EXPERIMENTS, **BEYOND}
    every = [experiment for group in known.values() for experiment in group]
    paper = tuple(e for name in PAPER for e in EXPERIMENTS[name])
    parts = {experiment.name: (experiment,) for experiment in every}
    groups = {**known, "all": paper, **parts}
    chosen = groups[choose("figure", figure, groups)]
    settings = read_settings(set or ())
    budget = QUICK if quick else FULL
    at_most = most_seeds(until, at_most, seeds)
    if seeds is not None:
        budget = dataclasses.replace(budget, seeds=seeds)
    out = out or Path("runs", "reproduce-quick" if quick else "reproduce")
    options = {} if data is None else {"data": data}
    console = wide_console()
    if quick:
        console.print(
            "--quick: runs are short and populations small; the verdicts are about these runs"
        )
    with stopping():
        complete = run(chosen, budget, out, console, options, threads, settings, at_most)
    if not complete:
        raise typer.Exit(1)
