"""Run the paper's experiments and report them: `reproduce`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from conncore.errors import UsageError
from conncore.experiments.choices import settings_text
from conncore.experiments.claims import Verdict, judge
from conncore.experiments.results import show
from conncore.experiments.sequential import plan_looks
from conncore.experiments.settings import Study, apply_settings
from conncore.experiments.study import describe, restore_study, run_study
from conncore.paper.experiments import Budget, Experiment
from conncore.paper.report import print_experiment, print_verdicts, write_experiment

if TYPE_CHECKING:
    from conncore.tasks import Task

_LONGEST = 100  # letters of the settings in names of files


def reproduce(
    experiments: Sequence[Experiment],
    budget: Budget,
    out: Path,
    console: Console,
    task_options: Mapping[str, Any],
    n_threads: int | None = None,
    settings: Mapping[str, Any] | None = None,
    at_most: int | None = None,
) -> bool:
    """Run and report each experiment; return whether all of them could be run.

    If the task of an experiment cannot be made, for example without the files of MNIST, the
    experiment is skipped: the reason is printed, and its claims are "not tested".

    Parameters
    ----------
    experiments : sequence of Experiment
    budget : Budget
    out : Path
        Directory for the results: the study, the table, the JSON and the figure of each
        experiment. The same call resumes an earlier one.
    console : rich.console.Console
        Where the tables are printed.
    task_options : mapping
        Options of tasks that need files: ``{"data": ...}``.
    n_threads : int, optional
        Default: all cores.
    settings : mapping of str to value, optional
        Choices by key of `conncore.experiments.choices.CHOICES`, for all experiments. The names of
        the results then contain them.
    at_most : int, optional
        Add seeds to each experiment until its claims are decided, at most so many, as `compare`
        does. The number of seeds in `budget` is then not used.

    Raises
    ------
    UsageError
        A setting does not apply to an experiment: no run begins.
    UsageError, ConncoreError, RunStopped
        As in `run_study`.
    """
    looks = None if at_most is None else plan_looks(at_most)
    summary: list[tuple[Experiment, list[Verdict]]] = []
    complete = True
    plan: list[tuple[Experiment, Study | str]] = []
    for experiment in experiments:
        named = with_settings(experiment, settings or {})
        try:
            task = experiment.task(task_options)
        except UsageError as error:
            plan.append((named, str(error)))
            continue
        plan.append((named, _study(experiment, task, budget, settings or {})))
    for experiment, study in plan:
        if isinstance(study, str):
            complete = False
            console.print(f"{experiment.name} is skipped: {study}", soft_wrap=True)
            summary.append((experiment, judge(experiment.claims, {})))
            continue
        task, arms = study.task, study.arms
        most = f"{budget.seeds} seeds" if looks is None else f"at most {at_most} seeds"
        console.print(f"{experiment.name}: {len(arms)} arms, {most}")
        for key, names in study.exempt.items():
            console.print(f"{key} does not apply to {', '.join(names)}", soft_wrap=True)
        folder = out / experiment.name
        restore_study(out / f"{experiment.name}.json", folder)
        for n_seeds in (budget.seeds,) if looks is None else looks.at:
            outcomes = run_study(arms, task, range(n_seeds), folder, n_threads)
            verdicts = judge(experiment.claims, outcomes, looks)
            if all(verdict.verdict in ("holds", "refuted") for verdict in verdicts):
                break
        show(
            partial(print_experiment, experiment, outcomes, verdicts, looks),
            console,
            out / f"{experiment.name}.txt",
        )
        figure = write_experiment(
            out, experiment, outcomes, verdicts, describe(arms, task), study.settings, looks
        )
        console.print(f"figure: {figure}", soft_wrap=True)
        console.print()
        summary.append((experiment, verdicts))
    for experiment, verdicts in summary:
        if not verdicts:
            continue
        console.print(experiment.title)
        print_verdicts(verdicts, console)
    return complete


def with_settings(experiment: Experiment, settings: Mapping[str, Any]) -> Experiment:
    """Return the experiment with the settings in its name and title; the runs are not changed."""
    if not settings:
        return experiment
    text = settings_text(settings)
    slug = re.sub(r"[^\w.,=+-]", "", text.replace(", ", "_"))
    if len(slug) > _LONGEST:
        slug = f"{len(settings)}-settings-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return replace(
        experiment, name=f"{experiment.name}_{slug}", title=f"{experiment.title}; {text}"
    )


def _study(
    experiment: Experiment, task: Task, budget: Budget, settings: Mapping[str, Any]
) -> Study:
    """Return the study of an experiment with these settings, or say which one does not apply."""
    if experiment.variant in settings:
        raise UsageError(
            f"{experiment.name}: the name of the experiment fixes {experiment.variant}; "
            f"run the experiment that has the {experiment.variant} that you want"
        )
    try:
        return apply_settings(task, experiment.arms(task, budget), settings)
    except UsageError as error:
        raise UsageError(f"{experiment.name}: {error}") from None
