"""Run the paper's experiments and report them: `reproduce`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from conncore.errors import UsageError
from conncore.experiments.claims import Verdict, judge
from conncore.experiments.results import show
from conncore.experiments.study import describe, restore_study, run_study
from conncore.paper.experiments import Budget, Experiment
from conncore.paper.report import print_experiment, print_verdicts, write_experiment


def reproduce(
    experiments: Sequence[Experiment],
    budget: Budget,
    out: Path,
    console: Console,
    task_options: Mapping[str, Any],
    n_threads: int | None = None,
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

    Raises
    ------
    UsageError, ConncoreError, RunStopped
        As in `run_study`.
    """
    summary: list[tuple[Experiment, list[Verdict]]] = []
    complete = True
    for experiment in experiments:
        try:
            task = experiment.task(task_options)
        except UsageError as error:
            complete = False
            console.print(f"{experiment.name} is skipped: {error}", soft_wrap=True)
            summary.append((experiment, judge(experiment.claims, {})))
            continue
        arms = experiment.arms(task, budget)
        console.print(f"{experiment.name}: {len(arms)} arms, {budget.seeds} seeds")
        folder = out / experiment.name
        restore_study(out / f"{experiment.name}.json", folder)
        outcomes = run_study(arms, task, range(budget.seeds), folder, n_threads)
        verdicts = judge(experiment.claims, outcomes)
        show(
            partial(print_experiment, experiment, outcomes, verdicts),
            console,
            out / f"{experiment.name}.txt",
        )
        figure = write_experiment(out, experiment, outcomes, verdicts, describe(arms, task))
        console.print(f"figure: {figure}", soft_wrap=True)
        console.print()
        summary.append((experiment, verdicts))
    for experiment, verdicts in summary:
        if not verdicts:
            continue
        console.print(experiment.title)
        print_verdicts(verdicts, console)
    return complete
