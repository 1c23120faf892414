"""Experiments beyond the paper: what the default optimiser reaches, and how little seeds differ."""

from __future__ import annotations

from collections.abc import Mapping

from conncore.experiments.arms import circuit_arm
from conncore.experiments.claims import reaches
from conncore.experiments.study import Arm, Stage
from conncore.paper.experiments import Budget, Experiment, worm
from conncore.tasks import Task, make_task


def _arms(task: Task, budget: Budget, neuron: str) -> list[Arm]:
    """Return the circuit with successive halving on shared weights."""
    stages = (Stage("evolve", budget.halving, budget.halving.n_generations),)
    return [circuit_arm(neuron, worm(), task, stages, neuron=neuron, io="anatomical")]


def _halving(neuron: str, score: float, task: str = "swimmer6") -> Experiment:
    """Return the experiment that runs one neuron model, so that each can have its own seeds."""
    return Experiment(
        f"halving-{task}-{neuron}",
        f"Successive halving: the circuit as {neuron} cells on {task}, anatomical input/output",
        lambda options: make_task(task),
        lambda task, budget: _arms(task, budget, neuron),
        claims=(reaches(neuron, score),),
    )


BEYOND: Mapping[str, tuple[Experiment, ...]] = {
    "halving": (
        _halving("relu", 490),
        _halving("alif", 430),
        _halving("izhikevich", 440),
        _halving("relu", 350, "Swimmer-v5"),
        _halving("relu", 950, "dm-swimmer6"),
    ),
}
