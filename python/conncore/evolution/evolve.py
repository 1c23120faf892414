"""Evolve a network on a task; resume and score the run."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError, need, need_count, real_array
from conncore.evolution.callbacks import Callback
from conncore.evolution.defaults import default_optimizer
from conncore.evolution.limits import check_generations, check_members, check_size
from conncore.evolution.loop import Loop, Run
from conncore.evolution.records import METRICS, Best, Checkpoint
from conncore.evolution.restore import changed_versions, load_state, record_versions, restore
from conncore.evolution.run_directory import RunDirectory, check_free
from conncore.noise import check_seed
from conncore.optimizers import ES, Optimizer
from conncore.provenance import versions
from conncore.tasks.base import Function, as_task
from conncore.threads import resolve_threads

__all__ = ["Run", "evolve", "resume", "score"]

if TYPE_CHECKING:
    from conncore.network.network import Network
    from conncore.tasks import Task


def evolve(
    network: Network,
    task: Task | Function,
    optimizer: Optimizer[Any] | None = None,
    generations: int | None = None,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    n_threads: int | None = None,
    progress: bool = True,
    *,
    start: NDArray[np.float64] | None = None,
    episodes: int = 1,
    common_starts: bool = True,
    callback: Callback | None = None,
) -> Run:
    """Evolve a network's parameters on a task.

    All members of a generation start from the same state, unless `common_starts` is False, and
    each generation has another start. After the last generation there are two candidates: the best
    member of all generations and the optimiser's own solution. The one with the higher mean score
    from the validation starts (16 on most tasks) is the solution of the run. It is then scored from
    the held-out starts (32 on most tasks). No training uses validation starts or held-out starts.

    Parameters
    ----------
    network : Network
    task : Task, or function of (network, genomes, seed)
        A function gets genomes of shape (n_members, n_parameters) and the seed of the start, and
        returns (n_members,) fitness. A run directory does not hold it: give it to `resume` and
        `load_run`, with the network.
    optimizer : Optimizer, optional
        Default: `SuccessiveHalving` if the genome has at most 1,000 parameters and the compiled
        core runs the episodes; otherwise, or with a `start`, ``ES()``.
    generations : int, optional
        Number of generations. Default: 100, or for `SuccessiveHalving` the number that uses its
        budget. If `generations` is given and `optimizer` is not, the budget is chosen for this
        number of generations. Scouting for a start (see `ES`) comes before the first.
    seed : int
        Seed of all random numbers. The same seed gives the same run, to the bit.
    out : path, optional
        Run directory to create. Every generation is saved in it, and `resume` continues the run.
        The first Ctrl-C or SIGTERM stops the run after the current generation. Without `out`, the
        run stays in memory.
    n_threads : int, optional
        Default: all cores. Results do not depend on it.
    progress : bool
        Report progress on stderr.
    start : (n_parameters,) float64, optional
        Genome to start from, instead of random genomes. The ES takes it as its mean and does not
        scout; the GA takes it as every member of generation 0; successive halving begins all starts
        from it.
    episodes : int
        Episodes of each member per generation, from different starts; their mean is the fitness.
    common_starts : bool
        Whether all members of a generation have the same starts. If not, each has its own.
    callback : callable, optional
        Called with a `GenerationEvent` after each generation, such as a `TensorBoard`. It cannot
        change the run. An exception of the callback ends the run and is raised from here. A run
        with `out` is saved before the call, and `resume` continues it.

    Returns
    -------
    Run

    Raises
    ------
    UsageError
        An argument is wrong, or `out` exists. Nothing is written.
    ConncoreError
        `out` cannot be written.
    RunStopped
        Ctrl-C or SIGTERM stopped a run with `out`. It is a KeyboardInterrupt, and its text says how
        to resume the run.

    Examples
    --------
    >>> task = cc.make_task("swimmer6")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task)
    >>> run = cc.evolve(net, task, cc.ES(20, n_scout=64), generations=5, seed=0, progress=False)
    >>> run.best
    <Best: held-out score 32.38 ± 6.95 sd (32 starts), archive, generation 5>
    >>> run.history["mean"].round(1)
    array([-21.2,   4.8,  -2.6,   2.2,   8.2])
    """
    task = as_task(task, network)
    if generations is not None:
        generations = check_generations(generations)
    if optimizer is None:
        optimizer = ES() if start is not None else default_optimizer(network, task, generations)
    generations = optimizer.n_generations if generations is None else generations
    seed = check_seed(seed)
    check_size(network, optimizer)
    config = _describe(network, task, optimizer, generations, seed, resolve_threads(n_threads))
    config["run"] |= training_settings(episodes, common_starts)
    if out is not None:
        check_free(out)
    layout = network.layout
    if start is None:
        initial = network.random_genomes(optimizer.n_initial, seed)
    else:
        initial = np.array(real_array("start", start), dtype=np.float64)[None]
        shape = (layout.n_parameters,)
        need(initial[0].shape == shape, f"start has shape {initial[0].shape}, needs {shape}")
        config["run"]["start"] = start_digest(initial)
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
    loop = Loop(network, task, optimizer, config, n_threads, directory, progress, callback)
    try:
        return loop.run(first)
    except Exception:
        if directory is not None and not loop.scored:
            directory.discard()  # it holds nothing, so the same `out` can be used again
        raise


def resume(
    path: str | os.PathLike[str],
    generations: int | None = None,
    n_threads: int | None = None,
    progress: bool = True,
    *,
    network: Network | None = None,
    task: Task | Function | None = None,
    trust: bool = False,
    callback: Callback | None = None,
) -> Run:
    """Resume a run to its end. The result has the same bits as an uninterrupted run.

    Parameters
    ----------
    path : path
        The run directory.
    generations : int, optional
        New total number of generations. Default: the number that the run was created with.
    n_threads : int, optional
        Default: all cores. Results do not depend on it.
    progress : bool
        Report progress on stderr.
    network, task : Network, Task or function, optional
        By default both are rebuilt from the directory. Give them if the run's task is your own,
        which `make_task` does not know (see `register_task`). Their settings must be those in
        config.toml.
    trust : bool
        Allow the run to import the module that its task names ("module:id"). The module may run
        any code, so do this only with runs of people whom you trust.
    callback : callable, optional
        As in `evolve`. It is called for the generations that are still to do.

    Returns
    -------
    Run

    Raises
    ------
    CheckpointError
        `path` is not a run directory; a file in it is damaged or belongs to another run; `network`
        or `task` is not that of the run; or another version of conncore made the run and this
        version cannot restore it.
    UsageError
        Another process is running it, or `generations` is below the number already done.
    ConncoreError, RunStopped
        As in `evolve`.

    Examples
    --------
    >>> task = cc.make_task("swimmer6")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task)
    >>> run = cc.evolve(net, task, cc.ES(8, n_scout=8), 2, out="runs/short", progress=False)
    >>> longer = cc.resume("runs/short", generations=4, progress=False)
    >>> len(run.history), len(longer.history)
    (2, 4)
    """
    resolve_threads(n_threads)
    directory = RunDirectory.open(path, write=True)
    try:
        network, task = restore(directory, network, task, trust)
        optimizer, checkpoint = load_state(directory, network)
        n_done = checkpoint.state.generation
        total = directory.config["run"]["generations"] if generations is None else generations
        check_generations(total)
        if total < n_done:
            raise UsageError(
                f"{path} has done {n_done} generations already; ask for at least {n_done}"
            )
        directory.load_best()  # a damaged file raises now, not after hours of work
        record_versions(directory, changed_versions(directory), n_done)
        directory.rewind(checkpoint, total)
        loop = Loop(
            network, task, optimizer, directory.config, n_threads, directory, progress, callback
        )
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
    task: Task | Function | None = None,
    trust: bool = False,
) -> Best:
    """Score a run's solution from held-out starts.

    Parameters
    ----------
    path : path
        The run directory. If the run has not ended, its solution so far is scored.
    n_starts : int, optional
        Number of held-out starts. Default: the task's number, 32 on most tasks.
    seed : int, optional
        Seed of the starts. Default: the run's seed. No seed draws a start that training uses.
    n_threads : int, optional
        Default: all cores.
    network, task : Network, Task, optional
        As in `resume`.
    trust : bool
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

    Examples
    --------
    >>> task = cc.make_task("swimmer6")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task)
    >>> run = cc.evolve(net, task, cc.ES(8, n_scout=8), 2, out="runs/scored", progress=False)
    >>> cc.score("runs/scored", n_starts=50).scores.shape
    (50,)
    """
    if n_starts is not None:
        need_count("n_starts", n_starts, 1)
    resolve_threads(n_threads)
    directory = RunDirectory.open(path, write=False)
    network, task = restore(directory, network, task, trust)
    optimizer, checkpoint = load_state(directory, network)
    best = directory.load_best()
    changed_versions(directory)
    if n_starts is not None:
        check_members("n_starts", n_starts, network, "use fewer starts")
    loop = Loop(network, task, optimizer, directory.config, n_threads, None, False)
    if best is None or best.generation < checkpoint.state.generation:
        best = loop.choose(checkpoint)
    return loop.score(best, n_starts, seed)


def start_digest(start: NDArray[np.float64]) -> str:
    """Return the digest of the genome that a run starts from, as config.toml has it."""
    return f"sha256:{hashlib.sha256(start.astype('<f8').tobytes()).hexdigest()}"


def training_settings(episodes: int, common_starts: bool) -> dict[str, Any]:
    """Check how members are scored, and return what differs from one episode and a common start.

    Only a difference is recorded, so that the settings of early runs keep their digests.
    """
    need_count("episodes", episodes, 1, 10_000)
    need(isinstance(common_starts, bool), f"common_starts is {common_starts!r}; give True or False")
    settings: dict[str, Any] = {} if episodes == 1 else {"episodes": int(episodes)}
    return settings if common_starts else {**settings, "common_starts": False}


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
