"""Set the signs of chemical edges: by transmitter, edge by edge, or by a policy for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.connectome.labels import Labels
from conncore.connectome.record import C, Record
from conncore.connectome.transmitters import transmitter_key
from conncore.errors import ConnectomeError, UsageError, choose, real_array
from conncore.noise import Stream, uniform

#: The sign of each transmitter, for each rule. A transmitter that a rule does not name leaves the
#: sign unknown. Glutamate excites in the worm's rule and inhibits in the fly's.
TRANSMITTER_SIGNS: dict[str, dict[str, int]] = {
    "worm": {"ACh": 1, "Glu": 1, "GABA": -1},
    "fly": {"ACh": 1, "Glu": -1, "GABA": -1},
}
POLICIES = ("refuse", "excitatory", "drop", "random")


def sign_by_transmitter(
    connectome: C,
    rule: str | Mapping[str, int],
    *,
    name: str = "",
    confidence: ArrayLike | None = None,
    min_confidence: float = 0.0,
) -> C:
    """Give edges of unknown sign the sign of their presynaptic cell's transmitter.

    Known signs stay. A transmitter that the rule does not name leaves the sign unknown. Case and
    spelling do not matter: "ACh", "ACH" and "acetylcholine" are the same, see
    `conncore.connectome.transmitters`. The `sign_source` of each sign set here is
    "transmitter:<rule>", with the threshold if there is one: "transmitter:fly>=0.62".

    Parameters
    ----------
    rule : str or mapping of str to int
        "worm" (ACh and Glu excite, GABA inhibits), "fly" (ACh excites, Glu and GABA inhibit), or
        a mapping from transmitter to sign; `conncore.formats.read_sign_rule` reads one.
    name : str
        The name of the rule in `sign_source`. Default: `rule` itself, or "custom" for a mapping.
    confidence : array_like, (n_cells,) or (n_edges,), optional
        The confidence of each cell's transmitter, or of each edge's. If the numbers of cells and
        edges are equal, it is the confidence of the cells. If not given, it is the cell attribute
        "confidence" (such as Codex's nt_type_score).
    min_confidence : float
        Ignore transmitters with a lower confidence, or with an unknown one (NaN).

    Returns
    -------
    Connectome

    Raises
    ------
    UsageError
        If the rule is not known, or there is a threshold and no confidence.
    """
    signs = _rule(rule)
    known = {transmitter_key(word): sign for word, sign in signs.items()}
    words = Labels.of(connectome.transmitters)
    by_word = np.array([known.get(transmitter_key(word), 0) for word in words.words], np.int8)
    drawn = by_word[words.codes][connectome.pre]
    source = f"transmitter:{name or (rule if isinstance(rule, str) else 'custom')}"
    if min_confidence or confidence is not None:
        sure = _confidence(connectome, confidence)
        drawn = np.where(sure >= min_confidence, drawn, 0)  # a comparison with NaN is false
        source += f">={min_confidence:g}"
    settled = (connectome.sign == 0) & (drawn != 0)
    return _with_signs(connectome, settled, drawn, source)


def sign_edges(connectome: C, signs: Mapping[tuple[str, str], int], *, source: str = "given") -> C:
    """Replace the signs of single edges.

    Parameters
    ----------
    signs : mapping of (str, str) to int
        Sign (1, -1 or 0) by the names of the presynaptic and postsynaptic cell.
    source : str
        The `sign_source` of these edges.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If there is no such edge, or a sign is another number.
    """
    n = connectome.n_cells
    place = {name: i for i, name in enumerate(connectome.names)}
    keys = connectome.pre.astype(np.int64) * n + connectome.post
    new = connectome.sign.copy()
    changed = np.zeros(connectome.n_edges, bool)
    for (pre, post), sign in signs.items():
        if sign not in (-1, 0, 1):
            raise ConnectomeError(f"edge {pre!r} -> {post!r}: sign {sign!r} is not 1, -1 or 0")
        key = place.get(pre, n) * n + place.get(post, n)
        k = int(np.searchsorted(keys, key))
        if pre not in place or post not in place or k == len(keys) or keys[k] != key:
            raise ConnectomeError(
                f"connectome {connectome.name!r} has no chemical edge {pre!r} -> {post!r} to sign"
            )
        new[k], changed[k] = sign, True
    return _with_signs(connectome, changed, new, source)


def settle_signs(connectome: C, policy: str, *, share: float | None = None, seed: int = 0) -> C:
    """Apply a policy to the chemical edges of unknown sign.

    Parameters
    ----------
    policy : str
        "refuse": raise if there are such edges. "excitatory": make them excitatory. "drop": remove
        them and keep the cells. "random": draw their signs, see `share`.
    share : float, optional
        For "random", the share of cells that excite, from 0 to 1. Dale's law holds: all unknown
        edges of a cell get one sign. If all known edges of a cell have one sign, its other edges
        get this sign, too. Of the other cells, this share (rounded) is drawn to excite, and the
        rest inhibit.
    seed : int
        The seed for "random".

    Returns
    -------
    Connectome

    Raises
    ------
    UsageError
        If the policy is not known; if it is "refuse" and signs are unknown; if it is "random" and
        `share` is not from 0 to 1; if it is another policy and `share` is given.
    """
    choose("policy", policy, POLICIES, "for unknown signs")
    if share is not None and policy != "random":
        raise UsageError(f"a share of cells that excite is for random signs, not for {policy!r}")
    unknown = connectome.sign == 0
    if policy == "refuse" and unknown.any():
        raise unknown_signs(connectome)
    if policy == "drop":
        known = np.flatnonzero(~unknown)
        return replace(
            connectome,
            pre=connectome.pre[known],
            post=connectome.post[known],
            weight=connectome.weight[known],
            sign=connectome.sign[known],
            sign_source=connectome.sign_source.take(known),
        )
    if policy == "random":
        if share is None or not 0 <= share <= 1:
            raise UsageError(
                f"share is {share}; random signs need the share of cells that excite, from 0 to 1",
                flag="--excitatory-share",
            )
        drawn = _draw_signs(connectome, unknown, share, seed)[connectome.pre]
        source = f"settled:random (share {share:g}, seed {seed})"
        return _with_signs(connectome, unknown, drawn, source)
    return _with_signs(connectome, unknown, np.ones_like(connectome.sign), f"settled:{policy}")


def unknown_signs(connectome: Record) -> UsageError:
    """Return the error for a connectome whose unknown signs must be settled first."""
    return UsageError(
        f"connectome {connectome.name!r}: the sign of {connectome.n_unknown} of "
        f"{connectome.n_edges} chemical edges is unknown; choose a policy with "
        "connectome.settle_signs: excitatory, drop or random",
        flag="--unknown-signs POLICY",
    )


def _draw_signs(
    connectome: Record, unknown: NDArray[np.bool_], share: float, seed: int
) -> NDArray[np.int8]:
    """A sign for each cell, (n_cells,); only the signs of cells with unknown edges are used."""
    n = connectome.n_cells
    excites = np.bincount(connectome.pre[connectome.sign == 1], minlength=n) > 0
    inhibits = np.bincount(connectome.pre[connectome.sign == -1], minlength=n) > 0
    signs = np.where(excites, 1, -1).astype(np.int8)
    asks = np.bincount(connectome.pre[unknown], minlength=n) > 0
    open_cells = np.flatnonzero(asks & (excites == inhibits))
    drawn = uniform(open_cells.tolist(), 1, seed=seed, stream=Stream.SIGNS)[:, 0]
    signs[open_cells] = -1
    signs[open_cells[np.argsort(drawn, kind="stable")[: round(share * len(open_cells))]]] = 1
    return signs


def _with_signs(connectome: C, where: NDArray[np.bool_], signs: NDArray[np.int8], source: str) -> C:
    return replace(
        connectome,
        sign=np.where(where, signs, connectome.sign),
        sign_source=connectome.sign_source.relabel(where, source),
    )


def _rule(rule: str | Mapping[str, int]) -> Mapping[str, int]:
    """The signs of a rule, checked."""
    if isinstance(rule, str):
        return TRANSMITTER_SIGNS[choose("transmitter rule", rule, TRANSMITTER_SIGNS)]
    signs: dict[str, int] = {}
    for word, sign in rule.items():
        if sign not in (-1, 0, 1):
            raise UsageError(f"transmitter {word!r}: sign {sign!r} is not 1, -1 or 0")
        if signs.setdefault(transmitter_key(word), sign) != sign:
            raise UsageError(f"transmitter {word!r} has two signs")
    return rule


def _confidence(connectome: Record, given: ArrayLike | None) -> NDArray[np.float64]:
    """The confidence of each edge's presynaptic transmitter, (n_edges,)."""
    values = connectome.attributes.get("confidence")
    if given is not None:
        values = real_array("confidence", given)
    if values is None or isinstance(values, Labels):
        raise UsageError(
            f"connectome {connectome.name!r} has no confidence of its transmitters (cell attribute "
            "'confidence'); leave out the threshold or give confidence"
        )
    if values.shape == (connectome.n_edges,) != (connectome.n_cells,):
        return values
    if values.shape != (connectome.n_cells,):
        raise UsageError(
            f"confidence has shape {values.shape}; expected one number for each of "
            f"{connectome.n_cells} cells or {connectome.n_edges} edges"
        )
    by_cell: NDArray[np.float64] = values[connectome.pre]
    return by_cell
