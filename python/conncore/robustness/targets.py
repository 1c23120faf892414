"""The studies of `conncore multiverse`: figures of the paper, and comparisons with null models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conncore.catalog.shipped import load
from conncore.errors import UsageError, choose
from conncore.experiments.arms import CIRCUIT, make_arms
from conncore.experiments.choices import CHOICES
from conncore.experiments.claims import Claim, above
from conncore.experiments.settings import apply_settings
from conncore.experiments.study import Arm, Stage
from conncore.optimizers import ES
from conncore.paper.experiments import EXPERIMENTS, Budget
from conncore.robustness.cells import READ_AT, Build, Choices
from conncore.tasks import make_task

if TYPE_CHECKING:
    from conncore.tasks import Task

COMPARE = "compare"
#: The experiment that stands for a figure: the one whose choices lead to all its variants.
FIGURES = {"fig3": "fig3-dense", "fig4": "fig4-pretrained"}
_EVERY = {e.name: e for group in EXPERIMENTS.values() for e in group}
NAMES = (*FIGURES, COMPARE, *(name for name in _EVERY if name not in FIGURES.values()))


@dataclass(frozen=True, eq=False)
class Target:
    """A study whose choices can be varied, and its claims.

    Attributes
    ----------
    title : str
    build : callable
        Takes choices of `CHOICES` by keyword and returns the task and the arms.
    claims : tuple of Claim
    """

    title: str
    build: Build
    claims: tuple[Claim, ...]


def paper_target(name: str, budget: Budget, task_options: Mapping[str, Any]) -> Target:
    """Return an experiment of the paper.

    Parameters
    ----------
    name : str
        "fig3", "fig4" or the name of an experiment.
    budget : Budget
    task_options : mapping
        Options of tasks that need files: ``{"data": ...}``.

    Raises
    ------
    UsageError
        There is no such experiment, it has no claims, or its task cannot be made.
    """
    experiment = _EVERY[choose("figure", FIGURES.get(name, name), _EVERY)]
    if not experiment.claims:
        raise UsageError(f"{name} has no claims; choose another experiment")
    task = experiment.task(task_options)
    arms = experiment.arms(task, budget)
    return Target(f"multiverse of {name}", _builder(task, arms), experiment.claims)


def compare_target(nulls: Sequence[str], population: int, generations: int) -> Target:
    """Return the comparison of the worm's circuit with its null models, by an ES.

    Parameters
    ----------
    nulls : sequence of str
        As in `conncore.compare`.
    population, generations : int
        Members and generations of the ES in all cells that do not choose other ones.
    """
    task, circuit = make_task(), load("celegans-haspel2011")
    stage = Stage("evolve", ES(population_size=population, n_scout=8 * population), generations)
    arms = make_arms(circuit, task, nulls, (stage,), {})
    claims = tuple(
        above(f"the circuit scores above {name}", CIRCUIT, name, lambda run: run.score)
        for name in nulls
    )
    return Target(f"multiverse of {COMPARE}", _builder(task, arms), claims)


def check_reading(name: str, choices: Choices) -> None:
    """Refuse `read_at` where claims are about held-out scores, which the last generation alone has.

    Raises
    ------
    UsageError
        The grid has `read_at`, and the study is a comparison.
    """
    grids = [choices] if isinstance(choices, Mapping) else choices
    if name == COMPARE and any(READ_AT in grid for grid in grids):
        raise UsageError(
            f"{READ_AT} is for learning curves, but the claims of {COMPARE} are about held-out "
            "scores; choose generations instead"
        )


def _builder(task: Task, arms: Sequence[Arm]) -> Build:
    def build(**settings: Any) -> tuple[Task, list[Arm]]:
        in_order = {key: settings[key] for key in CHOICES if key in settings}
        study = apply_settings(task, arms, in_order)
        return study.task, study.arms

    return build
