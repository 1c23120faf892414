"""Shiu et al. 2024: the fly brain model's Parquet of connections and CSV of neurons.

Connections: Presynaptic_ID, Postsynaptic_ID, Connectivity and Excitatory (the sign, 1 or -1). Other
columns repeat these four. Completeness: the ids of all neurons in its first column. The reader sums
the rows of a pair. Cell ids are stored as strings, so 64-bit ids are never rounded.
"""

from __future__ import annotations

from os import PathLike

from conncore.connectome import Connectome
from conncore.formats._build import Groups, check_names, make, number_cells
from conncore.formats._files import Source, open_file, open_source
from conncore.formats._open_table import open_table

COLUMNS = ("Presynaptic_ID", "Postsynaptic_ID", "Connectivity", "Excitatory")
SIGNS = {"1": 1, "1.0": 1, "-1": -1, "-1.0": -1, "0": 0, "0.0": 0}


def read_shiu(
    path: str | PathLike[str], *, completeness: str | PathLike[str] | None = None
) -> Connectome:
    """Read a connectome from the model's files.

    Parameters
    ----------
    path : path
        The connections (.parquet, also .csv or Feather with the same columns); or a directory
        with one *Connectivity*.parquet and one *Completeness*.csv (or *connectivity*, ...).
    completeness : path, optional
        The table of neurons, if `path` is the table of connections.

    Returns
    -------
    Connectome
        First the neurons in the order of the table, then others as they appear.

    Raises
    ------
    ConnectomeError
        With file, row and column, if a file cannot be understood.
    """
    file = open_file(path)
    if file.path.is_dir():
        found = sorted(file.path.glob("*[Cc]onnectivity*.parquet"))
        tables = sorted(file.path.glob("*[Cc]ompleteness*.csv*"))
        if len(found) != 1 or len(tables) > 1:
            raise file.error("must hold one Connectivity*.parquet and one Completeness*.csv")
        file, completeness = open_file(found[0]), completeness or (tables[0] if tables else None)
    table = open_table(file.source, COLUMNS)
    cells = [] if completeness is None else _read_ids(open_source(completeness))
    heads, tails = (table.names(table.need(title)) for title in COLUMNS[:2])
    names, pre, post = number_cells(heads, tails, cells)
    weight = table.weights(table.need("Connectivity"))
    title = table.need("Excitatory")
    sign = table.choices(title, SIGNS, lambda word: f"{word!r} is not a sign; use 1 or -1")
    if not names:
        raise table.source.error("there are no connections")
    groups = Groups.of(pre, post, len(names))
    mixed = groups.mixed(sign)
    if mixed.size:
        row = int(groups.rows(int(mixed[0]))[0])
        edge = f"{names[pre[row]]!r} -> {names[post[row]]!r}"
        raise table.error(row, title, f"the rows of edge {edge} have different signs")
    return make(
        table.source,
        pre=pre[groups.first],
        post=post[groups.first],
        weight=groups.sums(weight),
        sign=sign[groups.first],
        names=names,
    )


def _read_ids(source: Source) -> list[str]:
    """The first column. It has no title in the original file."""
    table = open_table(source, ("1",), header=False)
    ids = table.words("1").tolist()
    if ids and not ids[0].isdecimal():
        ids = ids[1:]
    check_names(source, ids, lambda k: f"neuron {k + 1}")
    return ids
