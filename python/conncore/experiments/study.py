"""A study runs several arms from the same seeds. A study that was stopped resumes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.evolution.evolve import Run
from conncore.evolution.progress import duration, say
from conncore.evolution.run_directory import read_timing
from conncore.evolution.stopping import GracefulStop, RunStopped
from conncore.evolution.takeover import evolve_or_resume
from conncore.experiments.study_files import (
    check_folders,
    describe,
    load_outcome,
    open_study,
    outcome_file,
    restore_study,
    save_outcome,
)
from conncore.experiments.study_records import Arm, Curve, Outcome, Stage
from conncore.provenance import commit, now
from conncore.storage import disk_errors

if TYPE_CHECKING:
    from conncore.network.network import Network
    from conncore.tasks import Task

__all__ = ["Arm", "Curve", "Outcome", "Stage", "describe", "restore_study", "run_study"]

_STOPPED = "stopped; run the same command again to resume"


def run_study(
    arms: Sequence[Arm],
    task: Task,
    seeds: Sequence[int],
    out: Path,
    n_threads: int | None = None,
    say: Callable[[str], None] = say,
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
        A file in `out` is damaged or belongs to another run; no run begins.
    RunStopped
        Ctrl-C or SIGTERM stopped the study. Finished generations are kept.
    """
    settings = describe(arms, task)
    open_study(out, arms, settings)
    runs = [(arm, seed, outcome_file(out, arm.name, seed)) for seed in seeds for arm in arms]
    found: dict[Path, Outcome] = {}
    for arm, seed, file in runs:
        if file.exists():
            found[file] = load_outcome(file, arm, seed, settings)
        else:
            check_folders(file.with_suffix(""), arm, seed)
    outcomes: dict[str, list[Outcome]] = {arm.name: [] for arm in arms}
    n_left, n_made = len(runs) - len(found), 0
    started = time.perf_counter()
    with GracefulStop() as stop:
        for arm, seed, file in runs:
            if file in found:
                outcomes[arm.name].append(found[file])
                continue
            if stop.requested:
                stop.leave(_STOPPED)
            outcome = _run_arm(arm, task, seed, file, settings, n_threads)
            outcomes[arm.name].append(outcome)
            n_made += 1
            left = (time.perf_counter() - started) / n_made * (n_left - n_made)
            say(
                f"{len(runs) - n_left + n_made}/{len(runs)}  {arm.name}, seed {seed}: "
                f"score {outcome.score:.4g} in {duration(outcome.seconds)}; "
                f"about {duration(left)} left"
            )
    return outcomes


def _run_arm(
    arm: Arm,
    task: Task,
    seed: int,
    file: Path,
    settings: Mapping[str, Any],
    n_threads: int | None,
) -> Outcome:
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
        starts=[_plain(curve) for curve in run.single_starts],
    )
    save_outcome(file, outcome, settings)
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
    bar = sys.stderr is not None and sys.stderr.isatty()
    try:
        return evolve_or_resume(
            network,
            task,
            stage.optimizer,
            stage.generations,
            seed,
            path,
            n_threads,
            bar,
            start=start,
            **stage.training,
        )
    except RunStopped as stopped:
        raise RunStopped(_STOPPED, stopped.exit_status) from None


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [round(float(v), 4) if np.isfinite(v) else None for v in values]
