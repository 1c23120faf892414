"""Progress of a run: a bar on a terminal and in a notebook, plain lines elsewhere."""

from __future__ import annotations

import io
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import TracebackType
from typing import IO, Any, TextIO, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from conncore.errors import visible
from conncore.report.notebook import html_progress

_SECONDS_BETWEEN_LINES = 5.0
_SECONDS_BETWEEN_BARS = 0.2  # in a notebook
_RECENT = 20  # generations that the speed is averaged over


def say(text: str) -> None:
    """Print a line on stderr, escaped by `visible`; ignore a stderr that is closed or full."""
    if sys.stderr is not None:  # print would take stdout
        with suppress(OSError, ValueError):
            print(visible(text), file=sys.stderr, flush=True)


class _Quiet(io.TextIOBase):
    """A stream for the bar, which also draws from a thread; errors of a closed terminal are lost.

    `stream` is stderr as it was: while the bar is on, Rich has another in its place.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.flush()

    def isatty(self) -> bool:
        return self._stream is not None and not self._stream.closed and self._stream.isatty()

    def fileno(self) -> int:
        return -1 if self._stream is None else self._stream.fileno()


class _NotebookBar:
    """A bar in the output of a notebook's cell. It needs no widgets, so a saved notebook has it."""

    def __init__(self, total: int, completed: int) -> None:
        self._display: Any = import_module("IPython.display")  # a notebook has it
        self._total = total
        self._completed = completed
        self._drawn = -float("inf")
        self._handle = self._display.display(self._html("starting"), display_id=True)

    def update(self, description: str, completed: int | None = None, force: bool = False) -> None:
        """Draw the bar again, a few times a second at most."""
        self._completed = self._completed if completed is None else completed
        now = time.monotonic()
        if force or now - self._drawn >= _SECONDS_BETWEEN_BARS:
            self._drawn = now
            self._handle.update(self._html(description))

    def _html(self, text: str) -> Any:
        return self._display.HTML(html_progress(self._completed, self._total, text))


class RunProgress:
    """Reports the generations of one run: on stderr, or in the cell of a notebook.

    Use it in a ``with`` statement.

    Parameters
    ----------
    n_generations, n_done : int
        Number of generations of the whole run, and number of those done before.
    enabled : bool
        If False, nothing is printed.
    """

    def __init__(self, n_generations: int, n_done: int = 0, enabled: bool = True) -> None:
        self._n_generations = n_generations
        self._enabled = enabled
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RECENT)
        self._last_line = -float("inf")
        self._bar: Progress | None = None
        self._notebook: _NotebookBar | None = None
        self._text = "finished"  # of the last generation, if this process ran one
        console = Console(file=cast("IO[str]", _Quiet(sys.stderr)))
        if enabled and console.is_jupyter:
            self._notebook = _NotebookBar(n_generations, n_done)
        elif enabled and console.is_terminal:
            columns = (
                TextColumn("{task.completed}/{task.total}"),
                BarColumn(bar_width=24),
                TextColumn("{task.description}"),
            )
            self._bar = Progress(*columns, console=console)
            self._task = self._bar.add_task("starting", total=n_generations, completed=n_done)

    def __enter__(self) -> RunProgress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._notebook is not None and error is None:
            self._notebook.update(self._text, force=True)  # in place of "scoring ..."

    def scouted(self, n_left: int) -> None:
        """Report that random genomes were scored, and that `n_left` remain."""
        self._say(f"searching random genomes for a starting point, {n_left:,} left", force=False)

    def scoring(self) -> None:
        """Report that all generations are done and the solution is being scored."""
        self._say("scoring the solution from held-out starts", force=True)

    def advance(
        self,
        generation: int,
        best: float,
        mean: float,
        n_episodes: int,
        n_episodes_left: int,
        seconds: float,
        stage: str = "",
    ) -> None:
        """Report a finished generation.

        Parameters
        ----------
        generation : int
            Number of the generation, from 0.
        best, mean : float
            Best and mean fitness of the generation.
        n_episodes, n_episodes_left : int
            Number of episodes in the generation, and in all that follow.
        seconds : float
            Duration of the generation.
        stage : str
            Part of the search, if it has several.
        """
        self._recent.append((seconds, n_episodes))
        total = sum(seconds for seconds, _ in self._recent) or 1e-9
        speed = sum(n for _, n in self._recent) / total
        left = duration(n_episodes_left / speed)
        rate = f"{speed:,.0f}" if speed >= 100 else f"{speed:.3g}"
        prefix = f"{stage}  " if stage else ""
        text = f"{prefix}best {best:.4g}  mean {mean:.4g}  {rate} episodes/s  {left} left"
        self._text = text
        if self._notebook is not None:
            self._notebook.update(text, generation + 1, force=n_episodes_left == 0)
        elif self._bar is not None:
            self._bar.update(self._task, completed=generation + 1, description=text)
        else:
            number = f"generation {generation + 1}/{self._n_generations}"
            self._say(f"{number}  {text}", force=n_episodes_left == 0)

    def _say(self, text: str, force: bool) -> None:
        if self._notebook is not None:
            self._notebook.update(text, force=force)
        elif self._bar is not None:
            self._bar.update(self._task, description=text)
        elif self._enabled:
            now = time.monotonic()
            if force or now - self._last_line >= _SECONDS_BETWEEN_LINES:
                self._last_line = now
                say(text)


def duration(seconds: float) -> str:
    """Return a duration as short text: 1h05, 3m07s or 12s."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    if whole >= 60:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole}s"


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show on stderr how many of some pieces of work are finished.

    Parameters
    ----------
    what : str
        The pieces, such as "trials".

    Yields
    ------
    callable
        Takes the number of finished pieces and of all pieces. It shows a bar on a terminal, or a
        line every few seconds.
    """
    console = Console(file=sys.stderr)
    last = time.monotonic()
    if console.is_terminal:
        columns = (what, MofNCompleteColumn(), BarColumn(bar_width=24), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda n_done, n_all: bar.update(task, completed=n_done, total=n_all)
        return

    def report(n_done: int, n_all: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{n_done} of {n_all} {what}")

    yield report
