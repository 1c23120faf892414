"""`conncore connectome convert`: reads any format and writes another."""

from __future__ import annotations

from typing import Annotated

import typer

from conncore.cli.connectome import NameOrFile
from conncore.cli.options import Format, Options, SplitMuscles
from conncore.errors import visible


def convert(
    name_or_file: NameOrFile,
    out: Annotated[str, typer.Argument(help="The file to write: .npz, .graphml, .csv, .tsv.")],
    split_muscles: SplitMuscles = False,
    format: Format = None,
    option: Options = None,
    to: Annotated[
        str | None,
        typer.Option(help="The format to write, if the file name does not decide it: sparse."),
    ] = None,
) -> None:
    """Write a connectome in another format, and list what the format left out."""
    from conncore.catalog.shipped import open_connectome
    from conncore.formats import write

    connectome = open_connectome(name_or_file, split_muscles, format, option or ())
    dropped = write(connectome, out, to)
    counts = f"{connectome.n_cells} cells, {connectome.n_edges} chemical edges"
    gaps = f"{connectome.n_gap_junctions} gap junctions"
    typer.echo(visible(f"{out}: {counts}, {gaps}; dropped: {dropped or 'nothing'}"))
