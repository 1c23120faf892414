"""Where tables are printed."""

from __future__ import annotations

from rich.console import Console

_WIDTH = 150  # of a pipe or a file, whose lines may be long


def wide_console() -> Console:
    """Return a console on stdout: as wide as the terminal, or wide enough for the tables."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)
