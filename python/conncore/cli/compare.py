"""``conncore compare``: a connectome against its null models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

# Seeds, members and generations, where they are not given.
_FULL, _QUICK = (10, 200, 150), (3, 64, 30)


def compare(
    connectome: Annotated[
        str, typer.Option(help="A shipped connectome (conncore connectome list) or a file.")
    ] = "celegans-haspel2011",
    task: Annotated[
        str, typer.Option(help="swimmer6, Swimmer-v5, dm-swimmer6 or a Gymnasium id.")
    ] = "swimmer6",
    neuron: Annotated[str, typer.Option(help="relu, lif, alif or izhikevich.")] = "alif",
    io: Annotated[
        str, typer.Option(help="anatomical, dense or direct input and output.")
    ] = "anatomical",
    weights: Annotated[
        str, typer.Option(help="shared (two log weights) or individual.")
    ] = "shared",
    initial_weights: Annotated[
        str, typer.Option(help="sign (all alike) or counts (scaled by the connectome's weights).")
    ] = "sign",
    nulls: Annotated[
        str,
        typer.Option(
            help="Of degree, segment, statistics, random, signs, weights, mlp, sparse-mlp."
        ),
    ] = "degree,segment,random",
    seeds: Annotated[
        int | None, typer.Option(min=1, max=20, help="Paired seeds; 10, or 3 with --quick.")
    ] = None,
    population: Annotated[
        int | None, typer.Option(help="Members of a generation (ES); 200, or 64 with --quick.")
    ] = None,
    generations: Annotated[
        int | None, typer.Option(help="Generations of each run; 150, or 30 with --quick.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; all cores if not given.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A first look, in a minute or two.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Directory; the same command goes on where it stopped.")
    ] = None,
) -> None:
    """Compare a connectome with null models: paired seeds, the same budget, statistics.

    Prints one table; DIR gets compare.png, compare.json and all runs.
    """
    from conncore.catalog import open_connectome
    from conncore.cli.evolve import stopping
    from conncore.experiments.compare import compare_rows, make_arms
    from conncore.experiments.compare_report import print_rows, write_report
    from conncore.experiments.results import show
    from conncore.experiments.study import Stage, describe, run_study
    from conncore.optimizers import ES
    from conncore.report.console import wide_console
    from conncore.tasks import make_task

    usual = _QUICK if quick else _FULL
    seeds, population, generations = (
        default if given is None else given
        for given, default in zip((seeds, population, generations), usual, strict=True)
    )
    circuit, world = open_connectome(connectome), make_task(task)
    method = ES(population_size=population, n_scout=8 * population)
    options = {
        "neuron": neuron,
        "io": io,
        "weights": weights,
        "initial_weights": initial_weights,
    }
    names = [name.strip() for name in nulls.split(",") if name.strip()]
    stages = (Stage("evolve", method, generations),)
    arms = make_arms(circuit, world, names, stages, options)
    if out is None:
        parts = ("compare", Path(connectome).stem, neuron, io, task, "quick" if quick else "")
        out = Path("runs", re.sub(r"[^\w.-]", "-", "_".join(filter(None, parts))))
    with stopping():
        outcomes = run_study(arms, world, range(seeds), out, threads)
    rows = compare_rows(outcomes)
    title = (
        f"{circuit.name} and its nulls on {world.name} ({neuron}, {io}): ES, {generations} "
        f"generations of {population}, {seeds} paired seeds"
    )
    console = wide_console()
    show(lambda screen: print_rows(title, rows, screen), console, out / "compare.txt")
    table, figure = write_report(out, title, rows, outcomes, describe(arms, world))
    console.print(f"figure: {figure}; all figures: {table}", soft_wrap=True)
