"""The loop that evolves a network on a task, continues a run, and scores what came out."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import CheckpointError, UsageError, need, need_count
from conncore.evolution.loop import Loop, Run
from conncore.evolution.records import METRICS, Best, Checkpoint
from conncore.evolution.run_directory import RunDirectory, check_free
from conncore.noise import check_seed
from conncore.optimizers import ES, OPTIMIZERS, Optimizer, make_optimizer
from conncore.provenance import versions
from conncore.threads import resolve_threads

__all__ = ["Run", "evolve", "resume", "score"]

if TYPE_CHECKING:
    from conncore.network.network import Network
    from conncore.tasks import Task


def evolve(
    network: Network,
    task: Task,
    optimizer: Optimizer[Any] | None = None,
    generations: int = 100,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    n_threads: int | None = None,
    progress: bool = True,
    *,
    start: NDArray[np.float64] | None = None,
) -> Run:
    """Evolve a network's parameters on a task.

    All members of a generation start from the same state, which changes every generation. At the
    end the best member ever and the optimiser's own solution are compared from the task's
    validation starts (16 on most), and the better one is scored from its held-out starts (32);
    neither is ever trained on.

    Parameters
    ----------
    network : Network
    task : Task
    optimizer : Optimizer, optional
        ``ES()`` if not given.
    generations : int
        Generations to run; scouting for a start (see `ES`) comes before the first.
    seed : int
        Seed of everything random: the same seed gives the same run, to the bit.
    out : path, optional
        Run directory to make. Without one everything stays in memory. With one, every generation is
        saved, `resume` continues it, and the first Ctrl-C or SIGTERM waits for the running
        generation.
    n_threads : int, optional
        All cores if not given; results do not depend on it.
    progress : bool
        Report on stderr.
    start : (n_parameters,) float64, optional
        Genome to start from in place of random ones: the mean of the ES, which then scouts no
        others, or every member of the GA's generation 0.

    Returns
    -------
    Run

    Raises
    ------
    UsageError
        A wrong argument, or `out` exists; nothing is written.
    ConncoreError
        `out` cannot be written.
    RunStopped
        Ctrl-C or SIGTERM with `out`; a KeyboardInterrupt whose text says how to resume.
    """
    optimizer = ES() if optimizer is None else optimizer
    need_count("generations", generations, 1)
    seed = check_seed(seed)
    config = _describe(network, task, optimizer, generations, seed, resolve_threads(n_threads))
    if out is not None:
        check_free(out)
    layout = network.layout
    if start is None:
        initial = network.random_genomes(optimizer.n_initial, seed)
    else:
        initial = np.array(start, dtype=np.float64)[None]
        shape = (layout.n_parameters,)
        need(initial[0].shape == shape, f"start has shape {initial[0].shape}, needs {shape}")
        digest = hashlib.sha256(initial.astype("<f8").tobytes())
        config["run"]["start"] = f"sha256:{digest.hexdigest()}"
    state = optimizer.init(
        layout.counted(initial),
        seed,
        slices=layout.slices,
        lower=layout.counted(layout.lower),
        upper=layout.counted(layout.upper),
    )
    first: Checkpoint[Any] = Checkpoint(
        state=state,
        history=np.empty(0, dtype=METRICS),
        n_evaluations=0,
        best_genome=np.full(layout.n_parameters, np.nan),
        best_fitness=-np.inf,
    )
    directory = None
    if out is not None:
        directory = RunDirectory.create(out, config, network.connectome, first)
    loop = Loop(network, task, optimizer, config, n_threads, directory, progress)
    try:
        return loop.run(first)
    except Exception:
        if directory is not None and not loop.evaluated:
            directory.discard()  # it holds nothing yet: the user may try again at once
        raise


def resume(
    path: str | os.PathLike[str],
    generations: int | None = None,
    n_threads: int | None = None,
    progress: bool = True,
    *,
    network: Network | None = None,
    task: Task | None = None,
) -> Run:
    """Continue a run to its end, to the bit as if it had never been interrupted.

    Parameters
    ----------
    path : path
        The run directory.
    generations : int, optional
        Generations in all, to go on beyond the number the run was made for.
    n_threads : int, optional
        All cores if not given; results do not depend on it.
    progress : bool
        Report on stderr.
    network, task : Network, Task, optional
        Needed only where `make_task` does not know the task; otherwise rebuilt from the directory.

    Returns
    -------
    Run

    Raises
    ------
    CheckpointError
        `path` is not a run directory, or something in it is damaged or of another run.
    UsageError
        Another process runs it, or `generations` is below those already done.
    ConncoreError, RunStopped
        As in `evolve`.
    """
    resolve_threads(n_threads)
    directory = RunDirectory.open(path, write=True)
    try:
        network, task, optimizer, checkpoint = _restore(directory, network, task)
        n_done = checkpoint.state.generation
        total = directory.config["run"]["generations"] if generations is None else generations
        need_count("generations", total, 1)
        if total < n_done:
            raise UsageError(
                f"{path} has done {n_done} generations already; ask for more than that"
            )
        directory.load_best()  # if it is damaged, say so now and not after hours of work
        directory.rewind(checkpoint, total)
        loop = Loop(network, task, optimizer, directory.config, n_threads, directory, progress)
    except BaseException:
        directory.close()
        raise
    return loop.run(checkpoint)


def score(
    path: str | os.PathLike[str],
    n_starts: int | None = None,
    seed: int | None = None,
    n_threads: int | None = None,
    *,
    network: Network | None = None,
    task: Task | None = None,
) -> Best:
    """Score a run's solution from held-out starts.

    Parameters
    ----------
    path : path
        The run directory; of an unfinished run the solution so far is scored.
    n_starts : int, optional
        Number of starts; the task's own, 32 on most, if not given.
    seed : int, optional
        Draws other starts than the run's own; no start of any seed is ever trained on.
    n_threads : int, optional
        All cores if not given.
    network, task : Network, Task, optional
        As in `resume`.

    Returns
    -------
    Best
        The solution with its scores.

    Raises
    ------
    CheckpointError
        As in `resume`.
    UsageError
        `n_starts` below 1, or a wrong seed.
    """
    if n_starts is not None:
        need_count("n_starts", n_starts, 1)
    resolve_threads(n_threads)
    directory = RunDirectory.open(path, write=False)
    network, task, optimizer, checkpoint = _restore(directory, network, task)
    best = directory.load_best()
    loop = Loop(network, task, optimizer, directory.config, n_threads, None, False)
    if best is None or best.generation != checkpoint.state.generation:
        best = loop.choose(checkpoint)
    return loop.score(best, n_starts, seed)


def load_solution(path: str | os.PathLike[str], network: Network) -> NDArray[np.float64]:
    """Return the solution of a finished run as a genome of `network`, to start from.

    Parameters
    ----------
    path : path
        The run directory.
    network : Network
        Of the same connectome and with the same genome; or with individual weights where the run's
        were shared, which are then expanded.

    Returns
    -------
    (n_parameters,) float64

    Raises
    ------
    CheckpointError
        `path` is not a run directory, or damaged.
    UsageError
        The run has not ended, or its networks are of another kind.
    """
    directory = RunDirectory.open(path, write=False)
    best = directory.load_best()
    if best is None:
        raise UsageError(f"{path} has no solution yet; finish it first: {directory.resume_command}")
    if directory.config["connectome"]["checksum"] != network.connectome.checksum:
        raise UsageError(f"{path} is a run of another connectome")
    genome, slices, options = best.genome, best.slices, directory.config["network"]
    if options["weights"] == "shared" and network.weights == "individual":
        from conncore.network.network import Network

        shared = Network(network.connectome, network.task, **options)
        genome = shared.expand(genome[None])[0]
        slices = shared.with_individual_weights().layout.slices
    if slices != network.layout.slices:
        raise UsageError(
            f"{path} holds genomes with the slices {_sizes(best.slices)}; "
            f"this network needs {_sizes(network.layout.slices)}"
        )
    return genome


def load_run(path: str | os.PathLike[str]) -> tuple[Network, NDArray[np.float64]]:
    """Return the network of a finished run, and its solution.

    Raises
    ------
    CheckpointError
        `path` is not a run directory, or damaged.
    UsageError
        The run has not ended.
    """
    network = _restore(RunDirectory.open(path, write=False), None, None)[0]
    return network, load_solution(path, network)


def _sizes(slices: dict[str, slice]) -> str:
    return ", ".join(f"{name} {part.stop - part.start}" for name, part in slices.items())


def _describe(
    network: Network,
    task: Task,
    optimizer: Optimizer[Any],
    generations: int,
    seed: int,
    n_threads: int,
) -> dict[str, Any]:
    connectome = network.connectome
    return {
        "run": {
            "seed": seed,
            "generations": generations,
            "threads": n_threads,
            "date": datetime.now(UTC).replace(microsecond=0),
        },
        "connectome": {
            "name": connectome.name,
            "checksum": connectome.checksum,
            "n_cells": connectome.n_cells,
            "n_edges": connectome.n_edges,
        },
        "network": dict(network.describe()),
        "task": dict(task.describe()),
        "optimizer": optimizer.describe(),
        "versions": versions(),
    }


def _restore(
    directory: RunDirectory, network: Network | None, task: Task | None
) -> tuple[Network, Task, Optimizer[Any], Checkpoint[Any]]:
    """Rebuild everything that a run directory describes."""
    config = directory.config
    connectome = directory.connectome()
    optimizer = make_optimizer(**config["optimizer"])
    checkpoint = directory.load_checkpoint(OPTIMIZERS[optimizer.name].state_type)
    if task is None:
        from conncore.tasks import make_task

        task = make_task(**config["task"])
    if network is None:
        from conncore.network.network import Network

        network = Network(connectome, task, **config["network"])
    elif network.connectome.checksum != connectome.checksum:
        raise CheckpointError(f"{directory.path} is a run of another connectome than the network's")
    n_parameters = network.layout.n_parameters
    if len(checkpoint.best_genome) != n_parameters:
        raise CheckpointError(
            f"{directory.path} holds genomes of {len(checkpoint.best_genome)} parameters, "
            f"this conncore gives its network {n_parameters}; use the version in config.toml"
        )
    return network, task, optimizer, checkpoint
