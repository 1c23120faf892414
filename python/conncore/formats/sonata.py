"""SONATA edges (HDF5): one population of edges, source_node_id to target_node_id.

Data sets below /edges/POPULATION: source_node_id (presynaptic), target_node_id, and optionally
0/nsyns or another weight. Each row is one synapse, or nsyns synapses; the reader sums the rows of a
pair. The name of a cell is its number. If the source and target populations differ, the name of the
population comes first: "lgn:7". If any weight is negative, a minus means inhibition; otherwise all
signs are unknown.
"""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.formats._build import Words, make, number_cells, signed, summed
from conncore.formats._files import Source, open_source
from conncore.formats._worker import run_worker

ENDS = ("source_node_id", "target_node_id")


def read_sonata(
    path: str | PathLike[str], *, population: str | None = None, weight: str = "nsyns"
) -> Connectome:
    """Read a connectome from a SONATA file of edges; needs h5py.

    Parameters
    ----------
    path : path
        The .h5 file of edges.
    population : str, optional
        The population of edges; needed if the file holds several.
    weight : str
        The data set in group 0 that gives the weights, for example "syn_weight". Without "nsyns"
        each row counts 1.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If the file cannot be understood.
    """
    source = open_source(path)
    known = run_worker(source, "hdf5", group="edges", datasets=None, most_rows=0)[0]["groups"]
    if population is None:
        if len(known) != 1:
            raise source.error(
                f"holds the populations {', '.join(known) or '(none)'}; name one with population"
            )
        population = known[0]
    elif population not in known:
        raise source.error(f"there is no population {population!r}; it has {', '.join(known)}")
    facts, arrays = run_worker(
        source,
        "hdf5",
        group=f"edges/{population}",
        datasets=[*ENDS, f"0/{weight}"],
        most_rows=source.most_rows,
    )
    columns = dict(zip(facts["loaded"], arrays, strict=True))
    owners = [
        attributes.get("node_population", "")
        for name, attributes in zip(facts["loaded"], facts["attributes"], strict=True)
        if name in ENDS
    ]
    ends = [_ids(source, columns, name) for name in ENDS]
    if any(len(owner) > 100 for owner in owners):  # all cells repeat it
        raise source.error("the name of a node_population is longer than 100 characters")
    if len(set(owners)) > 1:
        ends = [
            Words(end.codes, [f"{owner}:{word}" for word in end.words])
            for end, owner in zip(ends, owners, strict=True)
        ]
    values = columns.get(f"0/{weight}")
    if values is None:
        if weight != "nsyns":
            raise source.error(f"population {population!r} has no data set 0/{weight}")
        values = np.ones(len(ends[0]))
    if len({len(ends[0]), len(ends[1]), values.size}) != 1 or values.ndim != 1:
        raise source.error(
            f"population {population!r} has {len(ends[0])} sources, {len(ends[1])} targets and "
            f"{values.size} weights"
        )
    names, pre, post = number_cells(ends[0], ends[1])
    if not names:
        raise source.error(f"population {population!r} has no edges")
    pre, post, total = summed(source, names, pre, post, values.astype(np.float64))
    size, sign = signed(total)
    return make(source, name=population, pre=pre, post=post, weight=size, sign=sign, names=names)


def _ids(source: Source, columns: dict[str, NDArray[Any]], name: str) -> Words:
    values = columns.get(name)
    if values is None or values.ndim != 1 or values.dtype.kind not in "iu":
        raise source.error(f"has no list of integers {name}")
    numbers, codes = np.unique(values, return_inverse=True)
    return Words(codes.astype(np.int32), [str(value) for value in numbers.tolist()])
