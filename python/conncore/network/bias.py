"""Which cells of a network have a bias, and where evolution of biases begins."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from conncore.errors import choose
from conncore.network.genome import Part
from conncore.network.topology import SparseMap
from conncore.network.wiring import INITIAL_RANGE, LIMIT, Gather, Wiring

BIASES = ("random", "zero", "none")
BIASED_CELLS = ("inputs", "all")
_PARTS = ("encoder_bias", "decoder_bias")


def with_bias(wiring: Wiring, n_cells: int, bias: str, cells: str) -> Wiring:
    """Return the wiring with other biases; the same object if nothing changes.

    Parameters
    ----------
    wiring : Wiring
    n_cells : int
        Number of cells of the connectome.
    bias : {"random", "zero", "none"}
        "random" leaves the start of the wiring rule. With "zero", all biases start at 0. With
        "none", encoder and decoder have no bias, and the genome has none.
    cells : {"inputs", "all"}
        With "all", cells without input have a bias, too: a parameter of their own, of which the
        cell receives the tanh in every step.

    Raises
    ------
    UsageError
        For another word.
    """
    choose("bias", bias, BIASES)
    choose("bias_cells", cells, BIASED_CELLS)
    if cells == "all":
        wiring = _with_all_cells(wiring, n_cells)
    if bias == "random":
        return wiring
    return replace(wiring, parts=tuple(_started(part, bias) for part in wiring.parts))


def _started(part: Part, bias: str) -> Part:
    """Return a part of the genome; if it holds biases, they start at 0 or are left out."""
    if part.name not in _PARTS:
        return part
    size = part.size if bias == "zero" else 0
    return replace(part, initial=np.zeros(size), spread=0.0)


def _with_all_cells(wiring: Wiring, n_cells: int) -> Wiring:
    """Return the wiring with an empty row of the encoder for each cell without input."""
    others = np.setdiff1d(np.arange(n_cells), wiring.inputs)
    encoder = wiring.encoder
    indptr = np.append(encoder.indptr, np.full(others.size, encoder.n_values)).astype(np.int32)
    own = wiring.gathers["encoder_bias"]
    parts = {part.name: part for part in wiring.parts}
    n_own = parts["encoder_bias"].size
    parts["encoder_bias"] = Part(
        "encoder_bias",
        np.append(parts["encoder_bias"].initial, np.zeros(others.size)),
        INITIAL_RANGE,
        -LIMIT,
        LIMIT,
    )
    bias = Gather(
        np.append(own.index, n_own + np.arange(others.size)),
        np.append(own.scale, np.ones(others.size)),
    )
    return replace(
        wiring,
        inputs=np.append(wiring.inputs, others),
        encoder=SparseMap(indptr, encoder.indices, encoder.n_source),
        parts=tuple(parts.values()),
        gathers=MappingProxyType({**wiring.gathers, "encoder_bias": bias}),
    )
