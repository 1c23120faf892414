"""The arms of a study: a connectome, its null models, and perceptrons of its size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from conncore.connectome import Connectome
from conncore.errors import UsageError, choose
from conncore.experiments.study import Arm, Stage
from conncore.network.network import Network
from conncore.nulls.models import NULLS, Null, make_null
from conncore.nulls.perceptrons import BASELINES, mlp_ends
from conncore.tasks import Task

CIRCUIT = "circuit"


def circuit_arm(
    name: str, connectome: Connectome, task: Task, stages: tuple[Stage, ...], **options: Any
) -> Arm:
    """Return the arm of the connectome itself; `options` are those of `Network`."""
    return Arm(
        name,
        lambda seed: Network(connectome, task, **options),
        stages,
        lambda other: circuit_arm(name, other, task, stages, **options),
    )


def null_arm(
    name: str, connectome: Connectome, task: Task, stages: tuple[Stage, ...], **options: Any
) -> Arm:
    """Return the arm of a null model; each seed draws another null model."""

    def build(seed: int) -> Network:
        return Network(make_null(name, connectome, seed), task, **options)

    return Arm(name, build, stages, lambda other: null_arm(name, other, task, stages, **options))


def own_arm(
    given: Connectome | Null,
    connectome: Connectome,
    task: Task,
    stages: tuple[Stage, ...],
    **options: Any,
) -> Arm:
    """Return the arm of another connectome, or of a function of the connectome and a seed."""
    if isinstance(given, Connectome):
        return circuit_arm(name_of(given), given, task, stages, **options)

    def build(seed: int) -> Network:
        found = given(connectome, seed)
        if not isinstance(found, Connectome):
            raise UsageError(
                f"null {name_of(given)} returned a {type(found).__name__}; return a Connectome"
            )
        return Network(found, task, **options)

    return Arm(
        name_of(given), build, stages, lambda other: own_arm(given, other, task, stages, **options)
    )


def name_of(null: str | Connectome | Null) -> str:
    """Return the name of an arm, which is also the name of its folder."""
    if isinstance(null, str):
        return null
    name = null.name if isinstance(null, Connectome) else getattr(null, "__name__", "")
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or type(null).__name__


def mlp_arm(name: str, connectome: Connectome, task: Task, stages: tuple[Stage, ...]) -> Arm:
    """Return the arm of a perceptron: two hidden layers of relu cells, feed-forward.

    `name` is one of `conncore.nulls.perceptrons.BASELINES`. Weights are free if the baseline has
    no signs.
    """

    def build(seed: int) -> Network:
        layers = BASELINES[name](connectome, seed)
        inputs, outputs = mlp_ends(layers)
        return Network(
            layers,
            task,
            neuron="relu",
            io="dense",
            weights="free" if layers.n_unknown else "shared",
            steps_per_action=2,  # one per layer
            inputs=inputs,
            outputs=outputs,
        )

    return Arm(name, build, stages, lambda other: mlp_arm(name, other, task, stages))


def make_arms(
    connectome: Connectome,
    task: Task,
    nulls: Sequence[str | Connectome | Null],
    stages: tuple[Stage, ...],
    options: Mapping[str, Any],
) -> list[Arm]:
    """Return the circuit's arm and one per null model or baseline.

    Parameters
    ----------
    connectome : Connectome
    task : Task
    nulls : sequence of str, Connectome or function
        Names in `conncore.nulls.models.NULLS` or `conncore.nulls.perceptrons.BASELINES`; other
        connectomes; or functions of a connectome and a seed that return a connectome. A run from
        seed s uses the null model of seed s.
    stages : tuple of Stage
    options : mapping
        Options of `Network`. Perceptrons have their own neurons and dense input/output.

    Raises
    ------
    UsageError
        A name is unknown or given twice, or the options make a null model equal to the circuit.
    """
    if not nulls:
        raise UsageError("nulls are missing; give at least one name")
    names = [name_of(null) for null in nulls]
    if len({CIRCUIT, *names}) <= len(names):
        raise UsageError(
            f"nulls are {', '.join(names)}; give each name once, and none is {CIRCUIT!r}"
        )
    if "weights" in nulls and options.get("initial_weights") != "counts":
        raise UsageError(
            "the null 'weights' shuffles the weights of the connectome, which networks ignore by "
            "default; add initial_weights='counts'",
            flag="--initial-weights counts",
        )
    arms = [circuit_arm(CIRCUIT, connectome, task, stages, **options)]
    for null in nulls:
        if not isinstance(null, str):
            arms.append(own_arm(null, connectome, task, stages, **options))
        elif choose("null", null, [*NULLS, *BASELINES]) in BASELINES:
            arms.append(mlp_arm(null, connectome, task, stages))
        else:
            arms.append(null_arm(null, connectome, task, stages, **options))
    return arms
