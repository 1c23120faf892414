"""Arms: a circuit, a null model of it, a perceptron of its size."""

from __future__ import annotations

from typing import Any

from conncore.connectome import Connectome
from conncore.experiments.study import Arm, Stage
from conncore.network.network import Network
from conncore.nulls.models import make_null
from conncore.nulls.perceptrons import BASELINES, mlp_ends
from conncore.tasks import Task


def circuit_arm(
    name: str, connectome: Connectome, task: Task, stages: tuple[Stage, ...], **options: Any
) -> Arm:
    """The connectome itself; `options` are `Network`'s."""
    return Arm(name, lambda seed: Network(connectome, task, **options), stages)


def null_arm(
    name: str, connectome: Connectome, task: Task, stages: tuple[Stage, ...], **options: Any
) -> Arm:
    """A null model of the connectome, another one for every seed."""

    def build(seed: int) -> Network:
        return Network(make_null(name, connectome, seed), task, **options)

    return Arm(name, build, stages)


def mlp_arm(name: str, connectome: Connectome, task: Task, stages: tuple[Stage, ...]) -> Arm:
    """A baseline of `conncore.nulls.perceptrons`: two hidden layers of relu cells, feed-forward.

    Its weights are free where the baseline has no signs.
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

    return Arm(name, build, stages)
