"""Ctrl-C and SIGTERM: the first stops a run after its generation, the second at once."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class RunStopped(KeyboardInterrupt):
    """A signal stopped a run after it was saved. The text says how to resume the run.

    Attributes
    ----------
    exit_status : int
        128 plus the signal's number, as in a shell: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class GracefulStop:
    """A context in which the first SIGINT or SIGTERM only sets `requested`.

    The second one has its usual effect, at once. Signals that were ignored before stay ignored.
    Outside the main thread, where Python allows no signal handlers, nothing changes.

    Contexts may be nested. A signal that comes to the inner one after its last safe point is then
    requested of the outer one.
    """

    def __init__(self) -> None:
        self._signal = 0
        self._previous: dict[int, Any] = {}

    @property
    def requested(self) -> bool:
        """Whether a signal has come."""
        return self._signal != 0

    def leave(self, message: str) -> NoReturn:
        """Raise `RunStopped` with the exit status of the signal that came."""
        raise RunStopped(message, 128 + self._signal)

    def __enter__(self) -> GracefulStop:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        outer = getattr(self._previous.get(self._signal), "__self__", None)
        if isinstance(outer, GracefulStop):
            outer._signal = self._signal  # and the second signal keeps its usual effect
            return
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._signal = number
        # The second signal gets the default action, because a Python handler would have to wait
        # for a kernel that is computing.
        for each in self._previous:
            signal.signal(each, signal.SIG_DFL)
        # os.write, because a handler must not print: it may interrupt another write to the stream.
        # A progress bar hides the cursor, and a process that is killed cannot show it again.
        cursor = b"\x1b[?25h" if os.isatty(2) else b""
        text = b"\nstopping at the next safe point; press Ctrl-C again to stop at once\n"
        with suppress(OSError):  # a stderr that is closed or full ends no run
            os.write(2, cursor + text)
