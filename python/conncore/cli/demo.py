"""``conncore demo``: the locomotion circuit of C. elegans learns to swim."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conncore.cli.options import Neuron, Threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAPER_SCORE = 146.4  # arXiv 2209.14406, figure 4: the connectome's final score on the swimmer
N_RANDOM = 32


def demo(
    neuron: Neuron = "alif",
    generations: Annotated[
        int | None,
        typer.Option(help="Number of generations; the budget follows from it. Default: 434."),
    ] = None,
    population: Annotated[int, typer.Option(help="Members of each start, an even number.")] = 200,
    seed: Annotated[int, typer.Option(help="Random seed. The same seed gives the same run.")] = 0,
    threads: Threads = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run directory to create. Default: the first free runs/demo-N."),
    ] = None,
) -> None:
    """Evolve the worm's locomotion circuit on the swimmer.

    The command prints the scores before and after, and draws the learning curve.
    """
    from rich.table import Table

    from conncore.catalog.shipped import load
    from conncore.evolution.defaults import halving_of
    from conncore.evolution.evolve import evolve
    from conncore.network.network import Network
    from conncore.noise import start_seeds
    from conncore.report.console import PlainConsole
    from conncore.report.curve import draw_curve
    from conncore.tasks import make_task

    started = time.perf_counter()
    console = PlainConsole()
    worm = load("celegans-haspel2011")
    task = make_task("swimmer6")
    network = Network(worm, task, neuron=neuron, io="anatomical")
    out = out or next(path for n in count(1) if not (path := Path(f"runs/demo-{n}")).exists())
    console.print(
        f"C. elegans: {worm.n_cells} cells and {worm.n_edges} edges as {neuron} neurons, "
        f"{network.layout.n_parameters} parameters, on {task.name} ({task.n_steps} steps)"
    )
    optimizer = halving_of(population, generations)
    run = evolve(network, task, optimizer, generations, seed, out, threads)
    before = task.evaluate(
        network,
        network.random_genomes(N_RANDOM, seed),
        seed=start_seeds(seed, "held-out", N_RANDOM),
        n_threads=threads,
        split="held-out",
    )
    best = run.best
    assert run.path is not None  # a run with `out` has one
    curve = run.path / "curve.png"
    draw_curve(
        run.history,
        curve,
        title=run.title,
        held_out=best.scores,
        reference=(PAPER_SCORE, "the paper's final score"),
    )
    table = Table("score on the swimmer", "mean", "sd", box=None)
    table.add_row(f"before: {N_RANDOM} random genomes", f"{before.mean():.0f}", _sd(before))
    table.add_row(
        f"after: {len(best.scores)} held-out starts", f"{best.mean:.0f}", _sd(best.scores)
    )
    table.add_row("the paper's final score", f"{PAPER_SCORE:.0f}", "")
    console.print(table)
    minutes, seconds = divmod(round(time.perf_counter() - started), 60)
    console.print(f"{minutes} min {seconds} s; curve: {curve}; run: {run.path}", soft_wrap=True)


def _sd(scores: NDArray[np.float64]) -> str:
    return f"{scores.std(ddof=1):.0f}" if len(scores) > 1 else ""
