"""FlyWire Codex downloads: connections, and optionally neurons and classification.

connections: pre_root_id, post_root_id, neuropil, syn_count, nt_type. It has one row per pair and
neuropil; the reader sums the rows of a pair. Synapse coordinates (pre_root_id, post_root_id, x, y,
z; without syn_count) are read as connections, too: each row is one synapse, and an empty id means
the id of the row above. neurons: root_id, nt_type, nt_type_score.
classification: root_id and labels such as flow, super_class, class, cell_type.
consolidated_cell_types: root_id, primary_type. Cell ids are stored as strings, so 64-bit ids are
never rounded. Signs are unknown; `Connectome.sign_by_transmitter`
gives them.
"""

from __future__ import annotations

import math
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.transmitters import transmitter_name
from conncore.formats._build import Groups, Words, make, number_cells
from conncore.formats._files import Source, open_file, open_source
from conncore.formats._open_table import open_table
from conncore.formats._tables import Table, number
from conncore.formats._unpack import unpacked_name

COLUMNS = ("pre_root_id", "post_root_id", "neuropil", "syn_count", "nt_type")


def read_codex(
    path: str | PathLike[str],
    *,
    neurons: str | PathLike[str] | None = None,
    classification: str | PathLike[str] | None = None,
    classes: str = "class",
    neuropil: str | None = None,
) -> Connectome:
    """Read a connectome from FlyWire Codex files.

    Parameters
    ----------
    path : path
        The connections or the synapse coordinates as .csv or .csv.gz; or a directory or zip
        archive with connections and optionally neurons, classification and
        consolidated_cell_types.
    neurons, classification : path, optional
        These files, if `path` is the table of connections.
    classes : str
        The column of the classification that gives the class of a cell.
    neuropil : str, optional
        Read only the synapses in these neuropils, separated by commas.

    Returns
    -------
    Connectome
        First the cells of `neurons` in its order, then others as they appear. Without `neurons`
        a cell's transmitter is that of most of its outgoing synapses. Attributes: "confidence"
        (the nt_type_score), all columns of the classification, and "type" (the consolidated type).

    Raises
    ------
    ConnectomeError
        With file, line and column, if a file cannot be understood.
    """
    file = open_file(path)
    files: dict[str, Source] = {}
    if file.path.is_dir() or Path(unpacked_name(file.path.name)).suffix.lower() in (
        ".zip",
        ".tar",
        ".tgz",
    ):
        for name, member in file.folder(".csv").items():
            kind = name.partition(".")[0].partition("_")[0].lower()
            if kind in ("connections", "neurons", "classification", "consolidated"):
                if kind in files:
                    raise member.error(f"there are several tables of {kind}; give one")
                files[kind] = member
    else:
        files["connections"] = file.source
    for kind, other in (("neurons", neurons), ("classification", classification)):
        if other is not None:
            files[kind] = open_source(other)
    if "connections" not in files:
        raise file.error("holds no connections*.csv")
    cells: list[str] = []
    by_name: dict[str, str] = {}
    scores: dict[str, float] = {}
    if "neurons" in files:
        cells, by_name, scores = _read_neurons(files["neurons"])
    wanted = [title for title in COLUMNS if title != "neuropil" or neuropil is not None]
    wanted.append("x")  # a table of synapses has it
    table = open_table(files["connections"], wanted)
    pre, post, weight, kinds = _connections(table, neuropil)
    names, heads, tails = number_cells(pre, post, cells)
    groups = Groups.of(heads, tails, len(names))
    if "neurons" not in files and kinds is not None:
        by_name = _majority(names, heads, kinds, weight)
    attributes: dict[str, Any] = {}
    if scores:
        attributes["confidence"] = np.array([scores.get(name, math.nan) for name in names])
    if "classification" in files:
        columns = _read_classes(files["classification"], classes)
        for key, labels in columns.items():
            attributes[key] = [labels.get(name, "") for name in names]
    if "consolidated" in files:
        labels = _read_classes(files["consolidated"], "primary_type")["primary_type"]
        attributes["type"] = [labels.get(name, "") for name in names]
    if not names:
        raise table.source.error("there are no connections below the line of column names")
    return make(
        table.source,
        name=file.path.name if file.path.is_dir() else file.path.name.partition(".")[0],
        pre=heads[groups.first],
        post=tails[groups.first],
        weight=groups.sums(weight),
        names=names,
        classes=attributes.get(classes),
        attributes=attributes,
        transmitters=[by_name.get(name, "") for name in names],
    )


def _connections(
    table: Table, neuropil: str | None
) -> tuple[Words, Words, NDArray[np.float64], Words | None]:
    ends = [table.need(title) for title in COLUMNS[:2]]
    if table.find("syn_count", None) is None and table.find("x", None) is not None:
        pre, post = (_filled(table, title) for title in ends)
        weight = np.ones(len(pre))
    else:
        pre, post = (table.names(title) for title in ends)
        weight = table.weights(table.need("syn_count"))
    title = table.find("nt_type", None)
    kinds = None if title is None else table.words(title)
    if neuropil is None:
        return pre, post, weight, kinds
    wanted = {word.strip().lower() for word in neuropil.split(",")}
    where = table.words(table.need("neuropil"))
    rows = np.flatnonzero(where.map(lambda word: word.lower() in wanted, np.bool_))
    if not rows.size:
        raise table.source.error(f"there is no synapse in neuropil {neuropil!r}")
    kinds = None if kinds is None else kinds.take(rows)
    return pre.take(rows), post.take(rows), weight[rows], kinds


def _filled(table: Table, title: str) -> Words:
    """A column of ids, where an empty word means the one above."""
    column = table.words(title)
    if "" not in column.words:
        return column
    given = column.codes != column.words.index("")
    if given.size and not given[0]:
        raise table.error(0, title, "the first row has no id to repeat")
    rows = np.maximum.accumulate(np.where(given, np.arange(len(given)), 0))
    return column.take(rows)


def _majority(
    names: list[str], heads: NDArray[np.int32], kinds: Words, weight: NDArray[np.float64]
) -> dict[str, str]:
    """The transmitter of most synapses of each cell; none if two have equally many."""
    words = [transmitter_name(word) for word in kinds.words]
    known = sorted(set(words) - {""})
    if not known:
        return {}
    place = {word: i for i, word in enumerate(known)}
    codes = np.array([place.get(word, -1) for word in words])[kinds.codes]
    rows = codes >= 0
    flat = heads[rows].astype(np.int64) * len(known) + codes[rows]
    counts = np.bincount(flat, weight[rows], minlength=len(names) * len(known))
    counts = counts.reshape(len(names), len(known))
    most = counts.max(axis=1)
    single = (most > 0) & ((counts == most[:, None]).sum(axis=1) == 1)
    best = counts.argmax(axis=1)
    return {names[i]: known[best[i]] for i in np.flatnonzero(single).tolist()}


def _read_neurons(source: Source) -> tuple[list[str], dict[str, str], dict[str, float]]:
    """The cells in their order, their transmitters, and the confidence of these."""
    table = open_table(source, ("root_id", "nt_type", "nt_type_score"))
    ids = table.need("root_id")
    names = table.names(ids)
    if len(names.words) != len(names):
        seen = np.zeros(len(names.words), bool)
        for row, code in enumerate(names.codes.tolist()):
            if seen[code]:
                raise table.error(row, ids, f"{names.words[code]!r} appears twice")
            seen[code] = True
    kinds: dict[str, str] = {}
    scores: dict[str, float] = {}
    title = table.find("nt_type", None)
    if title is not None:
        words = table.words(title).map(transmitter_name, np.object_).tolist()
        kinds = dict(zip(names.words, words, strict=True))
    title = table.find("nt_type_score", None)
    if title is not None:
        values = table.words(title).map(_score, np.float64).tolist()
        scores = dict(zip(names.words, values, strict=True))
    return names.words, kinds, scores


def _score(word: str) -> float:
    value = number(word)
    return math.nan if value is None else value


def _read_classes(source: Source, classes: str) -> dict[str, dict[str, str]]:
    """The label of each id, for each column."""
    table = open_table(source, None)
    table.need(classes)
    names = table.names(table.need("root_id"))
    ids = names.tolist()
    columns = {
        key: table.words(table.need(key)).tolist()
        for key in table.titles
        if key and key.lower() != "root_id"
    }
    return {key: dict(zip(ids, words, strict=True)) for key, words in columns.items()}
