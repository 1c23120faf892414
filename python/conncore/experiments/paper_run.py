"""Run the paper's experiments, those that are not finished yet, and report them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from conncore.errors import UsageError
from conncore.experiments.claims import Verdict
from conncore.experiments.paper import Budget, Experiment
from conncore.experiments.paper_report import print_experiment, print_verdicts, write_experiment
from conncore.experiments.results import show
from conncore.experiments.study import describe, restore_study, run_study


def reproduce(
    experiments: Sequence[Experiment],
    budget: Budget,
    out: Path,
    console: Console,
    task_options: Mapping[str, Any],
    n_threads: int | None = None,
) -> bool:
    """Run and report each experiment; return whether all of them could be run.

    An experiment whose task cannot be made (MNIST is not there) is left out with the reason, and
    its claims are "not tested"; the others are run all the same.

    Parameters
    ----------
    experiments : sequence of Experiment
    budget : Budget
    out : Path
        Gets a study's folder per experiment, and its table and figure. The same call goes on
        where an earlier one stopped.
    console : rich.console.Console
        Gets the tables.
    task_options : mapping
        For tasks that need files: ``{"data": ...}``.
    n_threads : int, optional
        All cores if None.

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
            console.print(f"{experiment.name} is left out: {error}", soft_wrap=True)
            summary.append((experiment, [claim.judge({}) for claim in experiment.claims]))
            continue
        arms = experiment.arms(task, budget)
        console.print(f"{experiment.name}: {len(arms)} arms, {budget.seeds} seeds")
        folder = out / experiment.name
        restore_study(out / f"{experiment.name}.json", folder)
        outcomes = run_study(arms, task, range(budget.seeds), folder, n_threads)
        verdicts = [claim.judge(outcomes) for claim in experiment.claims]
        show(
            partial(print_experiment, experiment, outcomes, verdicts),
            console,
            out / f"{experiment.name}.txt",
        )
        figure = write_experiment(out, experiment, outcomes, verdicts, describe(arms, task))
        console.print(f"figure: {figure}\n", soft_wrap=True)
        summary.append((experiment, verdicts))
    for experiment, verdicts in summary:
        if not verdicts:
            continue
        console.print(experiment.title)
        print_verdicts(verdicts, console)
    return complete
