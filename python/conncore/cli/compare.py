"""``conncore compare``: a connectome against its null models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from conncore.cli.options import (
    IO,
    Data,
    ExcitatoryShare,
    Format,
    Inputs,
    Name,
    Neuron,
    Options,
    Outputs,
    SplitMuscles,
    TaskName,
    Threads,
    Transmitters,
    UnknownSigns,
    most_seeds,
    set_up,
)

# The default numbers of seeds, members and generations.
_FULL, _QUICK = (10, 200, 150), (3, 64, 30)
_QUICK_HALVING = 60  # generations


def compare(
    connectome: Name = "celegans-haspel2011",
    format: Format = None,
    option: Options = None,
    split_muscles: SplitMuscles = False,
    transmitters: Transmitters = None,
    unknown_signs: UnknownSigns = "refuse",
    excitatory_share: ExcitatoryShare = None,
    task: TaskName = "swimmer6",
    data: Data = None,
    neuron: Neuron = "alif",
    io: IO = "anatomical",
    inputs: Inputs = None,
    outputs: Outputs = None,
    weights: Annotated[
        str,
        typer.Option(
            help="shared (two log weights in all), individual (one log weight per edge) or free "
            "(one weight per edge, of either sign)."
        ),
    ] = "shared",
    initial_weights: Annotated[
        str,
        typer.Option(help="sign (equal for all edges) or counts (scaled by the edge's weight)."),
    ] = "sign",
    nulls: Annotated[
        str,
        typer.Option(
            help="Null models ({nulls}) and perceptrons ({baselines}), separated by commas."
        ),
    ] = "degree,segment,random",
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="Number of paired seeds. Default: 10; 3 with --quick."),
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            help="Optimizer: {optimizers}. Default: halving, which depends least on luck, if there "
            "are at most 1,000 parameters and the compiled core runs the task; otherwise es."
        ),
    ] = None,
    population: Annotated[
        int | None,
        typer.Option(
            help="Members per generation; of halving, per start. Default: 200; 64 with --quick."
        ),
    ] = None,
    generations: Annotated[
        int | None,
        typer.Option(
            help="Generations of each run. Default: 150; 30 with --quick; for halving 434, 59 "
            "with --quick. The budget of halving follows from it and from the population."
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            help="A difference of scores too small to matter: also test whether each null model "
            "is equivalent within it."
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="A population mean of the fitness: also test which arm reaches it earlier."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            help="decided: add seeds until every verdict is decided, 5 at a time. The looks count: "
            "the error rate stays 5%."
        ),
    ] = None,
    at_most: Annotated[
        int | None, typer.Option(help="Most seeds, for --until decided. Default: 40.")
    ] = None,
    threads: Threads = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Short runs for a first look, in a minute or two.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Study directory. The same command resumes it. Default: runs/ and a name from "
            "the settings."
        ),
    ] = None,
) -> None:
    """Compare a connectome with its null models on a task.

    All runs have the same budget, and their seeds are paired. The command prints a table of
    scores and tests. The directory gets compare.txt, compare.json, compare.png and all runs.
    """
    from conncore.cli.evolve import stopping
    from conncore.evolution.defaults import default_name, halving_of
    from conncore.experiments.comparison import compare as run
    from conncore.network.network import Network
    from conncore.optimizers import Optimizer, make_optimizer
    from conncore.report.console import wide_console

    at_most = most_seeds(until, at_most, seeds)
    usual = _QUICK if quick else _FULL
    seeds = usual[0] if seeds is None else seeds
    population = usual[1] if population is None else population
    circuit, goal, network_options = set_up(
        connectome=connectome,
        format=format,
        option=option,
        split_muscles=split_muscles,
        transmitters=transmitters,
        unknown_signs=unknown_signs,
        excitatory_share=excitatory_share,
        seed=0,
        task=task,
        task_options={"data": data},
        neuron=neuron,
        io=io,
        inputs=inputs,
        outputs=outputs,
    )
    if optimizer is None:
        network = Network(
            circuit, goal, weights=weights, initial_weights=initial_weights, **network_options
        )
        optimizer = default_name(network, goal)
    method: Optimizer[Any]
    if optimizer == "halving":
        usual_length = _QUICK_HALVING if quick else None
        method = halving_of(population, usual_length if generations is None else generations)
    else:
        scouts = {"n_scout": 8 * population} if optimizer == "es" else {}
        method = make_optimizer(optimizer, population_size=population, **scouts)
        generations = usual[2] if generations is None else generations
    if out is None:
        method_name = "" if optimizer == "es" else optimizer
        parts = ("compare", Path(connectome).stem, neuron, io, task, method_name,
                 "quick" if quick else "")  # fmt: skip
        out = Path("runs", re.sub(r"[^\w.-]", "-", "_".join(filter(None, parts))))
    with stopping():
        found = run(
            circuit,
            goal,
            [name.strip() for name in nulls.split(",") if name.strip()],
            seeds,
            out=out,
            optimizer=method,
            generations=generations,
            n_threads=threads,
            margin=margin,
            threshold=threshold,
            at_most=at_most,
            weights=weights,
            initial_weights=initial_weights,
            **network_options,
        )
    console = wide_console()
    found.print_on(console)
    console.print(
        f"figure: {out / 'compare.png'}; all results: {out / 'compare.json'}", soft_wrap=True
    )
