"""``conncore report``: writes a run as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conncore.cli.options import ShownStart, Trust
from conncore.errors import visible


def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A finished run directory.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write. Default: report.html in DIR.")
    ] = None,
    seed: ShownStart = None,
    trust: Trust = False,
) -> None:
    """Write one HTML page of a run: its body, activity, wiring, scores and settings.

    The page needs no network.
    """
    from conncore.evolution.restore import load_run
    from conncore.page.document import write_page
    from conncore.recording.record import record

    run = load_run(directory, trust=trust)
    out = directory / "report.html" if out is None else out
    size = write_page(run, record(run, seed=seed), out)
    typer.echo(f"{visible(str(out))}: {size / 1e6:.2f} MB; open it in a browser")
