"""Options that several commands share, the names in their help, and what is built from them."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from conncore.connectome import Connectome
    from conncore.evolution.loop import Run
    from conncore.evolution.records import Best
    from conncore.tasks import Task

# Panels of the help of commands with many options.
CONNECTOME, NETWORK, TASK, OPTIMIZER = "Connectome", "Network", "Task", "Optimizer"

Name = Annotated[
    str,
    typer.Option(
        help="A name from `conncore connectome list`, or a connectome file.",
        rich_help_panel=CONNECTOME,
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Format of the file, if its name does not show it.",
        rich_help_panel=CONNECTOME,
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        help="key=value for the reader of the file. Repeat it for several.",
        rich_help_panel=CONNECTOME,
    ),
]
SplitMuscles = Annotated[
    bool,
    typer.Option(
        "--split-muscles",
        help="Split each merged left/right muscle (MDlrNN, MVlrNN) into two cells that both keep "
        "all its edges.",
        rich_help_panel=CONNECTOME,
    ),
]
Transmitters = Annotated[
    str | None,
    typer.Option(
        help="Set unknown signs by transmitter: worm, fly or a CSV file (transmitter,sign).",
        rich_help_panel=CONNECTOME,
    ),
]
UnknownSigns = Annotated[
    str,
    typer.Option(
        help="What to do with edges of unknown sign: refuse, excitatory, drop or random.",
        rich_help_panel=CONNECTOME,
    ),
]
ExcitatoryShare = Annotated[
    float | None,
    typer.Option(
        help="Share of excitatory cells, for --unknown-signs random.", rich_help_panel=CONNECTOME
    ),
]
TaskName = Annotated[
    str,
    typer.Option(
        help="Task: {tasks}, the XML file of a MuJoCo body, a Gymnasium id, or module:id to "
        "import the module that registers the id, also from the working directory.",
        rich_help_panel=TASK,
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        help="Directory with the four files of MNIST. Default: $CONNCORE_DATA, or a download.",
        rich_help_panel=TASK,
    ),
]
Neuron = Annotated[str, typer.Option(help="Neuron model: {neurons}.", rich_help_panel=NETWORK)]
IO = Annotated[
    str,
    typer.Option(
        help="Wiring of observations and actions to cells: anatomical, dense or direct.",
        rich_help_panel=NETWORK,
    ),
]
Inputs = Annotated[
    str | None,
    typer.Option(
        help="Input cells, for --io dense or direct: NAME,NAME, PROPERTY=WORD or match=REGEX.",
        rich_help_panel=NETWORK,
    ),
]
Outputs = Annotated[
    str | None,
    typer.Option(
        help="Output cells, for --io dense or direct; same forms as --inputs.",
        rich_help_panel=NETWORK,
    ),
]
ShownStart = Annotated[
    int | None,
    typer.Option(
        "--seed", help="Held-out start to show. Default: the first one that scored the run."
    ),
]
Trust = Annotated[
    bool,
    typer.Option("--trust", help="Let the run import the module that its task (module:id) names."),
]
Threads = Annotated[int | None, typer.Option(help="Number of threads. Default: all cores.")]


class Command(TyperCommand):
    """A command whose help may hold marks, such as {tasks}, for the names in a registry.

    The names are filled in when the help of this command is shown, because registries import
    NumPy, which would slow down `conncore --help`.
    """

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Fill in the names and write the help."""
        names = _registered()
        for parameter in self.params:
            text = getattr(parameter, "help", None) or ""
            for mark, found in names.items():
                text = text.replace(f"{{{mark}}}", found)
            parameter.help = text  # type: ignore[attr-defined]  # arguments and options have it
        super().format_help(ctx, formatter)


def _registered() -> dict[str, str]:
    """The names in each registry, and the defaults of the optimizers, as help shows them."""
    from conncore.bench import SUBJECTS
    from conncore.experiments.choices import CHOICES
    from conncore.neurons.models import NEURONS
    from conncore.nulls.models import NULLS
    from conncore.nulls.perceptrons import BASELINES
    from conncore.optimizers import OPTIMIZERS
    from conncore.tasks import TASKS

    names: dict[str, Iterable[str]] = {
        "neurons": NEURONS,
        "baselines": BASELINES,
        "nulls": NULLS,
        "optimizers": OPTIMIZERS,
        "tasks": TASKS,
    }
    marks = {mark: ", ".join(registry) for mark, registry in names.items()}
    for setting in ("population_size", "sigma", "sigma_decay", "n_scout"):
        marks[setting] = ", ".join(
            f"{name} {getattr(kind, setting)}"
            for name, kind in OPTIMIZERS.items()
            if hasattr(kind, setting)
        )
    settable = [key for key, row in CHOICES.items() if row.part != "reading"]
    return marks | {"subjects": ", ".join(SUBJECTS), "choices": ", ".join(settable)}


def most_seeds(until: str | None, at_most: int | None, seeds: int | None) -> int | None:
    """Return the most seeds of a sequential study, or None if the study has a fixed number."""
    from conncore.errors import UsageError, choose

    if until is None:
        if at_most is not None:
            raise UsageError("--at-most is for --until decided; add it, or give --seeds alone")
        return None
    choose("--until", until, ["decided"])
    if seeds is not None:
        raise UsageError("--seeds and --until exclude each other; give one of them")
    return 40 if at_most is None else at_most


def set_up(
    *,
    connectome: str,
    format: str | None,
    option: list[str] | None,
    split_muscles: bool,
    transmitters: str | None,
    unknown_signs: str,
    excitatory_share: float | None,
    seed: int,
    task: str,
    task_options: dict[str, Any],
    neuron: str,
    io: str,
    inputs: str | None,
    outputs: str | None,
) -> tuple[Connectome, Task, dict[str, Any]]:
    """Return the connectome with its signs, the task, and the options of `Network`.

    `seed` draws random signs. The task gets those of `task_options` that are not None.
    """
    from conncore.tasks import make_task

    circuit = open_signed(
        connectome,
        format=format,
        option=option,
        split_muscles=split_muscles,
        transmitters=transmitters,
        unknown_signs=unknown_signs,
        excitatory_share=excitatory_share,
        seed=seed,
    )
    given = {key: value for key, value in task_options.items() if value is not None}
    if ":" in task:
        find_local_modules()
    goal = make_task(task, **given)
    return circuit, goal, {"neuron": neuron, "io": io, **ends(circuit, inputs, outputs)}


def find_local_modules() -> None:
    """Let `module:id` import modules of the working directory, as `python -m` would.

    An installed module of the same name comes first.
    """
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())


def open_signed(
    name: str,
    *,
    format: str | None,
    option: list[str] | None,
    split_muscles: bool,
    transmitters: str | None,
    unknown_signs: str,
    excitatory_share: float | None,
    seed: int,
) -> Connectome:
    """Return a connectome by its name or file, with the signs of all edges."""
    from conncore.catalog.shipped import open_connectome
    from conncore.formats import open_sign_rule

    circuit = open_connectome(name, split_muscles, format, option or ())
    if transmitters is not None:
        rule_name, rule = open_sign_rule(transmitters)
        circuit = circuit.sign_by_transmitter(rule, name=rule_name)
    return circuit.settle_signs(unknown_signs, share=excitatory_share, seed=seed)


def ends(circuit: Connectome, inputs: str | None, outputs: str | None) -> dict[str, Any]:
    """Return the chosen input and output cells, as options of `Network`."""
    from conncore.connectome.select import choose_cells

    return {
        "inputs": None if inputs is None else choose_cells(circuit, inputs),
        "outputs": None if outputs is None else choose_cells(circuit, outputs),
    }


def summary(best: Best) -> str:
    """Return the held-out score of a solution in one line."""
    n_starts = len(best.scores)
    spread = f" +- {best.sd:.1f}" if n_starts > 1 else ""
    text = f"held-out score: {best.mean:.1f}{spread}"
    solution = {"archive": "best member", "center": "optimizer's own solution"}[best.chosen]
    details = f"{n_starts} start{'s' * (n_starts > 1)}, generation {best.generation}, {solution}"
    failed = f"; {best.n_failed} failed" if best.n_failed else ""
    return f"{text} ({details}{failed})"


def warn_of(run: Run) -> None:
    """Print what looks wrong in the solution's episode from its first held-out start."""
    from conncore.errors import visible
    from conncore.recording.findings import findings
    from conncore.recording.record import record

    if math.isfinite(run.best.scores[0]):  # else the score says that the start failed
        for line in findings(record(run)):
            print(visible(f"warning: {line}"), file=sys.stderr)


def finite(value: float) -> float | None:
    """Return the number, or None if JSON cannot hold it."""
    return value if math.isfinite(value) else None
