"""A run directory that is read again and again while another process writes it."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import CheckpointError, ConncoreError
from conncore.evolution.loop import run_title
from conncore.evolution.records import METRICS, parse_metrics
from conncore.evolution.restore import load_run, load_state, restore
from conncore.evolution.run_directory import RunDirectory
from conncore.noise import start_seeds
from conncore.page.content import curves, run_facts
from conncore.page.document import render, shown_of
from conncore.page.pictures import record_shown

if TYPE_CHECKING:
    from conncore.evolution.records import Best
    from conncore.recording.episode import Episode

#: After an episode of a running run took t seconds of a core, the next one begins 50 t later. So
#: the page takes at most 2% of one core from the run.
_REST = 50
_RECORDING = "An episode of the solution is being recorded."


class LiveRun:
    """What the page of a finished or a running run shows now. All methods are safe in threads.

    Parameters
    ----------
    path : path
        The run directory. It is only read.
    seed : int, optional
        Number of the held-out start. Default: the first one that scores the run.
    trust : bool
        As in `load_run`.

    Raises
    ------
    CheckpointError
        As in `load_run`. A run that has not ended is fine.
    """

    def __init__(
        self, path: str | os.PathLike[str], seed: int | None = None, trust: bool = False
    ) -> None:
        self._directory = RunDirectory.open(path, write=False)
        self._network, self._task = restore(self._directory, None, None, trust)
        (first,) = start_seeds(self._directory.config["run"]["seed"], "held-out", 1)
        self._seed = first if seed is None else seed
        self._lock = threading.Lock()
        self._history: NDArray[np.void] = np.empty(0, dtype=METRICS)
        self._read = (0, 0)  # inode of metrics.jsonl, and the bytes read of it
        self._seen: dict[str, tuple[int, int, int]] = {}  # files, as they were last
        self._best: Best | None = None
        self._tried = ""  # the solution that was recorded last, in words
        self._chosen = ""  # which member is the best so far
        self._generation: int | None = None  # in which it was found
        self._finished: dict[str, Any] | None = None  # the facts of a run that has ended
        self._shown: tuple[dict[str, Any], str] | None = None
        self._version = 0
        self._problem = _RECORDING
        self._rest_until = 0.0

    # What the server answers

    def page(self) -> str:
        """Return the page as HTML."""
        with self._lock:
            facts: dict[str, Any] = {
                "title": run_title(self._directory.config),
                "run": self._facts(self._history),
                "version": self._version,
                "problem": self._problem,
            }
            shown = [self._shown] if self._shown else []
        return render(facts, shown, self._directory.config, live=True)

    def state(self, after: int) -> str:
        """Return what changed since the page had `after` generations, as JSON."""
        with self._lock:
            start = after if 0 <= after <= len(self._history) else 0
            news = {
                "from": start,
                "run": self._facts(self._history[start:]),
                "version": self._version,
                "problem": self._problem,
            }
        return json.dumps(news, allow_nan=False)

    def episode(self) -> str:
        """Return the episode that is shown, as JSON; null before the first solution."""
        with self._lock:
            if self._shown is None:
                return "null"
            facts, packed = self._shown
            return json.dumps({"version": self._version, "facts": facts, "packed": packed})

    def _facts(self, history: NDArray[np.void]) -> dict[str, Any]:
        """What the page shows of the run, with this part of the history."""
        if self._finished is not None:
            return self._finished | {"history": curves(history)}
        n, total = len(self._history), self._directory.config["run"]["generations"]
        return {
            "summary": f"generation {n} of {total}",
            "chosen": self._chosen,
            "history": curves(history),
            "total": total,
            "shown": self._generation,
            "held_out": [],
        }

    # Reading the directory

    def look(self) -> None:
        """Read what is new in the directory; record an episode if there is a new solution."""
        path = self._directory.path
        try:
            self._read_metrics()
            if self._changed("config.toml"):  # `resume` may have set another number of generations
                self._directory = RunDirectory.open(path, write=False)
            if self._changed("best.npz"):
                self._best = self._directory.load_best()
            if self._best is not None and self._best.generation >= len(self._history):
                self._show_finished(self._best.generation)
            else:
                self._finished = None
                if len(self._history):
                    self._show_best_so_far()
                else:
                    self._problem = (
                        "The run has no solution yet. This page shows the first one when it comes."
                    )
        except ConncoreError as error:
            with self._lock:
                self._problem = f"The page cannot show the newest solution: {error}"
        except FileNotFoundError:
            pass  # the run has just replaced a file; the next look finds the new one

    def _changed(self, name: str) -> bool:
        """Whether the file is another one than at the last look."""
        try:
            status = (self._directory.path / name).stat()
        except FileNotFoundError:
            return False
        now = (status.st_ino, status.st_mtime_ns, status.st_size)
        changed = self._seen.get(name) != now
        self._seen[name] = now
        return changed

    def _read_metrics(self) -> None:
        """Append the lines of metrics.jsonl that are new and whole."""
        file = self._directory.path / "metrics.jsonl"
        try:
            with open(file, "rb") as stream:
                status = os.fstat(stream.fileno())
                inode, position = self._read
                if inode != status.st_ino or status.st_size < position:  # a resumed run wrote it
                    position = 0
                stream.seek(position)
                new = b"".join(stream.read().rpartition(b"\n")[:2])
        except FileNotFoundError:  # before the first generation
            return
        if not new:
            return
        try:
            records = [parse_metrics(line) for line in new.decode().splitlines()]
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{file} is damaged ({error})") from None
        with self._lock:
            kept = self._history if position else self._history[:0]
            self._history = np.concatenate([kept, np.array(records, dtype=METRICS)])
            self._read = (status.st_ino, position + len(new))

    def _show_finished(self, generation: int) -> None:
        name = f"solution after generation {generation}"
        if name == self._tried:
            return
        run = load_run(self._directory.path, network=self._network, task=self._task)
        self._tried = name
        with self._lock:
            self._finished = run_facts(run)
        self._show(*record_shown(run, seed=self._seed))

    def _show_best_so_far(self) -> None:
        started = time.thread_time()
        name = f"best {np.nanmax(self._history['best'], initial=-np.inf)}"
        if name == self._tried or time.monotonic() < self._rest_until:
            return
        _, checkpoint = load_state(self._directory, self._network)
        self._tried = name
        if self._shown is None:
            self._problem = _RECORDING
        fitness = checkpoint.best_fitness
        found = np.flatnonzero(checkpoint.history["best"] == fitness)
        episode, note = record_shown(self._network, checkpoint.best_genome, self._task, self._seed)
        with self._lock:
            self._generation = int(found[0]) if len(found) else None
            where = "the search for a start" if not len(found) else f"generation {found[0] + 1}"
            self._chosen = f"best member so far, of {where}: fitness {fitness:.4g}"
        self._show(episode, note)
        self._rest_until = time.monotonic() + _REST * (time.thread_time() - started)

    def _show(self, episode: Episode, note: str) -> None:
        shown = shown_of(episode, note)
        with self._lock:
            self._shown = shown
            self._version += 1
            self._problem = ""
