"""Where tables are printed."""

from __future__ import annotations

from rich.console import Console

_WIDTH = 150  # of a pipe or a file, whose lines may be long


def wide_console() -> Console:
    """Return a console on stdout: as wide as the terminal, or wide enough for the tables.

    It prints words as they are, whatever brackets or colons they hold.
    """
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    return console
