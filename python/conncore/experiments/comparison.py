"""Test whether a connectome's wiring helps on a task, in one call: `compare`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conncore.errors import need_count, need_positive
from conncore.evolution.defaults import default_name, halving_of
from conncore.evolution.limits import check_size
from conncore.experiments.arms import make_arms
from conncore.experiments.comparison_report import print_rows, read_report, rows_html, write_report
from conncore.experiments.comparison_rows import Row, compare_rows
from conncore.experiments.readiness import print_readiness, readiness
from conncore.experiments.results import as_text, write_text
from conncore.experiments.sequential import Looks, plan_looks
from conncore.experiments.study import Outcome, Stage, describe, restore_study, run_study
from conncore.network.network import Network
from conncore.optimizers import ES, Optimizer, SuccessiveHalving

if TYPE_CHECKING:
    from rich.console import Console

    from conncore.connectome import Connectome
    from conncore.nulls.models import Null
    from conncore.tasks import Task

POPULATION = 200
GENERATIONS = 150


@dataclass(frozen=True, eq=False)
class Comparison:
    """The result of `compare`. If you print it, it prints its table.

    Attributes
    ----------
    title : str
    rows : list of Row
        The circuit's row, then one row per null model.
    outcomes : mapping of str to list of Outcome
        Scores and learning curves by arm, one outcome per seed.
    path : Path
        The directory with compare.txt, compare.json, compare.png and all runs.
    looks : Looks or None
        The looks of a sequential comparison (`at_most`).
    threshold : float or None
        The fitness of the table "How readily does it learn?"; see `readiness`.

    Examples
    --------
    >>> worm, task = cc.load("celegans-haspel2011"), cc.make_task("swimmer6")
    >>> short = cc.ES(population_size=8, n_scout=8)
    >>> found = cc.compare(
    ...     worm, task, ["degree"], seeds=2, out="runs/nulls", optimizer=short, generations=1
    ... )
    >>> [(row.arm, round(row.mean, 1)) for row in found.rows]
    [('circuit', 23.3), ('degree', 5.3)]
    """

    title: str
    rows: list[Row]
    outcomes: Mapping[str, list[Outcome]]
    path: Path
    looks: Looks | None = None
    threshold: float | None = None

    def __str__(self) -> str:
        return as_text(self.print_on)

    def __repr__(self) -> str:
        return f"<Comparison: {self.title}>"

    def _repr_html_(self) -> str:
        """Return the table that notebooks show."""
        return rows_html(self.title, self.rows)

    def print_on(self, console: Console) -> None:
        """Print the table, as wide as the console."""
        print_rows(self.title, self.rows, console, self.looks)
        print_readiness(readiness(self.outcomes, self.threshold), console)


def compare(
    connectome: Connectome,
    task: Task,
    nulls: Sequence[str | Connectome | Null] = ("degree", "segment", "random"),
    seeds: int = 10,
    *,
    out: str | os.PathLike[str],
    optimizer: Optimizer[Any] | None = None,
    generations: int | None = None,
    n_threads: int | None = None,
    margin: float | None = None,
    threshold: float | None = None,
    at_most: int | None = None,
    **options: Any,
) -> Comparison:
    """Compare a connectome with its null models: same budget, paired seeds.

    Parameters
    ----------
    connectome : Connectome
    task : Task
    nulls : sequence of str, Connectome or function
        Names in `conncore.nulls.models.NULLS`, or the perceptrons "mlp" and "sparse-mlp". A run
        from seed s uses the null model of seed s. Also other connectomes, and functions of a
        connectome and a seed that return a connectome; their names are those of their rows.
    seeds : int
        Number of runs of each arm, from seeds 0, 1, .... The smallest possible p is 2 / 2**seeds.
    out : path
        Directory of the study. The same call resumes a study that was stopped. A call with more
        seeds or null models adds them to the study.
    optimizer : Optimizer, optional
        Default, for all arms: `SuccessiveHalving` if the connectome's network has at most 1,000
        parameters and the compiled core runs the episodes; otherwise `ES` with 200 members, from
        the best of 1,600 random genomes.
    generations : int, optional
        Number of generations of each run. Default: 150, or for `SuccessiveHalving` the number that
        uses its budget. If `generations` is given and `optimizer` is not, the budget is chosen for
        this number of generations.
    n_threads : int, optional
        Default: all cores. Results do not depend on it.
    margin : float, optional
        A difference of scores too small to matter. A null model whose difference is shown to be
        smaller is "equivalent" to the circuit. Choose the margin before you see scores.
    threshold : float, optional
        A population mean: also test in which arm it is reached earlier.
    at_most : int, optional
        Add seeds until every verdict is decided, but at most so many; `seeds` is then not used.
        The study looks at its scores after every 5 seeds and counts these looks, so that the error
        rate of all verdicts stays 5% (see `conncore.experiments.sequential`). Choose `at_most`
        before you see scores.
    **options
        Options of `Network`, such as `neuron`, `io` and `weights`. All arms except the perceptrons
        use them.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        An option is out of range; a null model is unknown, or the options make it equal to the
        circuit; or `out` holds something else.
    RunStopped
        Ctrl-C or SIGTERM stopped the study. Finished generations are kept.

    Examples
    --------
    >>> worm, task = cc.load("celegans-haspel2011"), cc.make_task("swimmer6")
    >>> short = cc.ES(population_size=8, n_scout=8)
    >>> found = cc.compare(
    ...     worm, task, ["random"], seeds=2, out="runs/few", optimizer=short, generations=1
    ... )
    >>> sorted(found.outcomes)
    ['circuit', 'random']
    """
    need_count("seeds", seeds, 1)
    if margin is not None:
        need_positive("margin", margin)  # said now, not when all runs are done
    if optimizer is None:
        network = Network(connectome, task, **options)
        if default_name(network, task) == "halving":
            optimizer = halving_of(generations=generations)
        else:
            optimizer = ES(population_size=POPULATION, n_scout=8 * POPULATION)
    if generations is None:
        halving = isinstance(optimizer, SuccessiveHalving)
        generations = optimizer.n_generations if halving else GENERATIONS
    if at_most is not None:
        plan_looks(at_most)  # said now, as the margin
    arms = make_arms(connectome, task, nulls, (Stage("evolve", optimizer, generations),), options)
    check_size(arms[0].build(0), optimizer)  # before the directory is made
    out = Path(out)
    restore_study(out / "compare.json", out)
    looks = None if at_most is None else plan_looks(at_most)
    for n_seeds in (seeds,) if looks is None else looks.at:
        outcomes = run_study(arms, task, range(n_seeds), out, n_threads)
        rows = compare_rows(outcomes, margin=margin, threshold=threshold, looks=looks)
        if "undecided" not in [row.verdict for row in rows]:
            break
    settings = describe(arms, task)
    network = settings["arms"][arms[0].name]["network"]
    title = (
        f"{connectome.name} and its null models on {task.name} "
        f"({network['neuron']}, {network['io']}): {optimizer.name.upper()}, "
        f"{_budget(optimizer, generations)}, {n_seeds} paired seed{'s' * (n_seeds > 1)}"
    )
    if looks is not None:
        title += f" of at most {at_most}"
    found = Comparison(title, rows, outcomes, out, looks, threshold)
    write_text(out / "compare.txt", str(found))
    write_report(out, title, found.rows, outcomes, settings, looks, threshold)
    return found


def load_comparison(path: str | os.PathLike[str]) -> Comparison:
    """Load a finished comparison as `compare` returned it.

    Parameters
    ----------
    path : path
        The directory of the study. It needs compare.json alone.

    Returns
    -------
    Comparison

    Raises
    ------
    CheckpointError
        There is no compare.json, or it is damaged.
    UsageError
        An older version wrote it.

    Examples
    --------
    >>> worm, task = cc.load("celegans-haspel2011"), cc.make_task("swimmer6")
    >>> short = cc.ES(population_size=8, n_scout=8)
    >>> found = cc.compare(
    ...     worm, task, ["random"], seeds=2, out="runs/two", optimizer=short, generations=1
    ... )
    >>> cc.load_comparison("runs/two").title == found.title
    True
    """
    path = Path(path)
    title, rows, outcomes = read_report(path / "compare.json")
    return Comparison(title, rows, outcomes, path)


def _budget(optimizer: Optimizer[Any], generations: int) -> str:
    """Return the budget of a run in words."""
    members = optimizer.population_size
    if isinstance(optimizer, SuccessiveHalving):
        return f"{optimizer.n_episodes:,} episodes from {optimizer.n_starts} starts of {members}"
    return f"{generations} generations of {members}"
