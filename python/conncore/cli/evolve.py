"""``conncore evolve``, ``resume`` and ``score``."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from conncore.evolution.loop import Run
    from conncore.evolution.records import Best

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The run directory.")]
Threads = Annotated[int | None, typer.Option(help="Threads; all cores if not given.")]


def evolve(
    connectome: Name = "celegans-haspel2011",
    format: Format = None,
    option: Options = None,
    split_muscles: SplitMuscles = False,
    transmitters: Transmitters = None,
    unknown_signs: UnknownSigns = "refuse",
    excitatory_share: ExcitatoryShare = None,
    neuron: Annotated[str, typer.Option(help="relu, lif, alif or izhikevich.")] = "alif",
    io: Annotated[
        str, typer.Option(help="anatomical, dense or direct input and output.")
    ] = "anatomical",
    inputs: Inputs = None,
    outputs: Outputs = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="shared (two log weights) or individual; shared for es, individual for ga."
        ),
    ] = None,
    task: Annotated[
        str, typer.Option(help="swimmer6, Swimmer-v5, dm-swimmer6, mnist or a Gymnasium id.")
    ] = "swimmer6",
    engine: Annotated[str | None, typer.Option(help="Simulator of a swimmer task.")] = None,
    data: Data = None,
    optimizer: Annotated[str, typer.Option(help="es, ga or cma.")] = "es",
    population: Annotated[
        int | None, typer.Option(help="Members of a generation; es 200, ga 750, cma 128.")
    ] = None,
    generations: Annotated[int, typer.Option(help="Generations to run.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed gives the same run.")] = 0,
    threads: Threads = None,
    sigma: Annotated[
        float | None, typer.Option(help="Size of the random steps; es 0.1, ga 0.01, cma 0.3.")
    ] = None,
    sigma_weights: Annotated[
        float | None, typer.Option(help="Size of the steps of log weights (ga).")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate (es); 0.05.")] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            help="A finished run directory, whose solution to start from; shared weights are "
            "expanded for individual ones."
        ),
    ] = None,
    pretrain: Annotated[
        int | None,
        typer.Option(help="First these many generations of ES on shared weights, in OUT-pretrain."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run directory to make; named after the settings in runs/ if not given."),
    ] = None,
) -> None:
    """Evolve a connectome's network on a task, in a run directory."""
    from conncore.errors import UsageError
    from conncore.evolution.evolve import evolve as begin
    from conncore.evolution.evolve import load_solution
    from conncore.evolution.run_directory import check_free
    from conncore.network.network import Network
    from conncore.optimizers import ES, make_optimizer
    from conncore.tasks import make_task

    settings: dict[str, Any] = {
        "population_size": population,
        "sigma": sigma,
        "learning_rate": learning_rate,
    }
    if pretrain is not None and start is not None:
        raise UsageError("--pretrain and --start both say where to start; give one of them")
    if sigma_weights is not None:
        if optimizer != "ga":
            raise UsageError("--sigma-weights is for --optimizer ga; es has one --sigma")
        settings["slice_sigma"] = {"log_weights": sigma_weights}
    method = make_optimizer(optimizer, **{k: v for k, v in settings.items() if v is not None})
    if out is None:
        stem = Path(connectome).name.removesuffix(".gz")
        parts = (stem.rsplit(".", 1)[0], neuron, io, task, optimizer, str(seed))
        out = Path("runs", re.sub(r"[^\w.-]", "-", "_".join(parts)))
    check_free(out)
    circuit = open_circuit(
        connectome,
        format,
        option,
        split_muscles,
        transmitters,
        unknown_signs,
        excitatory_share,
        seed,
    )
    options = {"engine": engine, "data": data}
    goal = make_task(task, **{k: v for k, v in options.items() if v is not None})
    if weights is None:
        weights = "individual" if optimizer == "ga" else "shared"
    chosen = ends(circuit, inputs, outputs)
    network = Network(circuit, goal, neuron=neuron, io=io, weights=weights, **chosen)
    solution = None if start is None else load_solution(start, network)
    if pretrain is not None:
        first = out.with_name(f"{out.name}-pretrain")
        check_free(first)
        shared = Network(circuit, goal, neuron=neuron, io=io, weights="shared", **chosen)
        print(f"{first}: {shared.layout.n_parameters} parameters", flush=True)
        _report(lambda: begin(shared, goal, ES(), pretrain, seed, first, threads))
        solution = load_solution(first, network)
    print(f"{out}: {network.layout.n_parameters} parameters", flush=True)
    _report(lambda: begin(network, goal, method, generations, seed, out, threads, start=solution))


def resume(
    directory: Directory,
    generations: Annotated[
        int | None, typer.Option(help="Generations in all, to go on beyond the run's own.")
    ] = None,
    threads: Threads = None,
) -> None:
    """Continue a run; the result is the same as without the interruption."""
    from conncore.evolution.evolve import resume as go_on

    _report(lambda: go_on(directory, generations=generations, n_threads=threads))


def score(
    directory: Directory,
    starts: Annotated[
        int | None, typer.Option(help="Number of held-out starts; the task's own if not given.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Draw other starts than the run's own.")] = None,
    threads: Threads = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score a run's solution from held-out starts, which it was never trained on."""
    from conncore.evolution.evolve import score as score_run

    best = score_run(directory, n_starts=starts, seed=seed, n_threads=threads)
    if not as_json:
        print(_summary(best))
        return
    print(
        json.dumps(
            {
                "run": str(directory),
                "generation": best.generation,
                "chosen": best.chosen,
                "mean": _finite(best.mean),
                "sd": _finite(best.sd),
                "n_failed": best.n_failed,
                "seeds": best.seeds.tolist(),
                "scores": [_finite(value) for value in best.scores.tolist()],
            }
        )
    )


@contextmanager
def stopping() -> Iterator[None]:
    """If a signal stops a run, say how to continue it and exit with the signal's status."""
    from conncore.evolution.stopping import RunStopped

    try:
        yield
    except RunStopped as stopped:
        print(stopped, file=sys.stderr)
        raise typer.Exit(stopped.exit_status) from None


def _report(work: Callable[[], Run]) -> None:
    """Do the work and say what came out."""
    with stopping():
        run = work()
    assert run.path is not None
    print(run.title)
    print(_summary(run.best))
    print(f"curve: {run.path / 'curve.png'}")


def _summary(best: Best) -> str:
    n_starts = len(best.scores)
    spread = f" +- {best.sd:.1f}" if n_starts > 1 else ""
    text = f"held-out score: {best.mean:.1f}{spread}"
    details = f"{n_starts} start{'s' * (n_starts > 1)}, generation {best.generation}, {best.chosen}"
    failed = f"; {best.n_failed} failed" if best.n_failed else ""
    return f"{text} ({details}{failed})"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
