"""Null models: connectomes that keep some properties of a connectome and randomize the others.

A null model is a function of a connectome and a seed. It keeps the cells (names, classes, body map,
transmitters), the gap junctions and the number of chemical edges. It draws all properties that it
does not promise to keep, uniformly. The same seed gives the same graph. Self-loops stay: none is
added, and none moves. An unknown sign is a third sign.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.edges import lexical_order
from conncore.connectome.labels import Labels
from conncore.errors import UsageError, choose
from conncore.noise import Stream, generator
from conncore.nulls.rewiring import rewire, shuffle_within
from conncore.registry import Registry

SIGNS = (1, -1, 0)

Null = Callable[[Connectome, int], Connectome]


def make_null(name: str, connectome: Connectome, seed: int) -> Connectome:
    """Draw a null model of a connectome.

    Parameters
    ----------
    name : str
        A key of `NULLS`, such as "degree". ``help(NULLS["degree"])`` describes it.
    connectome : Connectome
        The connectome to shuffle.
    seed : int
        Each seed gives another graph.

    Returns
    -------
    Connectome
        Its name contains the connectome, the null model and the seed.

    Raises
    ------
    UsageError
        If the name or the seed is not valid, or if the connectome lacks a property that the null
        model keeps.

    Examples
    --------
    >>> worm = cc.load("celegans-haspel2011")
    >>> null = cc.make_null("degree", worm, seed=0)
    >>> bool((np.bincount(null.post) == np.bincount(worm.post)).all())
    True
    """
    return NULLS[choose("null model", name, NULLS)](connectome, seed)


def shuffle_statistics(connectome: Connectome, seed: int) -> Connectome:
    """Draw the edges of each sign: from a cell that sends edges of this sign, to any receiver.

    The pairs are distinct, and all are equally likely. The number of edges of each sign stays, and
    weights are permuted within a sign. If a cell sends edges of several signs, its pairs are first
    divided among the signs, at random and in proportion to its edges.
    """
    rng = _generator(seed)
    n_cells, moved = connectome.n_cells, _between(connectome)
    pre, post = connectome.pre.astype(np.int64), connectome.post.astype(np.int64)
    weight = connectome.weight.copy()
    edges_by_sign = [np.flatnonzero(moved & (connectome.sign == sign)) for sign in SIGNS]
    counts = np.array([np.bincount(pre[edges], minlength=n_cells) for edges in edges_by_sign])

    receives = np.bincount(post[moved], minlength=n_cells) > 0
    receivers = np.flatnonzero(receives)
    own_place = np.searchsorted(receivers, np.arange(n_cells))
    n_pairs = receivers.size - receives  # of each cell, with all receivers but itself
    # Cell i's pairs from bounds[s, i] to bounds[s + 1, i] are for its edges of sign s. They are no
    # fewer than it has such edges, because it has no more edges than pairs.
    shares = np.cumsum(counts, axis=0) * n_pairs // np.maximum(counts.sum(axis=0), 1)
    bounds = np.concatenate((np.zeros_like(shares[:1]), shares))
    mixed = (counts > 0).sum(axis=0) > 1
    dealt = [rng.permutation(n_pairs[i]) for i in np.flatnonzero(mixed)]
    dealt_pairs = np.concatenate((*dealt, np.empty(0, np.int64)))
    first_dealt = np.cumsum(n_pairs * mixed) - n_pairs * mixed

    for s, edges in enumerate(edges_by_sign):
        last = np.cumsum(bounds[s + 1] - bounds[s])
        drawn = rng.choice(last[-1], edges.size, replace=False, shuffle=False)
        cells = np.searchsorted(last, drawn, side="right")
        pairs = drawn - last[cells] + bounds[s + 1][cells]
        among = mixed[cells]
        pairs[among] = dealt_pairs[first_dealt[cells[among]] + pairs[among]]
        pre[edges] = cells
        post[edges] = receivers[pairs + (receives[cells] & (pairs >= own_place[cells]))]
        weight[edges] = rng.permutation(weight[edges])
    return _derive(connectome, "statistics", seed, pre=pre, post=post, weight=weight)


def shuffle_degree(connectome: Connectome, seed: int) -> Connectome:
    """Rewire so that every cell keeps its in-degree and out-degree; see `conncore.nulls.rewiring`.

    Sign and weight of an edge stay with the cell that sends it.
    """
    alike = np.zeros(connectome.n_cells, np.int32)
    return _rewired(connectome, "degree", seed, alike)


def shuffle_segment(connectome: Connectome, seed: int) -> Connectome:
    """Rewire between targets of the same class and body segment.

    As in "degree", but every cell also keeps its number of targets in each class and segment. The
    class is that of the body map, or else that of the connectome. All cells without a class count
    as one class, and all cells without a segment as one segment. Without a body map, only the
    classes are kept.

    Raises
    ------
    UsageError
        If no cell has a class.
    """
    classes, segments = connectome.classes, [-1] * connectome.n_cells
    if connectome.body is not None:
        moving = connectome.body.cell_class
        classes = Labels.of(m or c for m, c in zip(moving, classes, strict=True))
        segments = connectome.body.segment.tolist()
    if not any(classes):
        raise UsageError(
            f"null model 'segment': connectome {connectome.name!r} has no cell classes; give each "
            "cell a class (conncore connectome label; column 'class'), or use null model 'degree'"
        )
    numbers: dict[tuple[str, int], int] = {}
    groups = [
        numbers.setdefault(group, len(numbers)) for group in zip(classes, segments, strict=True)
    ]
    return _rewired(connectome, "segment", seed, np.array(groups))


def shuffle_type(connectome: Connectome, seed: int) -> Connectome:
    """Rewire between targets of the same cell type.

    As in "degree", but every cell also keeps its number of targets of each type. The type is the
    property "type" of the cells, or their class if they do not have this property. All cells
    without a type count as one type.

    Raises
    ------
    UsageError
        If no cell has a type.
    """
    types = connectome.attributes.get("type", connectome.classes)
    if not isinstance(types, Labels) or not any(types.words):
        raise UsageError(
            f"null model 'type': connectome {connectome.name!r} has no cell types; give each cell "
            "a type (conncore connectome label; column 'type'), or use null model 'degree'"
        )
    return _rewired(connectome, "type", seed, types.codes)


def shuffle_signs(connectome: Connectome, seed: int) -> Connectome:
    """Permute the signs of the cells that send edges; connections and weights stay.

    All edges of a cell get the sign of another cell. So the numbers of excitatory and inhibitory
    cells stay, but the numbers of excitatory and inhibitory edges change. A cell that sends edges
    of several signs keeps its signs. Transmitters stay, so they no longer give a cell's sign.
    """
    rng = _generator(seed)
    pre, sign = connectome.pre, connectome.sign
    lowest = np.full(connectome.n_cells, 2, np.int8)
    highest = np.full(connectome.n_cells, -2, np.int8)
    np.minimum.at(lowest, pre, sign)
    np.maximum.at(highest, pre, sign)
    of_one_sign = lowest == highest  # no cell without edges
    shuffled = lowest.copy()
    shuffled[of_one_sign] = rng.permutation(lowest[of_one_sign])
    new_sign = np.where(of_one_sign[pre], shuffled[pre], sign)
    return _derive(connectome, "signs", seed, sign=new_sign)


def shuffle_weights(connectome: Connectome, seed: int) -> Connectome:
    """Permute the weights of the edges of each sign; connections and signs stay.

    Only networks with ``initial_weights="counts"`` use the weights. If all weights of a connectome
    are equal, this null model is the connectome itself.
    """
    order = shuffle_within(connectome.sign, _generator(seed))
    return _derive(connectome, "weights", seed, weight=connectome.weight[order])


def shuffle_random(connectome: Connectome, seed: int) -> Connectome:
    """Draw as many edges among all pairs of cells (Erdos & Renyi's G(n, m)).

    The probability that a cell gets a sign is the share of edges with this sign in the connectome.
    Weights are permuted. Transmitters stay, so they no longer give a cell's sign.
    """
    rng = _generator(seed)
    n, moved = connectome.n_cells, _between(connectome)
    drawn = rng.choice(n * (n - 1), np.count_nonzero(moved), replace=False, shuffle=False)
    pre, post = connectome.pre.astype(np.int64), connectome.post.astype(np.int64)
    pre[moved], others = np.divmod(drawn, n - 1)
    post[moved] = others + (others >= pre[moved])
    signs = rng.choice(connectome.sign, n) if connectome.n_edges else connectome.sign
    weight = connectome.weight[rng.permutation(connectome.n_edges)]
    return _derive(connectome, "random", seed, pre=pre, post=post, weight=weight, sign=signs[pre])


#: Null models by name.
NULLS: Registry[Null] = Registry(
    "null model",
    "conncore.nulls",
    {
        "statistics": shuffle_statistics,
        "degree": shuffle_degree,
        "segment": shuffle_segment,
        "type": shuffle_type,
        "signs": shuffle_signs,
        "weights": shuffle_weights,
        "random": shuffle_random,
    },
)


def register_null(name: str, null: Null) -> None:
    """Make `make_null`, `compare` and the commands know a null model of your own.

    Parameters
    ----------
    name : str
    null : function of a Connectome and a seed
        Returns a `Connectome`; equal seeds return equal connectomes.

    Raises
    ------
    UsageError
        If conncore has a null model of this name.

    Examples
    --------
    >>> def twice(connectome, seed):
    ...     return cc.make_null("signs", cc.make_null("degree", connectome, seed), seed)
    >>> cc.register_null("degree-and-signs", twice)
    >>> cc.make_null("degree-and-signs", cc.load("celegans-haspel2011"), seed=0).n_cells
    102
    """
    NULLS.register(name, null)


def _generator(seed: int) -> np.random.Generator:
    return generator(seed=seed, stream=Stream.NULL)


def _between(connectome: Connectome) -> NDArray[np.bool_]:
    """A mask of the edges between two cells: all except self-loops."""
    return np.asarray(connectome.pre != connectome.post)


def _rewired(
    connectome: Connectome, null: str, seed: int, groups: NDArray[np.integer]
) -> Connectome:
    moved = _between(connectome)
    post = connectome.post.copy()
    post[moved] = rewire(connectome.pre[moved], post[moved], groups, _generator(seed))
    return _derive(connectome, null, seed, post=post)


def _derive(
    connectome: Connectome, null: str, seed: int, **edges: NDArray[np.number]
) -> Connectome:
    """The connectome with these fields of its edges changed; the edges may be in any order.

    If only weights change, signs keep their source. Otherwise the source of a known sign is the
    null model.
    """
    source = connectome.sign_source
    fields = {name: getattr(connectome, name) for name in ("pre", "post", "weight", "sign")} | edges
    order = lexical_order(fields["pre"], fields["post"], connectome.n_cells)
    fields = {name: values[order] for name, values in fields.items()}
    if edges.keys() != {"weight"}:
        source = Labels((fields["sign"] == 0).astype(np.uint8), (f"null:{null}", "unknown"))
    return replace(
        connectome,
        name=f"{connectome.name} ({null}, seed {seed})",
        sign_source=source,
        source=f"{connectome.source}; null model {null!r}, seed {seed}".removeprefix("; "),
        **fields,
    )
