"""`conncore connectome` commands that make one connectome from another, such as `subset`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conncore.cli.options import ExcitatoryShare, Format, Options
from conncore.errors import visible

if TYPE_CHECKING:
    from conncore.connectome import Connectome

Source = Annotated[
    str, typer.Argument(metavar="IN", help="A name from `conncore connectome list`, or a file.")
]
Result = Annotated[
    Path,
    typer.Argument(
        metavar="OUT",
        help="The file to write: NAME.npz or NAME.graphml, which keep everything, or "
        "NAME.edges.csv.",
    ),
]
Conflicts = Annotated[
    str,
    typer.Option(
        help="If the signs of merged edges differ: refuse, or majority (the sign with the most "
        "weight)."
    ),
]


def subset(
    source: Source,
    out: Result,
    format: Format = None,
    option: Options = None,
    cells: Annotated[str | None, typer.Option(help="Names of cells: NAME,NAME.")] = None,
    cell_class: Annotated[
        str | None, typer.Option("--class", help="Classes of cells: CLASS,CLASS.")
    ] = None,
    match: Annotated[
        str | None, typer.Option(help="A regular expression found in the name.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="PROPERTY=WORD,WORD, such as region=EB. Repeat it for several."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", help="Keep only cells near these: NAME,NAME, PROPERTY=WORD or match=REGEX."
        ),
    ] = None,
    hops: Annotated[
        int | None, typer.Option(help="Most chemical edges between a cell and --from. Default: 1.")
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option(help="Direction of these edges: out, in or both. Default: both."),
    ] = None,
    min_weight: Annotated[
        float, typer.Option(help="Leave out chemical edges with a lower weight.")
    ] = 0.0,
) -> None:
    """Keep the cells that meet all conditions, and the edges between them."""
    from conncore.connectome.select import choose_cells
    from conncore.errors import UsageError

    if start is None and (hops is not None or direction is not None):
        raise UsageError("--hops and --direction need --from; give the cells to start from")
    conditions = {}
    for text in [*(where or ()), *([f"class={cell_class}"] if cell_class else ())]:
        key, equals, words = text.partition("=")
        if not equals:
            raise UsageError(f"--where {text!r} is not PROPERTY=WORD")
        conditions[key] = words.split(",")
    if not (conditions or cells or match or start or min_weight):
        raise UsageError(
            "a subset needs a condition; give --cells, --class, --match, --where, --from or "
            "--min-weight"
        )
    connectome = _open(source, format, option)
    part = connectome.subset(
        cells.split(",") if cells else None,
        match=match,
        where=conditions,
        near=choose_cells(connectome, start) if start else None,
        hops=1 if hops is None else hops,
        direction="both" if direction is None else direction,
        min_weight=min_weight,
    )
    _write(part, out)


def merge(
    source: Source,
    out: Result,
    format: Format = None,
    option: Options = None,
    by: Annotated[
        str | None,
        typer.Option(help="The property that the cells of a group share. Default: class."),
    ] = None,
    left_right: Annotated[
        bool, typer.Option("--left-right", help="Merge each left/right pair of cells instead.")
    ] = False,
    conflicts: Conflicts = "refuse",
) -> None:
    """Merge the cells of each class, or of each left/right pair, and add their weights."""
    from conncore.errors import UsageError

    if left_right and by is not None:
        raise UsageError("--by and --left-right exclude each other; give one of them")
    connectome = _open(source, format, option)
    if left_right:
        _write(connectome.merge_left_right(conflicts=conflicts), out)
    else:
        _write(connectome.merge(by or "class", conflicts=conflicts), out)


def split_muscles(
    source: Source, out: Result, format: Format = None, option: Options = None
) -> None:
    """Split left/right-merged muscles (MDlrNN, MVlrNN) in two, each with all its edges."""
    _write(_open(source, format, option).split_muscles(), out)


def sign(
    source: Source,
    out: Result,
    format: Format = None,
    option: Options = None,
    edge_signs: Annotated[
        Path | None, typer.Option(help="A table (pre,post,sign) that replaces the signs of edges.")
    ] = None,
    transmitters: Annotated[
        str | None,
        typer.Option(
            help="Set unknown signs by transmitter: worm, fly or a CSV file (transmitter,sign)."
        ),
    ] = None,
    min_confidence: Annotated[
        float | None, typer.Option(help="Ignore transmitters with a lower confidence.")
    ] = None,
    unknown_signs: Annotated[
        str | None,
        typer.Option(help="What to do with all other edges: refuse, excitatory, drop or random."),
    ] = None,
    excitatory_share: ExcitatoryShare = None,
    seed: Annotated[int, typer.Option(help="Seed for random signs.")] = 0,
) -> None:
    """Set the signs of edges: from a table, then by transmitter, then by a rule for the rest."""
    from conncore.errors import UsageError
    from conncore.formats import open_sign_rule, read_edge_signs

    if edge_signs is None and transmitters is None and unknown_signs is None:
        raise UsageError("give a source of signs: --edge-signs, --transmitters or --unknown-signs")
    if min_confidence is not None and transmitters is None:
        raise UsageError("--min-confidence needs --transmitters")
    if excitatory_share is not None and unknown_signs is None:
        raise UsageError("--excitatory-share needs --unknown-signs random")
    connectome = _open(source, format, option)
    if edge_signs is not None:
        given = f"given:{edge_signs.name}"
        connectome = connectome.sign_edges(read_edge_signs(edge_signs), source=given)
    if transmitters is not None:
        name, rule = open_sign_rule(transmitters)
        connectome = connectome.sign_by_transmitter(
            rule, name=name, min_confidence=min_confidence or 0.0
        )
    if unknown_signs is not None:
        connectome = connectome.settle_signs(unknown_signs, share=excitatory_share, seed=seed)
    _write(connectome, out)


def label(
    source: Source,
    out: Result,
    table: Annotated[
        Path,
        typer.Option(
            help="A table with one cell per row: name, class, transmitter, role, segment, side, "
            "others."
        ),
    ],
    format: Format = None,
    option: Options = None,
    name: Annotated[
        str | None, typer.Option(help="Title of the column of cell names. Default: name.")
    ] = None,
    missing: Annotated[
        str | None, typer.Option(help='Words of the table that mean "no value": WORD,WORD.')
    ] = None,
) -> None:
    """Add classes, transmitters, the body map and other attributes to the cells."""
    from conncore.formats import read_cells

    cells = read_cells(table, name=name, missing=missing)
    _write(_open(source, format, option).annotate(cells), out)


def null(
    source: Source,
    out: Result,
    null: Annotated[str, typer.Option(help="Null model: {nulls}.")],
    seed: Annotated[int, typer.Option(help="Seed of the null model.")] = 0,
    format: Format = None,
    option: Options = None,
) -> None:
    """Draw a null model: keep some properties of the connectome and randomize the rest."""
    from conncore.nulls.models import make_null

    _write(make_null(null, _open(source, format, option), seed), out)


def _open(source: str, format: str | None, options: list[str] | None) -> Connectome:
    from conncore.catalog.shipped import open_connectome

    return open_connectome(source, format=format, options=options or ())


def _write(connectome: Connectome, path: Path) -> None:
    """Write the connectome, and print its counts and what the format left out."""
    from conncore.formats import write

    dropped = write(connectome, path)
    typer.echo(
        f"{visible(str(path))}: {connectome.n_cells} cells, {connectome.n_edges} chemical edges "
        f"({connectome.n_excitatory} excitatory, {connectome.n_inhibitory} inhibitory, "
        f"{connectome.n_unknown} of unknown sign), {connectome.n_gap_junctions} gap junctions; "
        f"dropped: {dropped or 'nothing'}"
    )
