"""`conncore connectome`: lists, describes and checks connectomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from itertools import starmap
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from conncore.cli import shape
from conncore.cli.options import Command, Format, Inputs, Options, Outputs, SplitMuscles, ends
from conncore.errors import visible
from conncore.report.console import wide_console

if TYPE_CHECKING:
    from conncore.connectome import Connectome

app = typer.Typer(
    no_args_is_help=True, help="List, describe, check, shape and shuffle connectomes."
)
for command in (
    shape.subset,
    shape.merge,
    shape.split_muscles,
    shape.sign,
    shape.label,
    shape.null,
):
    app.command(cls=Command)(command)

NameOrFile = Annotated[
    str, typer.Argument(help="A name from `conncore connectome list`, or a file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List the connectomes that ship with conncore, and those that it downloads."""
    from conncore.catalog.remote import list_remote
    from conncore.catalog.shipped import list_connectomes

    entries = list_connectomes()
    if as_json:
        typer.echo(json.dumps([asdict(entry) for entry in entries], indent=2))
        return
    name = Column("name", min_width=max(len(entry.name) for entry in entries))
    table = Table(name, "cells", "edges", "known\nsigns", "gap\njunctions", "content", box=None)
    for entry in entries:
        counts = (entry.n_cells, entry.n_edges, entry.n_signed, entry.n_gap_junctions)
        table.add_row(entry.name, *(f"{n:,}" for n in counts), entry.title)
    wide_console().print(table)
    wide_console().print()
    wide_console().print(
        "Not shipped; `conncore connectome info NAME` downloads it or says where to get it:"
    )
    for other in list_remote().values():
        wide_console().print(f" {other.name}: {other.title}", soft_wrap=True)


@app.command("info")
def info(
    name_or_file: NameOrFile,
    split_muscles: SplitMuscles = False,
    format: Format = None,
    option: Options = None,
    as_json: Json = False,
) -> None:
    """Describe a connectome: size, signs, source and citation."""
    connectome, split, _ = _open(name_or_file, split_muscles, format, option)
    _print(describe(connectome) | split, as_json)


@app.command("check")
def check(
    name_or_file: NameOrFile,
    task: Annotated[
        str | None, typer.Option(help="Also look for the inputs and outputs of this task.")
    ] = None,
    inputs: Inputs = None,
    outputs: Outputs = None,
    split_muscles: SplitMuscles = False,
    format: Format = None,
    option: Options = None,
    as_json: Json = False,
) -> None:
    """Print counts and list possible problems, one per line."""
    from conncore.checks.report import check as examine
    from conncore.errors import UsageError
    from conncore.tasks import make_task

    if task is None and (inputs or outputs):
        raise UsageError("--inputs and --outputs need --task")
    connectome, split, repeated = _open(
        name_or_file, split_muscles, format, option, sum_duplicates=True
    )
    chosen = ends(connectome, inputs, outputs)
    report = examine(connectome, None if task is None else make_task(task), **chosen)
    findings = repeated | report.findings
    if as_json:
        _print(report.facts | split | {"findings": findings}, as_json)
        return
    _print(report.facts | split, as_json)
    wide_console().print()
    wide_console().print(f"findings: {len(findings)}")
    for name, line in findings.items():
        wide_console().print(f"{name}: {line}", soft_wrap=True)


def describe(connectome: Connectome) -> dict[str, Any]:
    """The facts that `info` prints."""
    body = connectome.body
    return {
        "name": connectome.name,
        "cells": connectome.n_cells,
        "motor neurons": body.role.count("motor") if body else 0,
        "muscles": body.role.count("muscle") if body else 0,
        "segments": body.n_segments if body else 0,
        "chemical edges": connectome.n_edges,
        "excitatory": connectome.n_excitatory,
        "inhibitory": connectome.n_inhibitory,
        "unknown sign": connectome.n_unknown,
        "gap junctions": connectome.n_gap_junctions,
        "density": round(connectome.density, 6),
        "source": connectome.source,
        "licence": connectome.licence,
        "citation": connectome.citation,
        "checksum": connectome.checksum,
    }


def _open(
    name_or_file: str,
    split_muscles: bool,
    format: str | None,
    options: list[str] | None,
    sum_duplicates: bool = False,
) -> tuple[Connectome, dict[str, str], dict[str, str]]:
    """The connectome, how a split changed its counts, and the rows that were summed."""
    from conncore.catalog.shipped import open_connectome
    from conncore.errors import DuplicateEdgesError

    words = options or []
    repeated = {}
    try:
        connectome = open_connectome(name_or_file, format=format, options=words)
    except DuplicateEdgesError as error:
        if not sum_duplicates:
            raise
        words = [*words, "duplicates=sum"]
        connectome = open_connectome(name_or_file, format=format, options=words)
        repeated = {"duplicates": str(error)}
    if not split_muscles:
        return connectome, {}, repeated
    split = connectome.split_muscles()
    change = (
        f"{connectome.n_cells} -> {split.n_cells} cells, "
        f"{connectome.n_edges} -> {split.n_edges} chemical edges"
    )
    return split, {"muscles split": change}, repeated


def _print(facts: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        keys = {key.lower().replace(" ", "_").replace("-", "_"): v for key, v in facts.items()}
        typer.echo(json.dumps(keys, indent=2))
        return
    table = Table("what", Column(overflow="fold"), box=None, show_header=False)
    for key, value in facts.items():
        table.add_row(key, _words(value))
    wide_console().print(table)
    if facts.get("unknown sign"):
        wide_console().print(
            "A network needs all signs: see `conncore connectome sign --help`, or in Python "
            "Connectome.sign_by_transmitter and Connectome.settle_signs.",
            soft_wrap=True,
        )


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(starmap(_entry, value.items())) or "none"
    if isinstance(value, list):
        shown = ", ".join(value[:20]) + (", ..." if len(value) > 20 else "")
        return f"{len(value)}: {shown}" if value else "none"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value) or "not given"


def _entry(key: str, value: float) -> str:
    if isinstance(value, float):
        return f"{key} {f'{value:,.6f}'.rstrip('0').rstrip('.')}"
    return f"{value:,} {key}"


@app.command()
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
