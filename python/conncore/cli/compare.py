"""``conncore compare``: a connectome against its null models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from conncore.cli.circuit import (
    Data,
    ExcitatoryShare,
    Format,
    Inputs,
    Name,
    Options,
    Outputs,
    SplitMuscles,
    Transmitters,
    UnknownSigns,
    ends,
    open_circuit,
)

# Seeds, members and generations, where they are not given.
_FULL, _QUICK = (10, 200, 150), (3, 64, 30)


def compare(
    connectome: Name = "celegans-haspel2011",
    format: Format = None,
    option: Options = None,
    split_muscles: SplitMuscles = False,
    transmitters: Transmitters = None,
    unknown_signs: UnknownSigns = "refuse",
    excitatory_share: ExcitatoryShare = None,
    task: Annotated[
        str, typer.Option(help="swimmer6, Swimmer-v5, dm-swimmer6, mnist or a Gymnasium id.")
    ] = "swimmer6",
    data: Data = None,
    neuron: Annotated[str, typer.Option(help="relu, lif, alif or izhikevich.")] = "alif",
    io: Annotated[
        str, typer.Option(help="anatomical, dense or direct input and output.")
    ] = "anatomical",
    inputs: Inputs = None,
    outputs: Outputs = None,
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
    from conncore.cli.evolve import stopping
    from conncore.experiments.comparison import compare as run
    from conncore.optimizers import ES
    from conncore.report.console import wide_console
    from conncore.tasks import make_task

    usual = _QUICK if quick else _FULL
    seeds, population, generations = (
        default if given is None else given
        for given, default in zip((seeds, population, generations), usual, strict=True)
    )
    method = ES(population_size=population, n_scout=8 * population)
    circuit = open_circuit(
        connectome, format, option, split_muscles, transmitters, unknown_signs, excitatory_share, 0
    )
    world = make_task(task, **({} if data is None else {"data": data}))
    if out is None:
        parts = ("compare", Path(connectome).stem, neuron, io, task, "quick" if quick else "")
        out = Path("runs", re.sub(r"[^\w.-]", "-", "_".join(filter(None, parts))))
    with stopping():
        found = run(
            circuit,
            world,
            [name.strip() for name in nulls.split(",") if name.strip()],
            seeds,
            out=out,
            optimizer=method,
            generations=generations,
            n_threads=threads,
            neuron=neuron,
            io=io,
            weights=weights,
            initial_weights=initial_weights,
            **ends(circuit, inputs, outputs),
        )
    console = wide_console()
    found.print_on(console)
    console.print(
        f"figure: {out / 'compare.png'}; all figures: {out / 'compare.json'}", soft_wrap=True
    )
