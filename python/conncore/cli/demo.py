"""`conncore demo`: the worm learns to swim."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    neuron: Annotated[str, typer.Option(help="relu, lif, alif or izhikevich.")] = "alif",
    generations: Annotated[int, typer.Option(help="Generations to evolve.")] = 200,
    population: Annotated[int, typer.Option(help="Members of a generation, an even number.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same worm.")] = 0,
    threads: Annotated[int | None, typer.Option(help="Threads; all cores if not given.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run directory to make; the next free runs/demo-N.")
    ] = None,
) -> None:
    """Evolve the worm's locomotion circuit on the swimmer and show what it learned."""
    from conncore.cli.demo_run import run_demo

    run_demo(neuron, generations, population, seed, threads, out)
