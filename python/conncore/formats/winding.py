"""Winding et al. 2023, Supplementary Data S1: the whole brain of a fly larva.

The archive (or directory) holds one matrix for each kind of synapse: all-all (all kinds), ad (axon
to dendrite), aa, da and dd. Rows are presynaptic, entries are numbers of synapses. annotations.csv
gives class and side of the cells: left_id, right_id, celltype. A matrix has no duplicates. Signs
are unknown.
"""

from __future__ import annotations

from dataclasses import replace
from os import PathLike

from conncore.connectome import Connectome
from conncore.connectome.labels import Labels
from conncore.errors import choose
from conncore.formats._files import Source, open_file
from conncore.formats._matrix import connectome_of_matrix
from conncore.formats._open_table import open_table
from conncore.formats.matrix import parse_matrix

PARTS = ("all-all", "ad", "aa", "da", "dd")


def read_winding(path: str | PathLike[str], *, part: str = "all-all") -> Connectome:
    """Read the larval connectome from the supplementary archive.

    Parameters
    ----------
    path : path
        The downloaded zip archive, or the directory that it unpacks to.
    part : {"all-all", "ad", "aa", "da", "dd"}
        The matrix to read.

    Returns
    -------
    Connectome
        Attribute: "side", left or right, if the annotations give it.

    Raises
    ------
    ConnectomeError
        With file, line and column, if a file cannot be understood.
    UsageError
        If `part` is not known.
    """
    choose("part", part, PARTS)
    file = open_file(path)
    name = f"{part}_connectivity_matrix.csv"
    files = file.folder(name, "annotations.csv")
    source = files.get(name)
    if source is None:
        raise file.error(f"holds no {name}")
    matrix = parse_matrix(source, ",")
    if matrix.rows is None or matrix.columns is None:
        raise source.error("the matrix has no ids at its top and left")
    annotations = files.get("annotations.csv")
    connectome = connectome_of_matrix(source, matrix)
    if annotations is None:
        return connectome
    types, sides = _read_annotations(annotations)
    names = connectome.names
    return replace(
        connectome,
        classes=Labels.of(types.get(name, "") for name in names),
        attributes={"side": Labels.of([sides.get(name, "") for name in names])},
    )


def _read_annotations(source: Source) -> tuple[dict[str, str], dict[str, str]]:
    """The cell type and side of each id. A cell without a partner has the partner "no pair"."""
    columns = ("left_id", "right_id", "celltype")
    table = open_table(source, columns)
    left, right, types = (table.words(table.need(title)).tolist() for title in columns)
    sides = dict.fromkeys(right, "right") | dict.fromkeys(left, "left")
    return dict(zip([*left, *right], [*types, *types], strict=True)), sides
