"""The run directory: the files of a run, with checkpoints that survive a kill at any moment.

::

    config.toml            all settings of the run, and the versions that made it
    connectome.npz         the connectome
    checkpoint-<n>.npz     the state after n generations; the two newest are kept
    metrics.jsonl          one line per generation; equal runs write equal bytes
    timing.jsonl           the seconds of each generation, which differ between equal runs
    best.npz, curve.png    the solution with its held-out scores, and the learning curve; written
                           when the run ends

A checkpoint holds the whole history, so `resume` can write metrics.jsonl again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import tomllib
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tomli_w
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.errors import CheckpointError, ConncoreError, UsageError
from conncore.evolution.contents import (
    best_arrays,
    check_best,
    check_checkpoint,
    checkpoint_arrays,
    read_best,
    read_checkpoint,
    text_of,
)
from conncore.evolution.records import METRICS, Best, Checkpoint, metrics_line, parse_metrics
from conncore.evolution.schema import check_config, config_digest, parse_timing
from conncore.formats.npz import load_npz, save_npz
from conncore.optimizers.base import S
from conncore.storage import (
    check_digest,
    disk_errors,
    lock_directory,
    pack_npz,
    read_npz,
    sync_directory,
    write_atomically,
)

if TYPE_CHECKING:
    from filelock import BaseFileLock

_KEPT = 2
_CHECKPOINT = re.compile(r"checkpoint-(\d+)\.npz")


def check_free(path: str | os.PathLike[str]) -> None:
    """Raise a `UsageError` if `path` exists."""
    if os.path.lexists(path):
        raise UsageError(
            f"{path} exists already; choose another directory, or resume the run",
            flag=f"--out, or conncore resume {shlex.quote(str(path))}",
        )


def read_timing(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a run directory's timing.jsonl, without a line that a kill cut off.

    Raises
    ------
    CheckpointError
        The file is damaged.
    """
    file = path / "timing.jsonl"
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return parse_timing(text.splitlines(keepends=True))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{file} is damaged ({error}); delete it: it holds only the seconds of generations"
        ) from None


class RunDirectory:
    """An open run directory. Make one with `create` or `open`, and `close` it."""

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        self.path = path
        self.config = config
        self._lock: BaseFileLock | None = None
        self._history_digest: str | None = None  # of the history that best.npz belongs to

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        config: Mapping[str, Any],
        connectome: Connectome,
        start: Checkpoint[Any],
    ) -> RunDirectory:
        """Create the directory and lock it. On any error, no directory is left.

        Raises
        ------
        UsageError
            `path` exists; it is not changed.
        ConncoreError
            `path` cannot be written.
        """
        path = Path(path)
        check_free(path)
        building = path.with_name(f".{uuid.uuid4().hex}.tmp")  # short, whatever the name
        made = cls(building, tomllib.loads(tomli_w.dumps(config)))
        try:
            with disk_errors(path, "choose another directory, or make room"):
                building.mkdir(parents=True)
                made._lock = lock_directory(building)
                save_npz(connectome, building / "connectome.npz")
                made._write_config()
                made._write_checkpoint(start)
                os.rename(building, path)  # fails if another process made it meanwhile
                made.path = path
                sync_directory(path.parent)
        except BaseException:
            made.discard()
            raise
        return made

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, write: bool) -> RunDirectory:
        """Open an existing run. With `write`, lock it and remove half-written files.

        Raises
        ------
        CheckpointError
            `path` is not a run directory, or its config.toml cannot be read.
        UsageError
            With `write`: another process is running this run.
        """
        path = Path(path)
        file = path / "config.toml"
        try:
            config = tomllib.loads(file.read_text(encoding="utf-8"))
            check_config(config)
            digest = config.pop("digest", None)  # files of early versions have none
            if digest not in (None, config_digest(config)):
                raise ValueError("it was edited; restore it, and set options on the command line")
        except (FileNotFoundError, NotADirectoryError):
            if not path.exists():
                raise CheckpointError(f"{path}: no such directory") from None
            raise CheckpointError(f"{path} is not a run directory: it has no config.toml") from None
        except (OSError, ValueError, RecursionError) as error:
            raise CheckpointError(f"{file} cannot be used: {error}") from None
        read_timing(path)  # a damaged file raises now, not after hours of work
        directory = cls(path, config)
        if write:
            with disk_errors(path, "make the directory writable"):
                directory._lock = lock_directory(path)
                for stray in path.glob(".*.tmp"):
                    stray.unlink()
        return directory

    def close(self) -> None:
        """Release the lock."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def discard(self) -> None:
        """Remove the directory."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def resume_command(self) -> str:
        """The command that resumes this run."""
        return f"conncore resume {shlex.quote(str(self.path))}"

    # Reading

    def connectome(self) -> Connectome:
        """Return the run's connectome.

        Raises
        ------
        CheckpointError
            connectome.npz is damaged, or is not the connectome that config.toml names.
        """
        file = self.path / "connectome.npz"
        try:
            connectome = load_npz(file)
        except (ConncoreError, OSError, ValueError) as error:
            raise CheckpointError(f"{file} cannot be read: {error}") from None
        config = self.config["connectome"]
        if connectome.checksum != config["checksum"]:
            raise CheckpointError(
                f"{file} is not the connectome of this run: its checksum is "
                f"{connectome.checksum[:12]}, config.toml has "
                f"{config['checksum'][:12]}; restore the two from the same run"
            )
        if connectome.name != config["name"]:
            raise CheckpointError(
                f"{file} has the name {connectome.name!a}, config.toml has {config['name']!a}; "
                "restore the two from the same run"
            )
        return connectome

    def checkpoints(self) -> list[int]:
        """Return the generations that have a checkpoint, newest first."""
        found = (_CHECKPOINT.fullmatch(file.name) for file in self.path.iterdir())
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def load_checkpoint(self, state_type: type[S]) -> Checkpoint[S]:
        """Return the newest checkpoint.

        Raises
        ------
        CheckpointError
            There is no checkpoint; or the newest is damaged, or has another format, or belongs to
            another run.
        """
        generations = self.checkpoints()
        if not generations:
            raise CheckpointError(
                f"{self.path} has no checkpoint, so it cannot be resumed; start the run again"
            )
        file = self._checkpoint_file(generations[0])
        advice = "there is no older checkpoint: start the run again"
        if len(generations) > 1:
            advice = f"delete it to resume from {self._checkpoint_file(generations[1]).name}"
        arrays = read_npz(file, advice)
        try:
            checksum, fingerprint = text_of(arrays, "checksum"), text_of(arrays, "fingerprint")
            checkpoint = read_checkpoint(arrays, state_type)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{file} is damaged ({error}); {advice}") from None
        if checksum != self.config["connectome"]["checksum"]:
            raise CheckpointError(f"{file} belongs to another connectome; {advice}")
        if fingerprint != self.fingerprint:
            raise CheckpointError(
                f"{file} belongs to a run with other settings than config.toml has; {advice}"
            )
        n_done = checkpoint.state.generation
        if len(checkpoint.history) != n_done or n_done != generations[0]:
            raise CheckpointError(f"{file} does not hold generation {generations[0]}; {advice}")
        try:
            check_checkpoint(checkpoint, self.config["run"]["seed"])
            check_digest(arrays)
        except ValueError as error:
            raise CheckpointError(f"{file} is damaged ({error}); {advice}") from None
        return checkpoint

    def load_best(self) -> Best | None:
        """Return the solution, or None if the run has not ended.

        Raises
        ------
        CheckpointError
            best.npz is damaged, or belongs to another run.
        """
        file = self.path / "best.npz"
        if not file.exists():
            return None
        advice = f"delete it and run: {self.resume_command}"
        arrays = read_npz(file, advice)
        try:
            fingerprint, best = text_of(arrays, "fingerprint"), read_best(arrays)
            check_best(best)
            check_digest(arrays)
            self._history_digest = text_of(arrays, "history") if "history" in arrays else None
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{file} is damaged ({error}); {advice}") from None
        if fingerprint != self.fingerprint:
            raise CheckpointError(f"{file} belongs to another run; {advice}")
        return best

    def load_history(self, n_generations: int) -> NDArray[np.void]:
        """Return the first generations of metrics.jsonl, an array of dtype `METRICS`.

        Call `load_best` first: best.npz has a digest of the history.

        Raises
        ------
        CheckpointError
            metrics.jsonl is missing, damaged or too short.
        """
        file = self.path / "metrics.jsonl"
        try:
            lines = file.read_text(encoding="utf-8").splitlines()[:n_generations]
            history = np.array([parse_metrics(line) for line in lines], dtype=METRICS)
            if history["generation"].tolist() != list(range(n_generations)):
                raise ValueError(f"it does not hold generations 0 to {n_generations - 1}")
            if self._history_digest not in (None, _history_digest(history)):
                raise ValueError("it is not the history of best.npz")
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise CheckpointError(
                f"{file} cannot be used ({error}); write it again with: {self.resume_command}"
            ) from None
        return history

    # Writing

    def save_checkpoint(self, checkpoint: Checkpoint[Any]) -> None:
        """Write a checkpoint, then remove all but the two newest.

        Raises
        ------
        ConncoreError
            The checkpoint cannot be written, as on a full disk. The older ones are intact.
        """
        with self._disk_errors(f"checkpoint-{checkpoint.state.generation}.npz"):
            self._write_checkpoint(checkpoint)
            self._remove_old_checkpoints()

    def _remove_old_checkpoints(self) -> None:
        for generation in self.checkpoints()[_KEPT:]:
            self._checkpoint_file(generation).unlink(missing_ok=True)

    def append(self, record: NDArray[np.void], timing: Mapping[str, float]) -> None:
        """Append a generation to metrics.jsonl and timing.jsonl; `timing` is in seconds."""
        times = {name: round(seconds, 6) for name, seconds in timing.items()}
        line = _timing_line({"generation": record["generation"].item()} | times)
        for name, text in (("metrics.jsonl", metrics_line(record)), ("timing.jsonl", line)):
            with (
                self._disk_errors(name),
                open(self.path / name, "a", encoding="utf-8", newline="\n") as file,
            ):
                file.write(text)

    def rewind(self, checkpoint: Checkpoint[Any], generations: int) -> None:
        """Restore the files of the moment after `checkpoint`, and set the number of generations."""
        n_done = checkpoint.state.generation
        kept = [_timing_line(t) for t in read_timing(self.path) if t["generation"] < n_done]
        metrics = "".join(metrics_line(record) for record in checkpoint.history)
        self.config["run"]["generations"] = generations
        with self._disk_errors("config.toml"):
            self._remove_old_checkpoints()  # a kill may have come before their removal
            self._write("metrics.jsonl", metrics.encode())
            self._write("timing.jsonl", "".join(kept).encode())
            self._write_config()

    def save_best(self, best: Best, history: NDArray[np.void]) -> None:
        """Write best.npz; `history` is that of the generations before."""
        content = pack_npz(
            fingerprint=np.array(self.fingerprint),
            history=np.array(_history_digest(history)),
            **best_arrays(best),
        )
        with self._disk_errors("best.npz"):
            self._write("best.npz", content)

    @property
    def fingerprint(self) -> str:
        """A digest of all settings that decide a run's numbers. Its files carry it."""
        config, run = self.config, self.config["run"]
        parts = [config[key] for key in ("network", "task", "optimizer")]
        parts += [config["connectome"]["checksum"], run["seed"], run.get("start")]
        parts += [run[key] for key in ("episodes", "common_starts") if key in run]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _checkpoint_file(self, generation: int) -> Path:
        return self.path / f"checkpoint-{generation}.npz"

    def _write_checkpoint(self, checkpoint: Checkpoint[Any]) -> None:
        content = pack_npz(
            checksum=np.array(self.config["connectome"]["checksum"]),
            fingerprint=np.array(self.fingerprint),
            **checkpoint_arrays(checkpoint),
        )
        self._write(self._checkpoint_file(checkpoint.state.generation).name, content)

    def _write_config(self) -> None:
        content = {"digest": config_digest(self.config), **self.config}
        self._write("config.toml", tomli_w.dumps(content).encode())

    def _write(self, name: str, content: bytes) -> None:
        write_atomically(self.path / name, content)

    def _disk_errors(self, name: str) -> AbstractContextManager[None]:
        return disk_errors(self.path / name, f"make room and run: {self.resume_command}")


def _timing_line(timing: Mapping[str, Any]) -> str:
    return json.dumps(timing) + "\n"


def _history_digest(history: NDArray[np.void]) -> str:
    text = "".join(metrics_line(record) for record in history)
    return hashlib.sha256(text.encode()).hexdigest()
