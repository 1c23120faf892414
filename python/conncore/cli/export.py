"""``conncore export``: writes a run's solution for other software."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conncore.cli.options import Trust, find_local_modules
from conncore.errors import visible


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A finished run directory.")],
    out: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write: .nir or .pt (PyTorch).")
    ],
    trust: Trust = False,
) -> None:
    """Write the network of a run, with its solution, as a NIR graph or a PyTorch module."""
    from conncore.export import export_run

    if trust:
        find_local_modules()
    network = export_run(directory, out, trust=trust)
    typer.echo(
        f"{visible(str(out))}: {network.connectome.n_cells} {network.neuron} neurons, "
        f"{network.connectome.n_edges} edges"
    )
