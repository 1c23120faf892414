"""A study runs several arms from the same seeds. A study that was stopped resumes.

::

    study.json                    the settings of the arms; other settings are refused
    <arm>/seed-<n>.json           the outcome of a finished run
    <arm>/seed-<n>/<stage>/       the run directory of each stage
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import CheckpointError, UsageError
from conncore.evolution.evolve import Run, evolve, resume
from conncore.evolution.progress import duration
from conncore.evolution.run_directory import read_timing
from conncore.evolution.stopping import RunStopped
from conncore.optimizers import Optimizer
from conncore.provenance import commit, now, versions
from conncore.storage import disk_errors, write_atomically

if TYPE_CHECKING:
    from conncore.network.network import Network
    from conncore.tasks import Task

#: Version of the layout of study.json and the outcomes; a study of another one is refused.
FORMAT = 2


@dataclass(frozen=True, eq=False)
class Stage:
    """A part of a run, with an optimiser of its own.

    Parameters
    ----------
    name : str
        Name of its folder, such as "pretrain" or "evolve".
    optimizer : Optimizer
    generations : int
    expand : bool
        If weights are shared, give every edge its own weight first (`Network.expand`).
    """

    name: str
    optimizer: Optimizer[Any]
    generations: int
    expand: bool = False


@dataclass(frozen=True, eq=False)
class Arm:
    """One of the alternatives that a study compares.

    Parameters
    ----------
    name : str
        Name of its folder, and of its row in tables.
    build : callable
        Takes a seed and returns the network that the first stage evolves.
    stages : tuple of Stage
        Each stage starts from the solution of the stage before.
    """

    name: str
    build: Callable[[int], Network]
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Curve:
    """Best and mean fitness per generation of a stage; None if no member had finite fitness."""

    stage: str
    best: list[float | None]
    mean: list[float | None]


@dataclass(frozen=True)
class Outcome:
    """The result of one arm from one seed.

    Attributes
    ----------
    arm : str
    seed : int
    curves : list of Curve
        One per stage.
    score : float
        Mean held-out score of the solution.
    n_parameters, n_edges : int
        Parameters and edges of the last stage's network.
    seconds : float
        Duration of all generations, on the machine that ran them.
    commit : str
        Commit of the code that ran it; "" if that was an installed wheel, or is not known.
    date : str
        Time at which the run ended; "" if not known.
    """

    arm: str
    seed: int
    curves: list[Curve]
    score: float
    n_parameters: int
    n_edges: int
    seconds: float
    commit: str = ""
    date: str = ""

    def start(self) -> float:
        """Mean fitness of the population in the first generation of the last stage."""
        return _number(self.curves[-1].mean[0])

    def end(self) -> float:
        """Mean fitness of the population in the last 5% of the generations of the last stage."""
        curve = self.curves[-1].mean
        return float(np.mean([_number(v) for v in curve[-max(1, len(curve) // 20) :]]))


def run_study(
    arms: Sequence[Arm],
    task: Task,
    seeds: Sequence[int],
    out: Path,
    n_threads: int | None = None,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> dict[str, list[Outcome]]:
    """Run every arm from every seed, except finished runs; return the outcomes by arm.

    Parameters
    ----------
    arms : sequence of Arm
    task : Task
    seeds : sequence of int
        All arms run from the same seeds, so outcomes are paired.
    out : Path
        The study's directory. A directory of the same study is resumed.
    n_threads : int, optional
        Default: all cores. Results do not depend on it.
    say : callable
        Called with one line of text per finished run.

    Raises
    ------
    UsageError
        `out` holds another study, a study of an older version, or other files.
    CheckpointError
        A file in `out` is damaged.
    RunStopped
        Ctrl-C or SIGTERM stopped the study. Finished generations are kept.
    """
    _open(out, arms, task)
    outcomes: dict[str, list[Outcome]] = {arm.name: [] for arm in arms}
    runs = [(arm, seed, _outcome_file(out, arm.name, seed)) for seed in seeds for arm in arms]
    n_left, n_made = sum(not file.exists() for *_, file in runs), 0
    started = time.perf_counter()
    for arm, seed, file in runs:
        if file.exists():
            outcomes[arm.name].append(_load(file))
            continue
        outcome = _run_arm(arm, task, seed, file, n_threads)
        outcomes[arm.name].append(outcome)
        n_made += 1
        left = (time.perf_counter() - started) / n_made * (n_left - n_made)
        say(
            f"{len(runs) - n_left + n_made}/{len(runs)}  {arm.name}, seed {seed}: "
            f"score {outcome.score:.4g} in {duration(outcome.seconds)}; "
            f"about {duration(left)} left"
        )
    return outcomes


def restore_study(report: Path, out: Path) -> None:
    """Restore the outcomes of a study from its report, if the study's directory is gone.

    Parameters
    ----------
    report : Path
        The JSON file that `write_results` wrote. If it does not exist, or if `out` holds a study,
        nothing is done.
    out : Path
        The study's directory.

    Raises
    ------
    CheckpointError
        `report` is damaged.
    UsageError
        An older version wrote `report`.
    """
    study = out / "study.json"
    if study.exists() or not report.exists():
        return
    content = _read(report)
    names = [field.name for field in dataclasses.fields(Outcome)]
    try:
        settings = content["settings"]
        runs = [{name: run[name] for name in names if name in run} for run in content["outcomes"]]
        files = [_outcome_file(out, run["arm"], run["seed"]) for run in runs]
        _check_format(report, settings["format"])
    except (KeyError, TypeError):
        raise CheckpointError(f"{report} is damaged; restore it, or choose another --out") from None
    for file, run in zip(files, runs, strict=True):
        _write(file, run)
    _write(study, settings)  # last, so that a study with this file is complete


def _outcome_file(out: Path, arm: str, seed: int) -> Path:
    return out / arm / f"seed-{seed}.json"


def _run_arm(arm: Arm, task: Task, seed: int, file: Path, n_threads: int | None) -> Outcome:
    network, start, curves = arm.build(seed), None, []
    folder = file.with_suffix("")
    with disk_errors(folder, "make room and run the same command again"):
        folder.mkdir(parents=True, exist_ok=True)
    seconds = 0.0
    for stage in arm.stages:
        if stage.expand and network.weights == "shared":
            start = None if start is None else network.expand(start[None])[0]
            network = network.with_individual_weights()
        run = _run_stage(network, task, stage, seed, folder / stage.name, start, n_threads)
        seconds += sum(timing["seconds"] for timing in read_timing(folder / stage.name))
        start = run.best.genome
        history = run.history
        curves.append(Curve(stage.name, _plain(history["best"]), _plain(history["mean"])))
    outcome = Outcome(
        arm=arm.name,
        seed=seed,
        curves=curves,
        score=run.best.mean,
        n_parameters=network.layout.n_parameters,
        n_edges=network.connectome.n_edges,
        seconds=round(seconds, 1),
        commit=commit(),
        date=now(),
    )
    _write(file, asdict(outcome) | {"score": outcome.score if np.isfinite(run.best.mean) else None})
    return outcome


def _run_stage(
    network: Network,
    task: Task,
    stage: Stage,
    seed: int,
    path: Path,
    start: NDArray[np.float64] | None,
    n_threads: int | None,
) -> Run:
    bar = sys.stderr.isatty()
    try:
        if path.exists():
            return resume(path, n_threads=n_threads, progress=bar, network=network, task=task)
        return evolve(
            network,
            task,
            stage.optimizer,
            stage.generations,
            seed,
            path,
            n_threads,
            bar,
            start=start,
        )
    except RunStopped as stopped:
        raise RunStopped(
            "stopped; run the same command again to resume", stopped.exit_status
        ) from None


def describe(arms: Sequence[Arm], task: Task) -> dict[str, Any]:
    """Return all settings that decide a study's numbers, except the seeds, as plain values."""
    return {
        "format": FORMAT,
        "task": task.describe(),
        "arms": {
            arm.name: {
                "connectome": network.connectome.checksum,
                "network": network.describe(),
                "stages": [
                    {
                        "name": stage.name,
                        "optimizer": stage.optimizer.describe(),
                        "generations": stage.generations,
                        "expand": stage.expand,
                    }
                    for stage in arm.stages
                ],
            }
            for arm, network in ((arm, arm.build(0)) for arm in arms)
        },
    }


def _open(out: Path, arms: Sequence[Arm], task: Task) -> None:
    """Create the directory, or check that it belongs to this study."""
    file = out / "study.json"
    wanted = json.loads(json.dumps(describe(arms, task)))
    if not file.exists():
        if out.exists() and any(out.iterdir()):
            raise UsageError(f"{out} holds files but no study; choose another --out")
        _write(file, wanted)
        return
    found = _read(file)
    try:
        _check_format(file, found["format"])
        # A study may grow, so an arm that is missing on one side is not a difference.
        there = {name: found["arms"].get(name, arm) for name, arm in wanted["arms"].items()}
        found_here = found | {"arms": there}
    except (KeyError, TypeError, AttributeError):
        raise CheckpointError(f"{file} is damaged; restore it, or choose another --out") from None
    if found_here != wanted:
        raise UsageError(
            f"{out} holds a study with other settings{_difference(found_here, wanted)}; "
            "choose another --out, or repeat the command that created it"
        )
    if there.keys() - found["arms"].keys():
        _write(file, wanted | {"arms": found["arms"] | there})


def _difference(found: Any, wanted: Any, path: str = "") -> str:
    """Return the first difference between two descriptions, in words."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in [*wanted, *found]:
            if found.get(key) != wanted.get(key):
                return _difference(found.get(key), wanted.get(key), f"{path}.{key}".lstrip("."))
    return f" ({path} is {found!r} there and {wanted!r} here)"


def _check_format(file: Path, found: int) -> None:
    if found != FORMAT:
        raise UsageError(
            f"{file} has format {found}, but conncore {versions()['conncore']} reads format "
            f"{FORMAT}; choose another --out, or use the version that wrote the file"
        )


def _load(file: Path) -> Outcome:
    fields = _read(file)
    try:
        fields["curves"] = [Curve(**curve) for curve in fields["curves"]]
        fields["score"] = -math.inf if fields["score"] is None else fields["score"]
        return Outcome(**fields)
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{file} is damaged ({error}); delete it to run it again") from None


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{file} cannot be read ({error}); delete it to run it again"
        ) from None


def _write(file: Path, content: Any) -> None:
    with disk_errors(file, "make room and run the same command again"):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, (json.dumps(content) + "\n").encode())


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [round(float(v), 4) if np.isfinite(v) else None for v in values]


def _number(value: float | None) -> float:
    return -math.inf if value is None else value
