"""Ctrl-C and SIGTERM: the first lets a generation end, the second ends the process."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class RunStopped(KeyboardInterrupt):
    """A run was stopped by a signal after it was saved; the text says how to continue it.

    Attributes
    ----------
    exit_status : int
        128 plus the signal's number, as shells have it: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class GracefulStop:
    """While it is entered, the first SIGINT or SIGTERM only sets `requested`.

    A second one has its usual effect, at once. Outside the main thread nothing changes, as Python
    allows no signal handlers there; ignored signals stay ignored.
    """

    def __init__(self) -> None:
        self._signal = 0
        self._previous: dict[int, Any] = {}

    @property
    def requested(self) -> bool:
        """Whether a signal came."""
        return self._signal != 0

    def leave(self, message: str) -> NoReturn:
        """Raise the `RunStopped` of the signal that came."""
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
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._signal = number
        # The default action, not a Python handler: it works even while a kernel is computing.
        for each in self._previous:
            signal.signal(each, signal.SIG_DFL)
        # Not print: a handler may interrupt another write to the same stream. The code in front
        # shows the cursor, which a progress bar hides and a process that is killed leaves hidden.
        cursor = b"\x1b[?25h" if os.isatty(2) else b""
        os.write(2, cursor + b"\nfinishing this generation; once more to stop at once\n")
