"""Rebuild what a run directory describes: its network, its task, its optimiser, its solution."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import CheckpointError, UsageError
from conncore.evolution.loop import Run
from conncore.evolution.records import Best, Checkpoint
from conncore.evolution.run_directory import RunDirectory
from conncore.optimizers import OPTIMIZERS, Optimizer, make_optimizer
from conncore.provenance import versions

if TYPE_CHECKING:
    from conncore.network.network import Network
    from conncore.tasks import Task


def load_run(
    path: str | os.PathLike[str],
    *,
    network: Network | None = None,
    task: Task | None = None,
) -> Run:
    """Load a finished run as `evolve` returned it.

    The directory needs only config.toml, connectome.npz, best.npz and metrics.jsonl.

    Parameters
    ----------
    path : path
        The run directory.
    network, task : Network, Task, optional
        As in `resume`.

    Returns
    -------
    Run
        With the `network` and the `task`, the solution in ``best.genome``, and the `history`.

    Raises
    ------
    CheckpointError
        As in `resume`.
    UsageError
        The run has not ended.

    Examples
    --------
    >>> run = cc.load_run("runs/worm")  # doctest: +SKIP
    >>> run.task.evaluate(run.network, run.best.genome[None], 7)  # doctest: +SKIP
    """
    directory = RunDirectory.open(path, write=False)
    best = _load_solution(directory)
    network, task = restore(directory, network, task)
    _check_length(directory, network, best.genome)
    history = directory.load_history(best.generation)
    return Run(best, history, directory.config, directory.path, network, task)


def load_solution(path: str | os.PathLike[str], network: Network) -> NDArray[np.float64]:
    """Return the solution of a finished run as a genome of `network`, to start from.

    Parameters
    ----------
    path : path
        The run directory.
    network : Network
        A network of the same connectome whose genome has the same slices. If the run's weights are
        shared, they may be individual here: the solution is then expanded.

    Returns
    -------
    (n_parameters,) float64

    Raises
    ------
    CheckpointError
        `path` is not a run directory, or damaged.
    UsageError
        The run has not ended, or `network` does not fit it.
    """
    directory = RunDirectory.open(path, write=False)
    best = _load_solution(directory)
    if directory.config["connectome"]["checksum"] != network.connectome.checksum:
        raise UsageError(f"{path} is a run of another connectome")
    genome, slices = best.genome, best.slices
    if directory.config["network"]["weights"] == "shared" and network.weights == "individual":
        from conncore.network.network import Network

        with _this_version(directory):
            shared = Network(network.connectome, network.task, **directory.config["network"])
        genome = shared.expand(genome[None])[0]
        slices = shared.with_individual_weights().layout.slices
    if slices != network.layout.slices:
        raise UsageError(
            f"{path} holds genomes with the slices {_sizes(best.slices)}; "
            f"this network needs {_sizes(network.layout.slices)}"
        )
    return genome


def restore(
    directory: RunDirectory, network: Network | None, task: Task | None
) -> tuple[Network, Task]:
    """Rebuild what is None of network and task, and check that the network is the run's."""
    connectome = directory.connectome()
    if task is None:
        from conncore.tasks import make_task

        with _this_version(directory):
            task = make_task(**directory.config["task"])
    if network is None:
        from conncore.network.network import Network

        with _this_version(directory):
            network = Network(connectome, task, **directory.config["network"])
    elif network.connectome.checksum != connectome.checksum:
        raise CheckpointError(f"{directory.path} is a run of another connectome than the network's")
    return network, task


def load_state(directory: RunDirectory, network: Network) -> tuple[Optimizer[Any], Checkpoint[Any]]:
    """Return the optimiser of a run, and the newest checkpoint."""
    with _this_version(directory):
        optimizer = make_optimizer(**directory.config["optimizer"])
    checkpoint = directory.load_checkpoint(OPTIMIZERS[optimizer.name].state_type)
    _check_length(directory, network, checkpoint.best_genome)
    return optimizer, checkpoint


def _load_solution(directory: RunDirectory) -> Best:
    best = directory.load_best()
    if best is None:
        raise UsageError(
            f"{directory.path} has no solution yet; finish it first: {directory.resume_command}"
        )
    return best


def _check_length(directory: RunDirectory, network: Network, genome: NDArray[np.float64]) -> None:
    n_parameters = network.layout.n_parameters
    if len(genome) != n_parameters:
        raise CheckpointError(
            f"{directory.path} holds genomes of {len(genome)} parameters, but this conncore gives "
            f"its network {n_parameters}; {_made_by(directory)}"
        )


@contextmanager
def _this_version(directory: RunDirectory) -> Iterator[None]:
    """If the settings of a run cannot be used here, name the version that made them."""
    try:
        yield
    except (TypeError, UsageError) as error:
        raise CheckpointError(
            f"{directory.path} cannot be restored: {error}; {_made_by(directory)}"
        ) from None


def _made_by(directory: RunDirectory) -> str:
    version = directory.config.get("versions", {}).get("conncore", "an unknown version")
    return f"the run was made by conncore {version}; this is conncore {versions()['conncore']}"


def _sizes(slices: dict[str, slice]) -> str:
    return ", ".join(f"{name} {part.stop - part.start}" for name, part in slices.items())
