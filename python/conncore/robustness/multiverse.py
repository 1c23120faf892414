"""Run a study for each combination of choices, and test its claims in each: `multiverse`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import CheckpointError, UsageError, need_count
from conncore.evolution.progress import duration, say
from conncore.evolution.stopping import GracefulStop
from conncore.experiments.choices import settings_text
from conncore.experiments.claims import Claim, Verdict, judge
from conncore.experiments.results import as_text, write_text
from conncore.experiments.study import Outcome, run_study
from conncore.experiments.study_files import outcome_file, restore_outcomes
from conncore.robustness.cells import (
    READ_AT,
    Build,
    Choices,
    PlannedArm,
    PlannedCell,
    combine,
    plan,
)
from conncore.robustness.effects import Effect, Share, main_effects, verdict_shares

if TYPE_CHECKING:
    from rich.console import Console

ABOUT, REPORT = "about.json", "multiverse.json"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Cell:
    """The results of one combination of choices.

    Attributes
    ----------
    combinations : list of mapping
        The combinations that it stands for; see `conncore.robustness.cells.PlannedCell`.
    arms : mapping of str to str
        By name of an arm, the name of its runs: a directory in `runs`, and a key of
        `Multiverse.outcomes`.
    read_at : int or None
        Generation of the last stage at which curves were read; None for the last one.
    values : list of ndarray, each shape (n_seeds,), float64
        By claim, the number that the claim is about; not finite where a run failed.
    verdicts : list of Verdict
        By claim. Holm's method corrects for the claims of a cell, not for the number of cells.
    """

    combinations: Sequence[Mapping[str, Any]]
    arms: Mapping[str, str]
    read_at: int | None
    values: Sequence[NDArray[np.float64]]
    verdicts: Sequence[Verdict]


@dataclass(frozen=True, eq=False)
class Multiverse:
    """The result of `multiverse`. If you print it, it prints its tables.

    Attributes
    ----------
    title : str
    claims : list of Claim
    choices : mapping of str to list
        The values of each choice, in the order of the grid.
    cells : list of Cell
    seeds : int
        Number of seeds of each arm of each cell.
    outcomes : mapping of str to list of Outcome
        By name of the runs, one outcome per seed. Cells that differ in nothing that concerns an arm
        share its runs.
    settings : mapping of str to mapping
        By name of the runs, all settings that decide their numbers.
    path : Path
        The directory with multiverse.txt, multiverse.json, one figure per claim, and all runs.

    Examples
    --------
    >>> from conncore.experiments.arms import circuit_arm
    >>> from conncore.experiments.claims import reaches
    >>> from conncore.experiments.study import Stage
    >>> worm, short = cc.load("celegans-haspel2011"), cc.ES(population_size=8, n_scout=8)
    >>> def build(observe):
    ...     task = cc.make_task("swimmer6", observe=observe)
    ...     stages = (Stage("evolve", short, 1),)
    ...     return task, [circuit_arm("circuit", worm, task, stages, neuron="relu")]
    >>> senses = ["angles", "angles+velocities"]
    >>> found = cc.multiverse(
    ...     build, {"observe": senses}, [reaches("circuit", 400)], seeds=1, out="runs/verdicts"
    ... )
    >>> found.shares()[0].counts["not tested"]  # one seed
    2
    """

    title: str
    claims: Sequence[Claim]
    choices: Mapping[str, list[Any]]
    cells: Sequence[Cell]
    seeds: int
    outcomes: Mapping[str, list[Outcome]]
    settings: Mapping[str, Mapping[str, Any]]
    path: Path

    def shares(self) -> list[Share]:
        """Return, by claim, the number of cells with each verdict."""
        return verdict_shares(self.claims, [cell.verdicts for cell in self.cells])

    def effects(self, claim: int) -> list[Effect]:
        """Return the main effects of all choices on the number that a claim is about."""
        values = [cell.values[claim] for cell in self.cells]
        return main_effects(self.choices, [cell.combinations for cell in self.cells], values)

    def __str__(self) -> str:
        return as_text(self.print_on)

    def __repr__(self) -> str:
        return f"<Multiverse: {self.title}, {len(self.cells)} cells, {self.seeds} seeds>"

    def _repr_html_(self) -> str:
        """Return the table of verdicts that notebooks show."""
        from conncore.robustness.report import shares_html

        return shares_html(self)

    def print_on(self, console: Console) -> None:
        """Print the tables, as wide as the console."""
        from conncore.robustness.report import print_multiverse

        print_multiverse(self, console)


def multiverse(
    build: Build,
    choices: Choices,
    claims: Sequence[Claim],
    seeds: int = 5,
    *,
    out: str | os.PathLike[str],
    title: str = "multiverse",
    n_threads: int | None = None,
    say: Callable[[str], None] = say,
) -> Multiverse:
    """Run a study for each combination of choices, and test its claims in each.

    A multiverse analysis (Steegen et al. 2016, doi 10.1177/1745691616658637) shows how far a result
    depends on choices that might as well have been made in another way.

    Parameters
    ----------
    build : callable
        Takes one combination as keyword arguments and returns a task and the arms of its study.
    choices : mapping of str to sequence, or sequence of such mappings
        The values of each choice; all combinations are run. Several mappings are several grids,
        for choices that make sense together only. The key "read_at" is not given to `build`: it is
        the generation of the last stage at which curves are read, and needs no further runs. It is
        refused for `SuccessiveHalving`, whose budget changes all generations. The held-out score
        belongs to the end of a run, so a claim about scores is then not tested.
    claims : sequence of Claim
        From `conncore.experiments.claims`, such as ``above("...", "circuit", "degree", END)``.
    seeds : int
        Number of runs of each arm in each cell, from seeds 0, 1, .... Arms and cells are paired by
        seed. With fewer than 5 seeds, no claim is tested.
    out : path
        Directory of all runs and results. The same call resumes. With other choices or more seeds,
        finished runs that it needs are kept.
    title : str
    n_threads : int, optional
        Default: all cores. Results do not depend on it.
    say : callable
        Called with one line of text per finished run.

    Returns
    -------
    Multiverse

    Raises
    ------
    UsageError
        A choice is empty, `build` refuses a combination, or `out` holds something else.
    CheckpointError
        A file in `out` is damaged.
    RunStopped
        Ctrl-C or SIGTERM stopped the runs. Finished generations are kept.

    Examples
    --------
    >>> from conncore.experiments.arms import circuit_arm
    >>> from conncore.experiments.claims import reaches
    >>> from conncore.experiments.study import Stage
    >>> worm, short = cc.load("celegans-haspel2011"), cc.ES(population_size=8, n_scout=8)
    >>> def build(observe):
    ...     task = cc.make_task("swimmer6", observe=observe)
    ...     stages = (Stage("evolve", short, 1),)
    ...     return task, [circuit_arm("circuit", worm, task, stages, neuron="relu")]
    >>> senses = ["angles", "angles+velocities"]
    >>> found = cc.multiverse(
    ...     build, {"observe": senses}, [reaches("circuit", 400)], seeds=1, out="runs/cells"
    ... )
    >>> [cell.combinations for cell in found.cells]
    [[{'observe': 'angles'}], [{'observe': 'angles+velocities'}]]
    """
    from conncore.robustness.report import write_multiverse

    need_count("seeds", seeds, 1)
    if not claims:
        raise UsageError("claims are missing; give at least one")
    combinations = combine(choices)
    cells, arms = plan(build, combinations)
    out = Path(out)
    _open(out, title, claims)
    repeats = len(combinations) - len(cells)
    say(
        f"{len(cells)} cells{f' ({repeats} combinations repeat one)' if repeats else ''}; "
        f"{len(arms)} different arms, {seeds} seed{'s' * (seeds > 1)}: {seeds * len(arms)} runs"
    )
    values: dict[str, list[Any]] = {}
    for combination in combinations:
        for key, value in combination.items():
            of_key = values.setdefault(key, [])
            if value not in of_key:
                of_key.append(value)
    _restore(out, arms)
    outcomes = _run(arms, seeds, out, n_threads, say, _labels(cells, values))
    found = Multiverse(
        title=title,
        claims=list(claims),
        choices=values,
        cells=[_judge(cell, outcomes, claims) for cell in cells],
        seeds=seeds,
        outcomes=outcomes,
        settings={name: planned.settings for name, planned in arms.items()},
        path=out,
    )
    write_text(out / "multiverse.txt", str(found))
    write_multiverse(found)
    return found


def _open(out: Path, title: str, claims: Sequence[Claim]) -> None:
    """Create the directory, or check that it belongs to this multiverse."""
    about = {"format": FORMAT, "title": title, "claims": [[c.text, c.rule] for c in claims]}
    file, report = out / ABOUT, out / REPORT
    if file.exists():
        found = _read(file)
    elif report.exists():  # all that a repository keeps
        found = _about(report)
    elif out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} holds files but no multiverse; choose another directory")
    else:
        found = about
    if found != about:
        raise UsageError(
            f"{out} holds a multiverse of other claims or of another title; "
            "choose another directory"
        )
    if not file.exists():
        write_text(file, json.dumps(about))


def _about(report: Path) -> dict[str, Any]:
    """Return what about.json holds, from a report."""
    content = _read(report)
    try:
        claims = [[claim["claim"], claim["rule"]] for claim in content["claims"]]
        return {"format": content["format"], "title": content["title"], "claims": claims}
    except (KeyError, TypeError) as error:
        raise _damaged(report, error) from None


def _restore(out: Path, arms: Mapping[str, PlannedArm]) -> None:
    """Restore runs from the report, if their directories are gone."""
    missing = [name for name in arms if not (out / "runs" / name).exists()]
    report = out / REPORT
    if not missing or not report.exists():
        return
    try:
        runs = dict(_read(report)["runs"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(report, error) from None
    for name in missing:
        if name in runs:
            restore_outcomes(report, runs[name], out / "runs" / name)


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(file, error) from None


def _damaged(file: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{file} is damaged ({error}); restore it, or choose another directory")


def _labels(cells: Sequence[PlannedCell], choices: Mapping[str, list[Any]]) -> dict[str, str]:
    """Return words for the runs by name: the arm, and the choices of the first cell with it."""
    labels: dict[str, str] = {}
    for cell in cells:
        varied = {
            key: value
            for key, value in cell.combinations[0].items()
            if len(choices[key]) > 1 and key != READ_AT
        }
        for arm, name in cell.arms.items():
            labels.setdefault(name, ", ".join(filter(None, (arm, settings_text(varied)))))
    return labels


def _run(
    arms: Mapping[str, PlannedArm],
    seeds: int,
    out: Path,
    n_threads: int | None,
    say: Callable[[str], None],
    labels: Mapping[str, str],
) -> dict[str, list[Outcome]]:
    """Run all arms from one seed after the other, so that a stop leaves whole seeds."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in arms}
    parts = [(seed, name) for seed in range(seeds) for name in arms]
    left = {
        (seed, name)
        for seed, name in parts
        if not outcome_file(out / "runs" / name, arms[name].arm.name, seed).exists()
    }
    n_made, started = 0, time.perf_counter()
    with GracefulStop() as stop:
        for seed, name in parts:
            if stop.requested:
                stop.leave("stopped; run the same command again to resume")
            arm, task = arms[name].arm, arms[name].task
            made = run_study([arm], task, [seed], out / "runs" / name, n_threads, lambda _: None)
            outcomes[name] += made[arm.name]
            if (seed, name) in left:
                n_made += 1
                rest = (time.perf_counter() - started) / n_made * (len(left) - n_made)
                say(
                    f"{len(parts) - len(left) + n_made}/{len(parts)}  {labels[name]}, "
                    f"seed {seed}; about {duration(rest)} left"
                )
    return outcomes


def _judge(
    planned: PlannedCell, outcomes: Mapping[str, list[Outcome]], claims: Sequence[Claim]
) -> Cell:
    """Test the claims in one cell."""
    seen = {
        arm: [read(run, planned.read_at) for run in outcomes[name]]
        for arm, name in planned.arms.items()
    }
    with np.errstate(invalid="ignore"):  # a failed run has -inf
        values = [np.asarray(claim.value(seen), dtype=np.float64) for claim in claims]
        verdicts = judge(claims, seen)
    return Cell(planned.combinations, planned.arms, planned.read_at, values, verdicts)


def read(outcome: Outcome, generation: int | None) -> Outcome:
    """Return a run as if its last stage had ended after this generation; its score is unknown.

    An optimiser does not know how long it will run, so a run contains all shorter ones.
    """
    if generation is None:
        return outcome
    last = outcome.curves[-1]
    cut = replace(last, best=last.best[:generation], mean=last.mean[:generation])
    return replace(outcome, curves=[*outcome.curves[:-1], cut], score=float("nan"))
