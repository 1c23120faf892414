"""neuPrint exports: traced-neurons, and total or per-ROI connections.

Connections: bodyId_pre, bodyId_post, weight (and roi in the table per ROI). Results of adjacency
queries also have type_pre and type_post. Neurons: bodyId, type, instance. The reader sums the rows
of a pair. Cell ids are stored as strings, so 64-bit ids are never rounded. Signs and transmitters
are unknown.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np

from conncore.connectome import Connectome
from conncore.formats._build import Groups, Words, make, number_cells
from conncore.formats._files import Source, open_file, open_source
from conncore.formats._open_table import open_table
from conncore.formats._unpack import unpacked_name

COLUMNS = ("bodyId_pre", "bodyId_post", "weight", "roi")
#: Labels of cells: the name in the table of neurons, and in the table of connections.
LABELS = (("type", "type"), ("instance", "name"))


def read_neuprint(
    path: str | PathLike[str],
    *,
    neurons: str | PathLike[str] | None = None,
    roi: str | None = None,
) -> Connectome:
    """Read a connectome from a neuPrint export.

    Parameters
    ----------
    path : path
        A table of connections; or a directory, zip or tar archive with traced-neurons.csv and
        traced-total-connections.csv or traced-roi-connections.csv. If it holds both, the reader
        takes the total, unless `roi` is given.
    neurons : path, optional
        The table of neurons, if `path` is a table of connections.
    roi : str, optional
        Read only the synapses in these regions, separated by commas.

    Returns
    -------
    Connectome
        First the cells of the table of neurons in its order, then others as they appear. The
        class of a cell is its type. Attribute: "instance", if the tables have it.

    Raises
    ------
    ConnectomeError
        With file, line and column, if a file cannot be understood.
    """
    file = open_file(path)
    path = file.path
    known = None if neurons is None else open_source(neurons)
    if path.is_dir() or Path(unpacked_name(path.name)).suffix.lower() in (".zip", ".tar", ".tgz"):
        files = file.folder("traced-")
        kinds = ("roi", "total") if roi is not None else ("total", "roi")
        wanted = [f"traced-{kind}-connections.csv" for kind in kinds]
        found = [files[name] for name in wanted if name in files]
        if not found:
            raise file.error(f"holds neither {wanted[0]} nor {wanted[1]}")
        source = found[0]
        known = known or files.get("traced-neurons.csv")
    else:
        source = file.source
    cells: list[str] = []
    labels: dict[str, dict[str, str]] = {"type": {}, "instance": {}}
    if known is not None:
        cells = _read_neurons(known, labels)
    both_ends = [f"{column}_{end}" for _, column in LABELS for end in ("pre", "post")]
    table = open_table(source, (*COLUMNS, *both_ends))
    pre, post = (table.names(table.need(title)) for title in COLUMNS[:2])
    weight = table.weights(table.need("weight"))
    for key, column in LABELS:
        for ids, end in ((pre, "pre"), (post, "post")):
            title = table.find(f"{column}_{end}", None)
            if title is not None:
                labels[key] |= _first(ids, table.words(title))
    if roi is not None:
        regions = {word.strip().lower() for word in roi.split(",")}
        where = table.names(table.need("roi"))
        rows = np.flatnonzero(where.map(lambda word: word.lower() in regions, np.bool_))
        pre, post, weight = pre.take(rows), post.take(rows), weight[rows]
        if not rows.size:
            raise source.error(f"there is no synapse in region {roi!r}")
    names, heads, tails = number_cells(pre, post, cells)
    if not names:
        raise source.error("there are no connections below the line of column names")
    instances = labels["instance"]
    groups = Groups.of(heads, tails, len(names))
    return make(
        source,
        name=path.name if path.is_dir() else path.name.partition(".")[0],
        pre=heads[groups.first],
        post=tails[groups.first],
        weight=groups.sums(weight),
        names=names,
        classes=[labels["type"].get(name, "") for name in names],
        attributes={"instance": [instances.get(name, "") for name in names]} if instances else {},
    )


def _first(ids: Words, labels: Words) -> dict[str, str]:
    """The label in the first row of each id."""
    _, rows = np.unique(ids.codes, return_index=True)
    return {ids.words[ids.codes[k]]: labels.words[labels.codes[k]] for k in rows.tolist()}


def _read_neurons(source: Source, labels: dict[str, dict[str, str]]) -> list[str]:
    """Return the cells in their order, and add their labels to `labels`."""
    table = open_table(source, ("bodyId", *labels))
    names = table.names(table.need("bodyId"))
    for key, known in labels.items():
        title = table.find(key, None)
        if title is not None:
            known |= _first(names, table.words(title))
    return names.words
