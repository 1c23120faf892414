"""Options of `conncore evolve` for the choices that a study may leave open, and what reads them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from conncore.cli.options import NETWORK, OPTIMIZER, TASK
from conncore.neurons.models import NEURONS

if TYPE_CHECKING:
    from conncore.optimizers import Optimizer

_network = partial(typer.Option, rich_help_panel=NETWORK)
_task = partial(typer.Option, rich_help_panel=TASK)
_optimizer = partial(typer.Option, rich_help_panel=OPTIMIZER)

_OF_HALVING = ("population_size", "n_scout", "sigma")

MaxSteps = Annotated[
    int | None,
    _task(
        help="Largest number of control steps of an episode. Default: 1000 for bodies, the "
        "environment's own limit."
    ),
]
FrameSkip = Annotated[
    int | None,
    _task(help="Simulation steps in one control step of a body. Default: the environment's."),
]
Observe = Annotated[
    str | None,
    _task(help="What a swimmer with 6 links observes: angles or angles+velocities. Default: both."),
]
RewardPoint = Annotated[
    str | None,
    _task(
        help="Point of swimmer6 whose velocity is the reward: root or center-of-mass. Default: "
        "root."
    ),
]
Episodes = Annotated[
    int,
    _task(help="Episodes of each member per generation; their mean is the fitness."),
]
CommonStarts = Annotated[
    bool,
    _task(
        "--common-starts/--own-starts",
        help="Whether all members of a generation start alike, or each from its own states.",
    ),
]
InitialWeights = Annotated[
    str,
    _network(help="sign (equal for all edges) or counts (scaled by the edge's weight)."),
]
LogWeights = Annotated[
    str | None,
    _network(
        help="Initial log weights of excitatory and inhibitory edges, such as 2,1. Default: those "
        "of the neuron model."
    ),
]
Constants = Annotated[
    list[str] | None,
    _network(
        "--constant",
        help="NAME=NUMBER: a constant of the neuron model, such as dt=0.5. Repeat it for several.",
    ),
]
Tune = Annotated[
    str | None,
    _network(
        help="Constants of the neuron model to evolve, one value for all cells: NAME,NAME or all."
    ),
]
Trace = Annotated[
    float | None,
    _network(
        help="Low-pass factor of the output cells, 0 for none. Default: 0.8 for cells that spike, "
        "else 0."
    ),
]
StepsPerAction = Annotated[
    int | None,
    _network(help="Steps of the cells per control step. Default: that of the neuron model."),
]
Bias = Annotated[
    str,
    _network(help="Biases of encoder and decoder: random, zero (start at 0) or none."),
]
BiasCells = Annotated[
    str,
    _network(help="Cells with a bias: inputs, or all for a bias of every cell."),
]
Decoder = Annotated[
    str,
    _network(
        help="Actions are the tanh of the decoder's sums, or with linear these sums, clipped."
    ),
]
Delay = Annotated[
    int,
    _network(help="Steps of the cells from a spike to its arrival at other cells."),
]
SigmaDecay = Annotated[
    float | None,
    _optimizer(help="Factor on step sizes per generation. Default: {sigma_decay}."),
]
SliceSigma = Annotated[
    list[str] | None,
    _optimizer(
        help="NAME=NUMBER: step size of one part of the genome, such as log_weights=0.02, for es "
        "and ga. Repeat it for several."
    ),
]
Scouts = Annotated[
    int | None,
    _optimizer(help="Random genomes of which the best are starts. Default: {n_scout}."),
]
Elites = Annotated[
    int | None,
    _optimizer(help="Members that ga keeps. Default: 8."),
]
LearningRate = Annotated[
    float | None,
    _optimizer(help="Learning rate of es. Default: 0.05 for adam, 0.1 for sgd."),
]
LearningRateDecay = Annotated[
    float | None,
    _optimizer(help="Factor on the learning rate per generation. Default: 0.999."),
]
SliceLearningRate = Annotated[
    list[str] | None,
    _optimizer(help="NAME=NUMBER: learning rate of one part of the genome, for es."),
]
Update = Annotated[
    str | None,
    _optimizer(help="Steps of es: adam, or sgd for the plain steps of the paper. Default: adam."),
]
Shaping = Annotated[
    str | None,
    _optimizer(help="What es makes of the fitness: ranks, z-ranks or z-scores. Default: ranks."),
]
OverSigma = Annotated[
    bool | None,
    _optimizer(help="Whether steps of es are divided by sigma. Default: yes."),
]
WeightDecay = Annotated[
    float | None,
    _optimizer(help="L2 penalty of es. Default: 0."),
]


PretrainOption = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME=VALUE: a setting of the ES that pretrains, such as update=sgd. Repeat it "
        "for several."
    ),
]


def optimizer_of(name: str, generations: int | None, **settings: Any) -> Optimizer[Any]:
    """Return the optimiser with the settings that are not None, for a number of generations."""
    from conncore.errors import choose
    from conncore.evolution.defaults import halving_of
    from conncore.optimizers import make_optimizer
    from conncore.optimizers.halving import inner_settings

    given = {key: value for key, value in settings.items() if value is not None}
    if name == "halving":  # the other settings are those of the optimiser of each start
        own = {key: given.pop(key) for key in _OF_HALVING if key in given}
        for key in given:
            choose("setting", key, inner_settings("es"), "of successive halving, used here")
        return halving_of(generations=generations, **own, settings=given)
    return make_optimizer(name, **given)


def network_settings(
    neuron: str,
    constants: list[str] | None,
    tune: str | None,
    log_weights: str | None,
    **others: Any,
) -> dict[str, Any]:
    """Return options of `Network` from texts of the command line, without those not given."""
    from conncore.errors import UsageError, choose

    settings = {
        "constants": numbers_by_name("--constant", constants),
        **others,
    }
    if tune is not None:
        model = NEURONS[choose("neuron", neuron, NEURONS)]
        settings["tune"] = [*model.constants] if tune == "all" else tune.split(",")
    if log_weights is not None:
        try:
            settings["log_weights"] = [float(number) for number in log_weights.split(",")]
        except ValueError:
            raise UsageError(
                f"--log-weights is {log_weights!r}; give two numbers, such as 2,1"
            ) from None
    return {name: value for name, value in settings.items() if value is not None}


def settings_by_name(option: str, given: list[str] | None) -> dict[str, str | int | float | bool]:
    """Return the values of texts NAME=VALUE by name: numbers, true, false or words."""
    from conncore.errors import UsageError

    settings: dict[str, str | int | float | bool] = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageError(f"{option} is {text!r}; give NAME=VALUE")
        settings[name.strip()] = _plain(value.strip())
    return settings


def _plain(text: str) -> str | int | float | bool:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def numbers_by_name(option: str, given: list[str] | None) -> dict[str, float] | None:
    """Return the numbers of texts NAME=NUMBER by name; None if the option was not given."""
    from conncore.errors import UsageError

    if given is None:
        return None
    numbers: dict[str, float] = {}
    for text in given:
        name, _, number = text.partition("=")
        try:
            numbers[name.strip()] = float(number)
        except ValueError:
            raise UsageError(f"{option} is {text!r}; give NAME=NUMBER") from None
    return numbers
