"""The `Connectome`: its record, and the methods that return a changed connectome."""

from __future__ import annotations

from conncore.connectome import signs
from conncore.connectome.annotate import annotate
from conncore.connectome.frames import cells_frame, edges_frame
from conncore.connectome.merge import merge, merge_left_right, split_muscles
from conncore.connectome.record import Record
from conncore.connectome.select import select, subset


class Connectome(Record):
    """Cells and the edges between them; build one with `from_edges`, `load` or `read`.

    All arrays are read-only. The constructor checks every field and expects CSR order.

    Parameters
    ----------
    name : str
        The name of the connectome in messages and run directories.
    names : tuple of str, (n_cells,)
        Unique cell names.
    classes : Labels (a sequence of str), (n_cells,)
        Class of each cell; "" if unknown.
    pre, post : array of int32, (n_edges,)
        Presynaptic and postsynaptic cell of each chemical edge, sorted by pre, then post.
    weight : array of float64, (n_edges,)
        Number or size of the synapses of each edge, as in the source; positive.
    sign : array of int8, (n_edges,)
        +1 excitatory, -1 inhibitory, 0 unknown.
    sign_source : Labels (a sequence of str), (n_edges,)
        The source of each sign: "source" (the file), "transmitter:worm", "settled:excitatory",
        "unknown".
    gap_pre, gap_post : array of int32, (n_gap_junctions,)
        The two cells of each gap junction entry. Some sources list a junction once, others twice
        (once in each direction). The entries are kept as the source lists them.
    gap_weight : array of float64, (n_gap_junctions,)
        Size of each gap junction entry; positive.
    transmitters : Labels (a sequence of str), (n_cells,)
        Transmitter of each cell ("ACh", "GABA", ...); "" if unknown.
    body : BodyMap or None
        Class, role, segment and side of the cells that move the body.
    attributes : mapping of str to Labels or array of float64
        Other properties of the cells, (n_cells,) each. Words ("region", "flow", "side") are
        labels. Numbers are arrays, such as "confidence": how certain the transmitter is.
    citation, licence, source : str
        The publication to cite, the licence, and the source of the numbers.

    Raises
    ------
    ConnectomeError
        If a field does not fit its description here.

    Examples
    --------
    >>> worm = cc.load("celegans-haspel2011")
    >>> worm.n_cells, worm.n_edges, worm.names[:2]
    (102, 336, ('AS1', 'AS2'))
    >>> worm.subset(where={"class": ["DB", "VB"]}).n_cells
    18
    """

    sign_by_transmitter = signs.sign_by_transmitter
    sign_edges = signs.sign_edges
    settle_signs = signs.settle_signs
    select = select
    subset = subset
    merge = merge
    merge_left_right = merge_left_right
    split_muscles = split_muscles
    annotate = annotate
    cells_frame = cells_frame
    edges_frame = edges_frame
