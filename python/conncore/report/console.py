"""The console on which tables are printed."""

from __future__ import annotations

from rich.console import Console

_WIDTH = 150  # columns of a pipe or a file, where lines may be long


def wide_console() -> Console:
    """Return a console on stdout that is as wide as the terminal, or 150 columns without one.

    It prints brackets and colons as they are, not as markup.
    """
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    return console
