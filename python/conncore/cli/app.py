"""All commands in one application. A command imports its modules when it runs, so help is fast."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, TextIO

import typer

from conncore.cli.compare import compare
from conncore.cli.connectome import app as connectome_app
from conncore.cli.demo import demo
from conncore.cli.evolve import evolve, resume, score
from conncore.cli.machine import bench, doctor
from conncore.cli.multiverse import multiverse
from conncore.cli.options import Command
from conncore.cli.pictures import export, film, report, watch
from conncore.cli.reproduce import reproduce
from conncore.cli.simulate import simulate
from conncore.errors import (
    ConncoreError,
    ConnectomeWarning,
    NotFiniteWarning,
    UnseededWarning,
    visible,
)

app = typer.Typer(
    name="conncore",
    help="Turn a connectome into a neural network, evolve it on a task, and test whether its "
    "wiring helps.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command(cls=Command)(evolve)
app.command()(resume)
app.command()(score)
app.command()(export)
app.command()(film)
app.command()(report)
app.command()(watch)
app.add_typer(connectome_app, name="connectome")
app.command(cls=Command)(compare)
app.command(cls=Command)(simulate)
app.command(cls=Command)(reproduce)
app.command(cls=Command)(multiverse)
app.command(cls=Command)(demo)
app.command()(doctor)
app.command(cls=Command)(bench)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"conncore {version('conncore')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. An error is one line and an exit status, not a traceback."""
    warnings.showwarning = _print_warning
    try:
        app(prog_name="conncore")
    except ConncoreError as error:
        flag = f" (on the command line: {error.flag})" if error.flag else ""
        _fail(f"{error}{flag}", error.exit_status)
    except OSError as error:  # such as a directory without read permission
        reason = error.strerror or str(error)
        _fail(f"{error.filename}: {reason}" if error.filename else reason, 1)
    except MemoryError:
        _fail("not enough memory; use a smaller population", 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _print_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning of conncore as one line, and any other with its place in the code."""
    if category in (ConnectomeWarning, NotFiniteWarning, UnseededWarning):
        print("warning:", visible(str(message)), file=sys.stderr)
    else:
        text = warnings.formatwarning(message, category, filename, lineno, line)
        print(text, end="", file=sys.stderr)


def _fail(message: str, status: int) -> None:
    print("error:", visible(" ".join(message.splitlines())), file=sys.stderr)
    sys.exit(status)
