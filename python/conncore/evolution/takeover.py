"""Continue a run if it is there already, else begin it: for studies and pretraining."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import CheckpointError
from conncore.evolution.evolve import Run, evolve, resume, start_digest, training_settings
from conncore.evolution.restore import this_version
from conncore.evolution.run_directory import RunDirectory
from conncore.evolution.schema import first_difference, full_settings
from conncore.optimizers import Optimizer, make_optimizer

if TYPE_CHECKING:
    from conncore.network.network import Network
    from conncore.tasks import Task


def check_run(
    path: Path,
    optimizer: Optimizer[Any],
    generations: int,
    seed: int,
    training: Mapping[str, Any],
) -> Callable[[str | None], None]:
    """Check that a run directory has these settings; return a check of its start.

    `training` is what `training_settings` returns. The start is the digest of the genome that the
    run began from, or None if it drew its own.

    Raises
    ------
    CheckpointError
        The directory is damaged, or has other settings; the message names the first difference.
    """
    directory = RunDirectory.open(path, write=False)
    run = directory.config["run"]

    def compare(found: dict[str, Any], wanted: dict[str, Any]) -> None:
        different = first_difference(found, wanted)
        if different is not None:
            name, there, here = different
            raise CheckpointError(
                f"{path} is a run with other settings: {name} is {there!a} there and {here!a} "
                "here; move it away to run it again, or choose another directory",
                flag="--out",
            )

    with this_version(directory):
        described = make_optimizer(**full_settings(directory.config["optimizer"])).describe()
    compare(
        {
            "seed": run["seed"],
            "generations": run["generations"],
            "optimizer": described,
            **{name: run[name] for name in ("episodes", "common_starts") if name in run},
        },
        {
            "seed": seed,
            "generations": generations,
            "optimizer": optimizer.describe(),
            **training,
        },
    )
    return lambda start: compare({"start": run.get("start")}, {"start": start})


def evolve_or_resume(
    network: Network,
    task: Task,
    optimizer: Optimizer[Any],
    generations: int,
    seed: int,
    out: str | os.PathLike[str],
    n_threads: int | None = None,
    progress: bool = True,
    *,
    start: NDArray[np.float64] | None = None,
    episodes: int = 1,
    common_starts: bool = True,
) -> Run:
    """Return the run of `evolve` with these arguments; resume it if `out` holds it already.

    Raises
    ------
    CheckpointError
        `out` holds another run, or is damaged.
    UsageError, ConncoreError, RunStopped
        As in `evolve`.
    """
    out = Path(out)
    if not out.exists():
        return evolve(
            network,
            task,
            optimizer,
            generations,
            seed,
            out,
            n_threads,
            progress,
            start=start,
            episodes=episodes,
            common_starts=common_starts,
        )
    training = training_settings(episodes, common_starts)
    check_start = check_run(out, optimizer, generations, seed, training)
    check_start(None if start is None else start_digest(start))
    return resume(out, n_threads=n_threads, progress=progress, network=network, task=task)
