"""Does this wiring help on this task? One call from a connectome to table, figure and JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conncore.errors import need_count
from conncore.experiments.arms import make_arms
from conncore.experiments.comparison_report import print_rows, write_report
from conncore.experiments.comparison_rows import Row, compare_rows
from conncore.experiments.results import as_text, write_text
from conncore.experiments.statistics import MOST_EXACT
from conncore.experiments.study import Outcome, Stage, describe, restore_study, run_study
from conncore.optimizers import ES, Optimizer

if TYPE_CHECKING:
    from rich.console import Console

    from conncore.connectome import Connectome
    from conncore.tasks import Task

POPULATION = 200


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` found. Printed, it is the table.

    Attributes
    ----------
    title : str
    rows : list of Row
        The circuit's, then one per null model.
    outcomes : mapping of str to list of Outcome
        Scores and learning curves by arm, one per seed.
    path : Path
        Directory with compare.txt, compare.json, compare.png and all runs.
    """

    title: str
    rows: list[Row]
    outcomes: Mapping[str, list[Outcome]]
    path: Path

    def __str__(self) -> str:
        return as_text(self.print_on)

    def print_on(self, console: Console) -> None:
        """Print the table, as wide as the console."""
        print_rows(self.title, self.rows, console)


def compare(
    connectome: Connectome,
    task: Task,
    nulls: Sequence[str] = ("degree", "segment", "random"),
    seeds: int = 10,
    *,
    out: str | os.PathLike[str],
    optimizer: Optimizer[Any] | None = None,
    generations: int = 150,
    n_threads: int | None = None,
    **options: Any,
) -> Comparison:
    """Evolve a connectome and its null models from the same seeds with the same budget.

    Parameters
    ----------
    connectome : Connectome
    task : Task
    nulls : sequence of str
        Names in `conncore.nulls.models.NULLS`, or of perceptrons: "mlp", "sparse-mlp". A run from
        seed s has the null model of seed s.
    seeds : int
        Runs of each arm, from seeds 0, 1, ..., at most 20. The exact p is at least 2 / 2**seeds.
    out : path
        Directory of the study. The same call goes on where it stopped, and adds seeds and null
        models to those that are there.
    optimizer : Optimizer, optional
        `ES` of 200 members, from the best of 1,600 random genomes, if None.
    generations : int
        Of each run.
    n_threads : int, optional
        All cores if None; results do not depend on it.
    **options
        Of `Network`, the same for all arms but the perceptrons: `neuron`, `io`, `weights`, ...

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        For an option out of range, an unknown null model, or one that the options make no
        different from the circuit, or an `out` with something else in it.
    RunStopped
        Ctrl-C or SIGTERM; what is finished stays.

    Examples
    --------
    >>> found = cc.compare(
    ...     worm, task, ["degree", "random"], out="runs/worm-nulls", neuron="relu"
    ... )  # doctest: +SKIP
    >>> print(found)  # doctest: +SKIP
    """
    need_count("seeds", seeds, 1, MOST_EXACT)  # said now, not when all runs are done
    if optimizer is None:
        optimizer = ES(population_size=POPULATION, n_scout=8 * POPULATION)
    arms = make_arms(connectome, task, nulls, (Stage("evolve", optimizer, generations),), options)
    out = Path(out)
    restore_study(out / "compare.json", out)
    outcomes = run_study(arms, task, range(seeds), out, n_threads)
    settings = describe(arms, task)
    network = settings["arms"][arms[0].name]["network"]
    title = (
        f"{connectome.name} and its nulls on {task.name} ({network['neuron']}, {network['io']}): "
        f"{optimizer.name.upper()}, {generations} generations of {optimizer.population_size}, "
        f"{seeds} paired seeds"
    )
    found = Comparison(title, compare_rows(outcomes), outcomes, out)
    write_text(out / "compare.txt", str(found))
    write_report(out, title, found.rows, outcomes, settings)
    return found
