"""The arms of a study: a connectome, its null models, and perceptrons of its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conncore.connectome import Connectome
from conncore.errors import UsageError, choose
from conncore.experiments.study import Arm, Stage
from conncore.network.network import Network
from conncore.nulls.models import NULLS, make_null
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
    nulls: Sequence[str],
    stages: tuple[Stage, ...],
    options: Mapping[str, Any],
) -> list[Arm]:
    """Return the circuit's arm and one per null model or baseline.

    Parameters
    ----------
    connectome : Connectome
    task : Task
    nulls : sequence of str
        Names in `conncore.nulls.models.NULLS` or `conncore.nulls.perceptrons.BASELINES`. A run from
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
    if len(set(nulls)) < len(nulls):
        raise UsageError(f"nulls are {', '.join(nulls)}; give each name once")
    if "weights" in nulls and options.get("initial_weights") != "counts":
        raise UsageError(
            "the null 'weights' shuffles the weights of the connectome, which networks ignore by "
            "default; add initial_weights='counts'",
            flag="--initial-weights counts",
        )
    arms = [circuit_arm(CIRCUIT, connectome, task, stages, **options)]
    for name in nulls:
        if choose("null", name, [*NULLS, *BASELINES]) in BASELINES:
            arms.append(mlp_arm(name, connectome, task, stages))
        else:
            arms.append(null_arm(name, connectome, task, stages, **options))
    return arms
