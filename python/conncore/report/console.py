"""The console on which tables are printed."""

from __future__ import annotations

from typing import IO, Any

from rich.console import Console
from rich.text import Text

from conncore.errors import visible

_WIDTH = 150  # columns of a pipe or a file, where lines may be long


class PlainConsole(Console):
    """A console that prints brackets and colons as they are, and control characters escaped.

    Names and citations come from strangers' files. A string, also one in a table, is one line.

    Parameters
    ----------
    file : text file, optional
        Where to print. Default: stdout.
    width : int, optional
        Columns. Default: the terminal's.
    """

    def __init__(self, file: IO[str] | None = None, width: int | None = None) -> None:
        super().__init__(
            file=file,
            width=width,
            markup=False,
            emoji=False,
            highlight=False,
            # Rich would show the text in the notebook, and leave the file empty.
            force_jupyter=False,
            force_terminal=None if file is None else False,
        )

    def render_str(self, text: str, **options: Any) -> Text:
        """Return the text as it is printed; rich calls this for each string."""
        return super().render_str(visible(text), **options)


def wide_console() -> PlainConsole:
    """Return a console on stdout that is as wide as the terminal, or 150 columns without one."""
    console = PlainConsole()
    if not console.is_terminal:
        console.width = _WIDTH
    return console
