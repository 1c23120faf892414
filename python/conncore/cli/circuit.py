"""Options that say which connectome a network is made of, and which of its cells sense and act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from conncore.connectome import Connectome

Name = Annotated[
    str, typer.Option(help="A shipped connectome (conncore connectome list) or a file.")
]
Format = Annotated[
    str | None, typer.Option("--format", help="How to read a file, if its name does not tell.")
]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", help="key=value for the reader of a file; may be repeated."),
]
SplitMuscles = Annotated[
    bool,
    typer.Option(
        "--split-muscles",
        help="Split left/right-merged muscles (MDlrNN, MVlrNN) in two, each with all its edges.",
    ),
]
Transmitters = Annotated[
    str | None,
    typer.Option(help="Signs by transmitter: worm, fly or a CSV (transmitter,sign)."),
]
UnknownSigns = Annotated[
    str, typer.Option(help="Edges of unknown sign: refuse, excitatory, drop or random.")
]
ExcitatoryShare = Annotated[
    float | None, typer.Option(help="Share of cells that excite, for random signs.")
]
Inputs = Annotated[
    str | None,
    typer.Option(help="Cells that sense (dense): NAME,NAME, PROPERTY=WORD or match=REGEX."),
]
Outputs = Annotated[str | None, typer.Option(help="Cells that act (dense): chosen like --inputs.")]
Data = Annotated[
    str | None,
    typer.Option(help="Directory of mnist's files; $CONNCORE_DATA or a download if not given."),
]


def open_circuit(
    name: str,
    format: str | None,
    option: list[str] | None,
    split_muscles: bool,
    transmitters: str | None,
    unknown_signs: str,
    excitatory_share: float | None,
    seed: int,
) -> Connectome:
    """Load or read a connectome and settle its signs; `seed` is that of random ones."""
    from conncore.catalog.shipped import open_connectome

    circuit = open_connectome(name, split_muscles, format, option or ())
    if transmitters is not None:
        circuit = circuit.sign_by_transmitter(transmitters)
    return circuit.settle_signs(unknown_signs, share=excitatory_share, seed=seed)


def ends(circuit: Connectome, inputs: str | None, outputs: str | None) -> dict[str, Any]:
    """The cells that sense and act, as options of a network."""
    from conncore.connectome.select import choose_cells

    return {
        "inputs": None if inputs is None else choose_cells(circuit, inputs),
        "outputs": None if outputs is None else choose_cells(circuit, outputs),
    }
