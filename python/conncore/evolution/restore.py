"""Rebuild what a run directory describes: its network, its task, its optimiser, its solution."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import CheckpointError, UntrustedRunError, UsageError
from conncore.evolution.loop import Run
from conncore.evolution.progress import say
from conncore.evolution.records import Best, Checkpoint
from conncore.evolution.run_directory import RunDirectory
from conncore.evolution.schema import first_difference, full_settings
from conncore.optimizers import OPTIMIZERS, Optimizer, make_optimizer
from conncore.provenance import versions
from conncore.tasks.base import Function, as_task

if TYPE_CHECKING:
    from conncore.connectome import Connectome
    from conncore.network.network import Network
    from conncore.tasks import Task


def load_run(
    path: str | os.PathLike[str],
    *,
    network: Network | None = None,
    task: Task | Function | None = None,
    trust: bool = False,
) -> Run:
    """Load a finished run as `evolve` returned it.

    The directory needs only config.toml, connectome.npz, best.npz and metrics.jsonl.

    Parameters
    ----------
    path : path
        The run directory.
    network, task : Network, Task, optional
        As in `resume`.
    trust : bool
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
    >>> task = cc.make_task("swimmer6")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task)
    >>> run = cc.evolve(net, task, cc.ES(8, n_scout=8), 2, out="runs/kept", progress=False)
    >>> same = cc.load_run("runs/kept")
    >>> same.best.mean == run.best.mean
    True
    """
    directory = RunDirectory.open(path, write=False)
    best = _load_solution(directory)
    network, task = restore(directory, network, task, trust)
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

        with this_version(directory):
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
    directory: RunDirectory, network: Network | None, task: Task | Function | None, trust: bool
) -> tuple[Network, Task]:
    """Rebuild what is None of network and task, and check that what is given is the run's.

    With `trust`, the run may import the module that its task names.
    """
    connectome = directory.connectome()
    if task is None:
        task = _rebuild_task(directory, trust)
    else:
        task = as_task(task, network)
        rebuild_task = partial(_rebuild_task, directory, trust)
        _check_given(directory, "task", task.describe(), rebuild_task, task.locations)
    if network is None:
        network = _rebuild_network(directory, connectome, task)
    elif network.connectome.checksum != connectome.checksum:
        raise CheckpointError(f"{directory.path} is a run of another connectome than the network's")
    else:
        if not _same_body(network.connectome, connectome):
            raise CheckpointError(
                f"{directory.path} is a run of another body map than the network's"
            )
        rebuild = partial(_rebuild_network, directory, connectome, task)
        _check_given(directory, "network", network.describe(), rebuild)
    return network, task


def _rebuild_task(directory: RunDirectory, trust: bool) -> Task:
    from conncore.tasks import make_task

    name = directory.config["task"]["name"]
    if ":" in name and not trust:
        raise UntrustedRunError(
            f"the task {name!r} of {directory.path} imports the module {name.partition(':')[0]!r}, "
            "which may run any code; if you trust the run, say so with trust=True",
            flag="--trust",
        )
    with this_version(directory):
        return make_task(**full_settings(directory.config["task"]))


def _rebuild_network(directory: RunDirectory, connectome: Connectome, task: Task) -> Network:
    from conncore.network.network import Network

    with this_version(directory):
        return Network(connectome, task, **directory.config["network"])


def _check_given(
    directory: RunDirectory,
    part: str,
    given: Mapping[str, Any],
    rebuild: Callable[[], Network | Task],
    locations: Collection[str] = (),
) -> None:
    """Check that the given network or task is described as in config.toml, but for locations."""
    there = {key: value for key, value in directory.config[part].items() if key not in locations}
    given = {key: value for key, value in given.items() if key not in locations}
    different = first_difference(there, given, part)
    if different is None:
        return
    if given.keys() - there.keys():  # a version that had no such option may have made the run
        with suppress(CheckpointError):
            different = first_difference(rebuild().describe(), given, part)
    if different is not None:
        name, old, new = different
        raise CheckpointError(
            f"{directory.path} is a run with other settings: {name} is {old!a} there and {new!a} "
            f"in the {part} given; give the run's {part}, or start a new run"
        )


def _same_body(one: Connectome, other: Connectome) -> bool:
    if one.body is None or other.body is None:
        return one.body is other.body
    names = [field.name for field in dataclasses.fields(one.body)]
    return all(np.array_equal(getattr(one.body, n), getattr(other.body, n)) for n in names)


def changed_versions(directory: RunDirectory) -> dict[str, str]:
    """Return the versions of today that are not those which used the run last; say them."""
    config = directory.config
    known = dict(config.get("versions", {}))
    for entry in config.get("resumed", []):
        known |= entry["versions"]
    changed = {name: new for name, new in versions().items() if known.get(name) != new}
    if changed:
        words = (f"{name} {known.get(name, 'unknown')} is now {changed[name]}" for name in changed)
        say(
            f"{directory.path} was run with other versions: {', '.join(words)}; "
            "numbers may differ in their last bits"
        )
    return changed


def record_versions(directory: RunDirectory, changed: Mapping[str, str], generation: int) -> None:
    """Record versions that changed before `generation` in the config, outside the fingerprint."""
    if changed:
        date = datetime.now(UTC).replace(microsecond=0)
        entry = {"generation": generation, "date": date, "versions": dict(changed)}
        directory.config.setdefault("resumed", []).append(entry)


def load_state(directory: RunDirectory, network: Network) -> tuple[Optimizer[Any], Checkpoint[Any]]:
    """Return the optimiser of a run, and the newest checkpoint."""
    with this_version(directory):
        optimizer = make_optimizer(**full_settings(directory.config["optimizer"]))
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
def this_version(directory: RunDirectory) -> Iterator[None]:
    """If the settings of a run cannot be used here, name the version that made them."""
    try:
        yield
    except Exception as error:  # edited settings can make a constructor raise almost anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CheckpointError(
            f"{directory.path} cannot be restored: {reason}; {_made_by(directory)}"
        ) from (None if isinstance(error, (TypeError, UsageError)) else error)


def _made_by(directory: RunDirectory) -> str:
    version = directory.config.get("versions", {}).get("conncore", "an unknown version")
    return f"the run was made by conncore {version}; this is conncore {versions()['conncore']}"


def _sizes(slices: dict[str, slice]) -> str:
    return ", ".join(f"{name} {part.stop - part.start}" for name, part in slices.items())
