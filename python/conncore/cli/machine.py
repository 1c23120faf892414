"""``conncore doctor`` and ``conncore bench``: whether the kernels are right here, and how fast."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show versions, threads and instruction sets, and verify the kernels against NumPy.

    The exit status is 1 if a kernel computes wrong values.
    """
    facts, problems = examine()
    if as_json:
        print(json.dumps({**facts, "problems": problems}, indent=2))
    else:
        width = max(map(len, facts))
        for name, value in facts.items():
            print(f"{name:<{width}}  {value}")
        for problem in problems:
            print(f"problem: {problem}")
        if not problems:
            print("no problems: the kernels give the same bits as NumPy")
    if problems:
        raise typer.Exit(1)


def examine() -> tuple[dict[str, str], list[str]]:
    """Return facts about the installation, and a line for each problem with it."""
    from conncore import _kernels
    from conncore._cpu import instruction_sets
    from conncore._parallel import has_openmp
    from conncore.neurons.models import NEURONS
    from conncore.provenance import versions
    from conncore.threads import resolve_threads

    built, known = _kernels.built_for(), versions()
    facts = {
        "conncore": known["conncore"],
        "python": f"{platform.python_version()} on {platform.platform()}",
        **{name: known[name] for name in ("numpy", "mujoco", "gymnasium")},
        "usable cores": str(resolve_threads(None)),
        "threads": "OpenMP" if has_openmp() else "none: built without OpenMP, runs serially",
        "instruction sets": f"{', '.join(built)} (processor: {', '.join(instruction_sets())})",
        "kernels in use": _kernels.load("network").__name__.rpartition("_")[2],
    }
    found = [*map(_compare, NEURONS.own), _compare_simulation()]
    return facts, [problem for problem in found if problem]


def _compare(neuron: str) -> str:
    """Return "" if a few steps of the worm give the same bits on the kernels and in NumPy."""
    import numpy as np

    from conncore.catalog.shipped import load
    from conncore.network.network import Network
    from conncore.reference import ReferencePopulation
    from conncore.tasks import make_task

    task = make_task("swimmer6")
    network = Network(load("celegans-haspel2011"), task, neuron=neuron)
    genomes = network.random_genomes(17)
    policy = network.policy(genomes)
    twin = ReferencePopulation(
        network.topology,
        neuron,
        network.values(genomes),
        network.neuron_constants(genomes),
        trace=network.trace,
        n_repeats=network.steps_per_action,
    )
    observations = np.random.default_rng(0).normal(size=(50, len(genomes), task.n_obs))
    for rows in observations:
        same = np.array_equal(policy.act(rows), twin.act(rows))
        if not same or not np.array_equal(policy.activity(), twin.activity()):
            return f"the {neuron} kernel differs from its NumPy twin; please report this output"
    return ""


def _compare_simulation() -> str:
    """Return "" if a simulation of the worm gives the same spikes on the kernel and in NumPy."""
    import numpy as np

    from conncore._brain import BrainMember
    from conncore.catalog.shipped import load
    from conncore.reference.brain import BrainMember as Twin
    from conncore.simulation.lif_exp import LifExp
    from conncore.simulation.wiring import wire

    worm = load("celegans-haspel2011")
    tables = LifExp(w_syn=20.0).tables(0.1)
    wiring = wire(worm, tables.delay, 0.1, None)
    n_cells, n_steps = worm.n_cells, 200
    cells = np.arange(0, n_cells, 3, dtype=np.int32)
    spikes = []
    for kind in (BrainMember, Twin):
        member = kind(wiring.synapses, wiring.splits, wiring.delays, tables)
        refractory = np.full(n_cells, tables.refractory, np.int32)
        member.prepare(np.zeros(n_cells, np.int32), refractory, np.zeros(n_cells))
        member.start(n_steps, cells, cells, np.full(cells.size, tables.kick))
        member.advance(n_steps)
        spikes.append(np.stack(member.spikes()))
    if np.array_equal(spikes[0], spikes[1]):
        return ""
    return "simulations differ from their NumPy twin; please report this output"


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
