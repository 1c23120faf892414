"""``conncore evolve``, ``resume`` and ``score``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from conncore.cli.choices import (
    Bias,
    BiasCells,
    CommonStarts,
    Constants,
    Decoder,
    Delay,
    Elites,
    Episodes,
    FrameSkip,
    InitialWeights,
    LearningRate,
    LearningRateDecay,
    LogWeights,
    MaxSteps,
    Observe,
    OverSigma,
    PretrainOption,
    RewardPoint,
    Scouts,
    Shaping,
    SigmaDecay,
    SliceLearningRate,
    SliceSigma,
    StepsPerAction,
    Trace,
    Tune,
    Update,
    WeightDecay,
    network_settings,
    numbers_by_name,
    optimizer_of,
    settings_by_name,
)
from conncore.cli.options import (
    IO,
    NETWORK,
    OPTIMIZER,
    TASK,
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
    Trust,
    UnknownSigns,
    find_local_modules,
    finite,
    set_up,
    summary,
    warn_of,
)
from conncore.errors import visible

if TYPE_CHECKING:
    from conncore.evolution.loop import Run
    from conncore.network.network import Network
    from conncore.optimizers import Optimizer
    from conncore.tasks import Task

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The run directory.")]


def evolve(
    connectome: Name = "celegans-haspel2011",
    format: Format = None,
    option: Options = None,
    split_muscles: SplitMuscles = False,
    transmitters: Transmitters = None,
    unknown_signs: UnknownSigns = "refuse",
    excitatory_share: ExcitatoryShare = None,
    neuron: Neuron = "alif",
    io: IO = "anatomical",
    inputs: Inputs = None,
    outputs: Outputs = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="shared (two log weights in all), individual (one log weight per edge) or "
            "free (one weight per edge, of either sign). Default: individual for ga, else shared.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    initial_weights: InitialWeights = "sign",
    log_weights: LogWeights = None,
    constants: Constants = None,
    tune: Tune = None,
    trace: Trace = None,
    steps_per_action: StepsPerAction = None,
    bias: Bias = "random",
    bias_cells: BiasCells = "inputs",
    decoder: Decoder = "tanh",
    delay: Delay = 1,
    task: TaskName = "swimmer6",
    engine: Annotated[
        str | None,
        typer.Option(
            help="Simulator of a task with a body: native or mujoco.", rich_help_panel=TASK
        ),
    ] = None,
    max_steps: MaxSteps = None,
    frame_skip: FrameSkip = None,
    observe: Observe = None,
    reward_point: RewardPoint = None,
    episodes: Episodes = 1,
    common_starts: CommonStarts = True,
    data: Data = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            help="Optimizer: {optimizers}. Default: halving if there are at most 1,000 parameters "
            "and the compiled core runs the task; otherwise, or with --start or --pretrain, es.",
            rich_help_panel=OPTIMIZER,
        ),
    ] = None,
    population: Annotated[
        int | None,
        typer.Option(
            help="Members per generation; of halving, per start. Default: {population_size}.",
            rich_help_panel=OPTIMIZER,
        ),
    ] = None,
    generations: Annotated[
        int | None,
        typer.Option(
            help="Number of generations. Default: 100; for halving 434. The budget of halving "
            "follows from it and from the population."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed. The same seed gives the same run.")] = 0,
    threads: Threads = None,
    sigma: Annotated[
        float | None,
        typer.Option(help="Mutation step size. Default: {sigma}.", rich_help_panel=OPTIMIZER),
    ] = None,
    sigma_decay: SigmaDecay = None,
    slice_sigma: SliceSigma = None,
    elites: Elites = None,
    scouts: Scouts = None,
    learning_rate: LearningRate = None,
    learning_rate_decay: LearningRateDecay = None,
    slice_learning_rate: SliceLearningRate = None,
    update: Update = None,
    shaping: Shaping = None,
    over_sigma: OverSigma = None,
    weight_decay: WeightDecay = None,
    start: Annotated[
        Path | None,
        typer.Option(
            help="Start from the solution of this finished run directory. If the new run has "
            "individual weights, shared weights are expanded."
        ),
    ] = None,
    pretrain: Annotated[
        int | None,
        typer.Option(
            help="Pretrain for this many ES generations on shared weights, in the run directory "
            "OUT-pretrain. The same command continues a pretraining that was stopped."
        ),
    ] = None,
    pretrain_option: PretrainOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run directory to create. Default: runs/ and a name from the settings."),
    ] = None,
) -> None:
    """Evolve a connectome's network on a task.

    Every generation is saved in a run directory. An interrupted run resumes where it stopped:
    conncore resume DIR.
    """
    from conncore.errors import UsageError
    from conncore.evolution.defaults import default_name
    from conncore.evolution.evolve import evolve as begin
    from conncore.evolution.evolve import training_settings
    from conncore.evolution.limits import check_generations, check_size
    from conncore.evolution.restore import load_solution
    from conncore.evolution.run_directory import check_free
    from conncore.network.network import Network
    from conncore.noise import check_seed
    from conncore.optimizers import make_optimizer
    from conncore.threads import resolve_threads

    training = training_settings(episodes, common_starts)
    for count in (generations, pretrain):
        if count is not None:
            check_generations(count)
    check_seed(seed)
    resolve_threads(threads)
    if pretrain is not None and start is not None:
        raise UsageError("--pretrain and --start exclude each other; give one of them")
    if pretrain_option and pretrain is None:
        raise UsageError("--pretrain-option is for --pretrain; give both")
    teacher = make_optimizer("es", **settings_by_name("--pretrain-option", pretrain_option))
    if optimizer is None and (start is not None or pretrain is not None):
        optimizer = "es"
    if out is not None:
        check_free(out)
    circuit, goal, network_options = set_up(
        connectome=connectome,
        format=format,
        option=option,
        split_muscles=split_muscles,
        transmitters=transmitters,
        unknown_signs=unknown_signs,
        excitatory_share=excitatory_share,
        seed=seed,
        task=task,
        task_options={
            "engine": engine,
            "max_steps": max_steps,
            "frame_skip": frame_skip,
            "observe": observe,
            "reward_point": reward_point,
            "data": data,
        },
        neuron=neuron,
        io=io,
        inputs=inputs,
        outputs=outputs,
    )
    network_options |= network_settings(
        neuron,
        constants,
        tune,
        log_weights,
        initial_weights=initial_weights,
        trace=trace,
        steps_per_action=steps_per_action,
        bias=bias,
        bias_cells=bias_cells,
        decoder=decoder,
        delay=delay,
    )
    if weights is None:
        weights = "individual" if optimizer == "ga" else "shared"
    network = Network(circuit, goal, weights=weights, **network_options)
    method = optimizer_of(
        optimizer or default_name(network, goal),
        generations,
        population_size=population,
        n_scout=scouts,
        sigma=sigma,
        sigma_decay=sigma_decay,
        slice_sigma=numbers_by_name("--slice-sigma", slice_sigma),
        n_elites=elites,
        learning_rate=learning_rate,
        learning_rate_decay=learning_rate_decay,
        slice_learning_rate=numbers_by_name("--slice-learning-rate", slice_learning_rate),
        update=update,
        shaping=shaping,
        over_sigma=over_sigma,
        weight_decay=weight_decay,
    )
    if out is None:
        stem = re.sub(r"\.(gz|bz2|xz)$", "", Path(connectome).name)
        parts = (stem.rsplit(".", 1)[0], neuron, io, task, method.name, str(seed))
        out = Path("runs", re.sub(r"[^\w.-]", "-", "_".join(parts)))
        check_free(out)
    check_size(network, method)
    solution = None if start is None else load_solution(start, network)
    if pretrain is not None:
        first = out.with_name(f"{out.name}-pretrain")
        shared = Network(circuit, goal, weights="shared", **network_options)
        print(visible(f"{first}: {shared.layout.n_parameters} parameters"), flush=True)
        _report(lambda: _pretrain(shared, goal, teacher, pretrain, seed, first, threads, training))
        solution = load_solution(first, network)
    print(visible(f"{out}: {network.layout.n_parameters} parameters"), flush=True)
    _report(
        lambda: begin(
            network, goal, method, generations, seed, out, threads, start=solution, **training
        )
    )


def _pretrain(
    network: Network,
    task: Task,
    optimizer: Optimizer[Any],
    generations: int,
    seed: int,
    out: Path,
    n_threads: int | None,
    training: dict[str, Any],
) -> Run:
    """Run an ES on shared weights, or what is left of it if the command was stopped there."""
    from conncore.evolution.stopping import RunStopped
    from conncore.evolution.takeover import evolve_or_resume

    try:
        return evolve_or_resume(
            network, task, optimizer, generations, seed, out, n_threads, **training
        )
    except RunStopped as stopped:
        raise RunStopped(
            "stopped in pretraining; run the same command again to continue", stopped.exit_status
        ) from None


def resume(
    directory: Directory,
    generations: Annotated[
        int | None,
        typer.Option(help="New total number of generations. Default: the number at the start."),
    ] = None,
    threads: Threads = None,
    trust: Trust = False,
) -> None:
    """Resume an interrupted run, or extend a finished one.

    The result is the same, to the bit, as without the interruption.
    """
    from conncore.evolution.evolve import resume as continue_run

    if trust:
        find_local_modules()
    _report(lambda: continue_run(directory, generations, threads, trust=trust))


def score(
    directory: Directory,
    starts: Annotated[
        int | None, typer.Option(help="Number of held-out starts. Default: the task's number.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Draw the starts from this seed. Default: the run's seed.")
    ] = None,
    threads: Threads = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    trust: Trust = False,
) -> None:
    """Score a run's solution from held-out starts, which training never uses."""
    from conncore.evolution.evolve import score as score_run

    if trust:
        find_local_modules()
    best = score_run(directory, starts, seed, threads, trust=trust)
    if not as_json:
        print(summary(best))
        return
    print(
        json.dumps(
            {
                "run": str(directory),
                "generation": best.generation,
                "chosen": best.chosen,
                "mean": finite(best.mean),
                "sd": finite(best.sd),
                "n_failed": best.n_failed,
                "seeds": best.seeds.tolist(),
                "scores": [finite(value) for value in best.scores.tolist()],
            }
        )
    )


@contextmanager
def stopping() -> Iterator[None]:
    """If a signal stops a run, print how to resume it and exit with the signal's status."""
    from conncore.evolution.stopping import RunStopped

    try:
        yield
    except RunStopped as stopped:
        print(visible(str(stopped)), file=sys.stderr)
        raise typer.Exit(stopped.exit_status) from None


def _report(work: Callable[[], Run]) -> None:
    """Run the work and print its result."""
    with stopping():
        run = work()
    assert run.path is not None
    print(visible(run.title))
    print(summary(run.best))
    warn_of(run)
    print(visible(f"curve: {run.path / 'curve.png'}"))
