"""A connectome as data frames of pandas, polars or pyarrow: one of edges, one of cells."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from conncore.connectome.attributes import attribute_title
from conncore.connectome.labels import Labels
from conncore.connectome.record import Record
from conncore.errors import UsageError, choose

LIBRARIES = ("pandas", "polars", "pyarrow")


def edges_frame(connectome: Record, library: str = "pandas") -> Any:
    """Return the edges as a data frame; `conncore.read` reads it.

    Parameters
    ----------
    library : {"pandas", "polars", "pyarrow"}
        The library of the frame.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        One row per chemical edge, then one per gap junction entry. Columns: pre and post (names of
        cells), type ("chemical" or "gap"), weight, sign (+1, -1, 0 unknown or none), sign_source.

    Raises
    ------
    UsageError
        If the library is not known or not installed.
    """
    names = np.array(connectome.names, np.object_)
    n_gap = connectome.n_gap_junctions
    columns = {
        "pre": names[np.concatenate((connectome.pre, connectome.gap_pre))],
        "post": names[np.concatenate((connectome.post, connectome.gap_post))],
        "type": ["chemical"] * connectome.n_edges + ["gap"] * n_gap,
        "weight": np.concatenate((connectome.weight, connectome.gap_weight)),
        "sign": np.concatenate((connectome.sign, np.zeros(n_gap, np.int8))),
        "sign_source": [*connectome.sign_source, *[""] * n_gap],
    }
    return _frame(columns, library)


def cells_frame(connectome: Record, library: str = "pandas") -> Any:
    """Return the cells as a data frame; `conncore.read_cells` reads it.

    Parameters
    ----------
    library : {"pandas", "polars", "pyarrow"}
        The library of the frame.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        One row per cell: name, class, transmitter; role, segment (-1 for none) and side, if the
        connectome has a body map; and the attributes. An attribute with the name of one of these
        columns is called "attribute:NAME".

    Raises
    ------
    UsageError
        If the library is not known or not installed.
    """
    columns: dict[str, Any] = {
        "name": list(connectome.names),
        "class": list(connectome.classes),
        "transmitter": list(connectome.transmitters),
    }
    body = connectome.body
    if body is not None:
        columns |= {"role": list(body.role), "segment": body.segment, "side": list(body.side)}
    for key, values in connectome.attributes.items():
        columns[attribute_title(key)] = list(values) if isinstance(values, Labels) else values
    return _frame(columns, library)


def _frame(columns: dict[str, Any], library: str) -> Any:
    choose("library", library, LIBRARIES)
    try:
        module = import_module(library)
    except ImportError:
        raise UsageError(
            f"a {library} frame needs {library}; pip install {library}, or name another library: "
            f"{', '.join(LIBRARIES)}"
        ) from None
    return module.table(columns) if library == "pyarrow" else module.DataFrame(columns)
