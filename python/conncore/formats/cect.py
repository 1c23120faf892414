"""ConnectomeToolbox (the package cect): its cached data sets as JSON, and its edge list.

JSON: nodes, and connections, which hold a matrix [pre, post] for each class of synapse.
ExcitatoryChem and InhibitoryChem give signs. The class of a transmitter gives the transmitter of
the presynaptic cell. Each gap junction is read once if their matrix is symmetric. An edge in
several classes is one synapse with several transmitters: it gets the largest of its weights, and
its cell gets no transmitter.

Edge list: Source, Target, Weight, Type, with padded names. It gives each gap junction in both
directions; the reader makes one of the two, with the larger weight. The reader refuses several rows
for one edge.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.transmitters import TRANSMITTERS
from conncore.errors import ConnectomeError, DuplicateEdgesError, UsageError
from conncore.formats._build import check_names, fold, is_symmetric, make
from conncore.formats._edge_options import EdgeOptions
from conncore.formats._edge_rows import connectome_of_edges
from conncore.formats._files import Source, open_source
from conncore.formats._json import load_json
from conncore.formats._open_table import open_table

GAP = "Generic_GJ"
SIGNED = {"ExcitatoryChem": 1, "InhibitoryChem": -1}
#: Classes that are no synapses; `layers` must name them.
NO_SYNAPSES = ("Contact", "Functional", "Peptidergic")


def read_cect(path: str | PathLike[str], *, layers: str | None = None) -> Connectome:
    """Read a data set of the ConnectomeToolbox.

    Parameters
    ----------
    path : path
        A file of its cache (.json), an edge list (.csv), or the name of a data set of the
        installed package, for example "cect:Cook2019Herm".
    layers : str, optional
        The classes of synapses to read, separated by commas. If not given, all classes except
        Contact, Functional and Peptidergic.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If the file cannot be understood.
    UsageError
        If the package is not installed, or has no such data set.
    """
    if str(path).startswith("cect:"):
        path = find_cached(str(path).removeprefix("cect:"))
    source = open_source(path)
    if source.suffix != ".json":
        return _read_edge_list(source)
    nodes, connections = load_json(source, ("nodes", "connections"))
    if not isinstance(nodes, list) or not all(isinstance(node, str) for node in nodes):
        raise source.error("'nodes' is not a list of names")
    names = [node.strip() for node in nodes]
    check_names(source, names, lambda k: f"node {k} (counted from 0)")
    if not isinstance(connections, dict):
        raise source.error("'connections' holds no matrices by class")
    wanted = _choose(source, list(connections), layers)
    found = {key: _matrix(source, key, connections[key], len(names)) for key in wanted}
    gaps = found.pop(GAP, (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0)))
    if is_symmetric(*gaps):
        gaps = fold(*gaps)
    pre, post, weight, sign, owners = _merge(source, names, found)
    return make(
        source,
        pre=pre,
        post=post,
        weight=weight,
        sign=sign,
        names=names,
        gap_pre=gaps[0],
        gap_post=gaps[1],
        gap_weight=gaps[2],
        transmitters=owners,
    )


def find_cached(dataset: str) -> Path:
    """The cache file of a data set, by its name with or without "Reader"."""
    spec = find_spec("cect")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError("data sets of the ConnectomeToolbox need cect; pip install cect")
    folder = Path(spec.submodule_search_locations[0]) / "cache"
    files = {file.stem: file for file in folder.glob("*.json")}
    files.pop("symmetry_measures", None)  # it is about the data sets
    for name in (dataset, f"{dataset}Reader", f"{dataset}DataReader"):
        if name in files:
            return files[name]
    raise UsageError(f"cect has no data set {dataset!r}; choose one of: {', '.join(sorted(files))}")


def _choose(source: Source, known: list[str], layers: str | None) -> list[str]:
    if layers is None:
        chosen = [layer for layer in known if layer not in NO_SYNAPSES]
        if not chosen:
            raise source.error(
                f"holds no synapses, only {', '.join(known)}; to read these, name them with layers"
            )
        return chosen
    chosen = [layer.strip() for layer in layers.split(",")]
    for layer in chosen:
        if layer not in known:
            raise source.error(f"there is no class {layer!r}; it has {', '.join(known)}")
    return chosen


def _matrix(
    source: Source, key: str, rows: Any, n_cells: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Pre, post and weight of the entries of a matrix that are not 0."""
    if not isinstance(rows, list) or len(rows) != n_cells:
        raise source.error(f"{key} must have {n_cells} rows, one for each node")
    pre: list[int] = []
    post: list[int] = []
    weight: list[float] = []
    for i, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != n_cells:
            raise source.error(f"{key}, row {i + 1} must have {n_cells} columns, one for each node")
        source.check_rows(len(pre))
        for j, value in enumerate(row):
            if value == 0 and not isinstance(value, bool):
                continue
            try:
                number = math.nan if isinstance(value, (bool, str)) else float(value)
            except (TypeError, ValueError, OverflowError):
                number = math.nan
            if not (math.isfinite(number) and number > 0):
                where = f"{key}, row {i + 1}, column {j + 1}"
                raise source.error(f"{where}: {value!r:.40} is not a positive number")
            pre.append(i)
            post.append(j)
            weight.append(number)
    return np.array(pre, np.int32), np.array(post, np.int32), np.array(weight, np.float64)


def _merge(source: Source, names: list[str], found: dict[str, Any]) -> tuple[Any, ...]:
    """One edge per pair over all classes, its sign, and the transmitter of each cell."""
    edges: dict[tuple[int, int], tuple[float, int]] = {}
    used: list[set[str]] = [set() for _ in names]
    for key, (pre, post, weight) in found.items():
        sign = SIGNED.get(key, 0)
        word = TRANSMITTERS.get(key.lower(), key)
        for i, j, w in zip(pre.tolist(), post.tolist(), weight.tolist(), strict=True):
            before, other = edges.get((i, j), (0.0, sign))
            if other != sign:
                raise source.error(f"{key}: edge {names[i]!r} -> {names[j]!r} has two signs")
            edges[i, j] = max(before, w), sign
            if key not in SIGNED and key != "Generic_CS":
                used[i].add(word)
    ends = np.array(list(edges), np.int32).reshape(-1, 2)
    values = list(edges.values())
    return (
        ends[:, 0],
        ends[:, 1],
        np.array([weight for weight, _ in values], np.float64),
        np.array([sign for _, sign in values], np.int8),
        [next(iter(words)) if len(words) == 1 else "" for words in used],
    )


def _read_edge_list(source: Source) -> Connectome:
    titles = {"pre": "Source", "post": "Target", "weight": "Weight", "type": "Type"}
    table = open_table(source, titles.values())
    try:
        both = connectome_of_edges(table, EdgeOptions(titles))
    except DuplicateEdgesError as error:  # this reader has no option to add the weights
        raise ConnectomeError(f"{error}; merge them") from None
    gap_pre, gap_post, gap_weight = fold(both.gap_pre, both.gap_post, both.gap_weight)
    return make(
        source,
        pre=both.pre,
        post=both.post,
        weight=both.weight,
        names=both.names,
        gap_pre=gap_pre,
        gap_post=gap_post,
        gap_weight=gap_weight,
    )
