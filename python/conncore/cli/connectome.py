"""`conncore connectome`: what ships, what a file holds, and whether it can be used as it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

if TYPE_CHECKING:
    from conncore.connectome import Connectome

app = typer.Typer(no_args_is_help=True, help="List, describe and check connectomes.")

NameOrFile = Annotated[
    str, typer.Argument(help="A name from `conncore connectome list`, or a file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
SplitMuscles = Annotated[
    bool,
    typer.Option(
        "--split-muscles",
        help="Split left/right-merged muscles (MDlrNN, MVlrNN) in two, each with all its edges.",
    ),
]


Format = Annotated[
    str | None, typer.Option("--format", help="How to read a file, if its name does not tell.")
]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", help="key=value for the reader of a file; may be repeated."),
]


@app.command("list")
def list_connectomes(as_json: Json = False) -> None:
    """List the connectomes that ship with conncore."""
    from conncore.catalog import catalog

    if as_json:
        typer.echo(json.dumps([asdict(entry) for entry in catalog()], indent=2))
        return
    table = Table("name", "cells", "edges", "gap", "what", box=None)
    for entry in catalog():
        counts = (str(entry.cells), str(entry.edges), str(entry.gap_junctions))
        table.add_row(entry.name, *counts, entry.title)
    _console().print(table)


@app.command("info")
def info(
    name_or_file: NameOrFile,
    split_muscles: SplitMuscles = False,
    format: Format = None,
    option: Options = None,
    as_json: Json = False,
) -> None:
    """Describe a connectome: size, signs, where it is from and what to cite."""
    connectome, split = _open(name_or_file, split_muscles, format, option)
    _print(describe(connectome) | split, as_json)


@app.command("check")
def check(
    name_or_file: NameOrFile,
    split_muscles: SplitMuscles = False,
    format: Format = None,
    option: Options = None,
    as_json: Json = False,
) -> None:
    """Read a connectome with all checks and count what may need a decision."""
    connectome, split = _open(name_or_file, split_muscles, format, option)
    _print(examine(connectome) | split, as_json)


def describe(connectome: Connectome) -> dict[str, Any]:
    """What `info` prints."""
    body = connectome.body
    return {
        "name": connectome.name,
        "cells": connectome.n_neurons,
        "motor neurons": body.role.count("motor") if body else 0,
        "muscles": body.role.count("muscle") if body else 0,
        "segments": body.n_segments if body else 0,
        "chemical edges": connectome.n_synapses,
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


def examine(connectome: Connectome) -> dict[str, Any]:
    """What `check` prints."""
    import numpy as np

    pre, post = connectome.pre, connectome.post
    ends = np.concatenate((pre, post, connectome.gap_pre, connectome.gap_post))
    degree = np.bincount(ends, minlength=connectome.n_neurons)
    return {
        "name": connectome.name,
        "cells": connectome.n_neurons,
        "types": {"chemical": connectome.n_synapses, "gap": connectome.n_gap_junctions},
        "signs": {
            "excitatory": connectome.n_excitatory,
            "inhibitory": connectome.n_inhibitory,
            "unknown": connectome.n_unknown,
        },
        "sign sources": connectome.sign_source.counts(),
        "classes": _count(connectome.classes),
        "transmitters": _count(connectome.transmitters),
        "density": round(connectome.density, 6),
        "reciprocity": round(_reciprocity(connectome), 6),
        "self-loops": {
            "chemical": int((pre == post).sum()),
            "gap": int((connectome.gap_pre == connectome.gap_post).sum()),
        },
        "isolated cells": [connectome.names[i] for i in np.flatnonzero(degree == 0)],
        "Dale violations": list(connectome.dale_violations()),
        "body map": _body_coverage(connectome),
    }


def _reciprocity(connectome: Connectome) -> float:
    """Fraction of the chemical edges between two cells that have one in return."""
    pairs = set(zip(connectome.pre.tolist(), connectome.post.tolist(), strict=True))
    between = [(i, j) for i, j in pairs if i != j]
    return sum((j, i) in pairs for i, j in between) / len(between) if between else 0.0


def _body_coverage(connectome: Connectome) -> dict[str, int]:
    body = connectome.body
    if body is None:
        return {}
    return {
        "motor": body.role.count("motor"),
        "muscle": body.role.count("muscle"),
        "without a role": body.role.count(""),
        "segments": body.n_segments,
    }


def _count(labels: tuple[str, ...]) -> dict[str, int]:
    return {label or "unknown": n for label, n in sorted(Counter(labels).items())}


def _open(
    name_or_file: str, split_muscles: bool, format: str | None, options: list[str] | None
) -> tuple[Connectome, dict[str, str]]:
    """The connectome, and what a split did to its counts."""
    from conncore.catalog import open_connectome

    connectome = open_connectome(name_or_file, format=format, options=options or ())
    if not split_muscles:
        return connectome, {}
    split = connectome.split_left_right()
    return split, {
        "muscles split": f"{connectome.n_neurons} -> {split.n_neurons} cells, "
        f"{connectome.n_synapses} -> {split.n_synapses} chemical edges"
    }


def _print(facts: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        keys = {key.lower().replace(" ", "_").replace("-", "_"): v for key, v in facts.items()}
        typer.echo(json.dumps(keys, indent=2))
        return
    table = Table("what", Column(overflow="fold"), box=None, show_header=False)
    for key, value in facts.items():
        table.add_row(key, _words(value))
    _console().print(table)
    if facts.get("signs", {}).get("unknown") or facts.get("unknown sign"):
        _console().print(
            "A network needs all signs: settle them with Connectome.sign_by_transmitter or "
            "Connectome.settle_signs."
        )


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{n} {key}" for key, n in value.items()) or "none"
    if isinstance(value, list):
        shown = ", ".join(value[:20]) + (", ..." if len(value) > 20 else "")
        return f"{len(value)}: {shown}" if value else "none"
    return str(value) or "not given"


def _console() -> Console:
    # Names of cells and files are printed as they are, whatever brackets or colons they hold.
    return Console(markup=False, emoji=False, highlight=False)
