"""The compiled tables of the BANC project, which has BANC, MANC and other flies in one schema.

edgelist_simple: pre, post, count (the number of synapses). meta: NAME_VERSION_id, such as
banc_888_id, and labels such as super_class, cell_class, cell_type and neurotransmitter_predicted.
Both are Feather files. Cell ids are stored as strings, so 64-bit ids are never rounded. Signs are
unknown; `Connectome.sign_by_transmitter` gives them.
"""

from __future__ import annotations

import math
import re
from os import PathLike
from typing import Any

import numpy as np

from conncore.connectome import Connectome
from conncore.connectome.transmitters import transmitter_name
from conncore.formats._build import Groups, make, number_cells
from conncore.formats._files import Source, open_file, open_source
from conncore.formats._open_table import open_table
from conncore.formats._tables import number

_ID = re.compile(r"[a-z]+_\d+_id")
#: Columns of the meta table that become attributes, and their names.
_LABELS = {
    **{key: key for key in ("region", "side", "hemilineage", "nerve", "flow", "super_class")},
    **{key: key for key in ("cell_class", "cell_sub_class", "cell_function")},
    "cell_type": "type",
}
_TRANSMITTER, _SCORE = "neurotransmitter_predicted", "neurotransmitter_score"


def read_banc(
    path: str | PathLike[str],
    *,
    meta: str | PathLike[str] | None = None,
    classes: str = "super_class",
) -> Connectome:
    """Read a connectome from its list of edges and its table of neurons.

    Parameters
    ----------
    path : path
        The list of edges; or a directory with one *edgelist*.feather and one *_meta.feather.
    meta : path, optional
        The table of neurons, if `path` is the list of edges.
    classes : str
        The column of the table of neurons that gives the class of a cell.

    Returns
    -------
    Connectome
        First the neurons of the table in its order, then others as they appear; a
        `ConnectomeWarning` counts these. Attributes: "type" (the cell_type), "confidence" (the
        neurotransmitter_score), region, side and other labels of the table.

    Raises
    ------
    ConnectomeError
        With file, row and column, if a file cannot be understood.
    """
    file = open_file(path)
    source = None if file.path.is_dir() else file.source
    if source is None:
        found = sorted(file.path.glob("*edgelist*.feather"))
        tables = sorted(file.path.glob("*_meta.feather"))
        if len(found) != 1 or len(tables) > 1:
            raise file.error("must hold one *edgelist*.feather and one *_meta.feather")
        source, meta = open_source(found[0]), meta or (tables[0] if tables else None)
    table = open_table(source, ("pre", "post", "count"))
    pre, post = (table.names(table.need(title)) for title in ("pre", "post"))
    weight = table.weights(table.need("count"))
    cells: list[str] = []
    labels: dict[str, list[str]] = {}
    if meta is not None:
        cells, labels = _read_meta(open_source(meta), classes)
    names, heads, tails = number_cells(pre, post, cells)
    if not names:
        raise source.error("there are no edges")
    more = len(names) - len(cells)
    if cells and more:
        source.warn(f"{more:,} of {len(names):,} cells are not in the table of neurons")
    empty = [""] * more
    words = {key: [*column, *empty] for key, column in labels.items()}
    attributes: dict[str, Any] = {name: words[key] for key, name in _LABELS.items() if key in words}
    if _SCORE in words:
        scores = [number(word) for word in words[_SCORE]]
        attributes["confidence"] = np.array([math.nan if x is None else x for x in scores])
    groups = Groups.of(heads, tails, len(names))
    return make(
        source,
        pre=heads[groups.first],
        post=tails[groups.first],
        weight=groups.sums(weight),
        names=names,
        classes=words.get(classes),
        attributes=attributes,
        transmitters=[transmitter_name(word) for word in words.get(_TRANSMITTER, [])] or None,
    )


def _read_meta(source: Source, classes: str) -> tuple[list[str], dict[str, list[str]]]:
    """The neurons, and the words of each column that is used."""
    table = open_table(source, None)
    ids = [title for title in table.titles if _ID.fullmatch(title.lower())]
    if not ids:
        raise table.missing("NAME_VERSION_id", "such as banc_888_id")
    table.need(classes)
    names = table.names(ids[0])
    if len(names.words) != len(names):
        raise source.error(f"column {ids[0]!r} has a neuron twice")
    wanted = {*_LABELS, _TRANSMITTER, _SCORE, classes}
    titles = [title for title in table.titles if title in wanted]
    return names.tolist(), {title: table.text(title).tolist() for title in titles}
