"""Baselines: perceptrons with two hidden layers and as many cells as a connectome.

They are connectomes, too: classes "hidden1" and "hidden2", with edges from the first to the second.
The encoder of the network feeds the first layer, and the decoder reads the second layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.labels import Labels
from conncore.errors import UsageError
from conncore.noise import Stream, generator

LAYERS = ("hidden1", "hidden2")


def full_mlp(connectome: Connectome, seed: int) -> Connectome:
    """Two hidden layers; every cell of the first is connected to every cell of the second.

    Parameters
    ----------
    connectome : Connectome
        It gives the number of cells. If this number is odd, the first layer is larger by one.
    seed : int
        Only used in the name: nothing is random here.

    Returns
    -------
    Connectome
        Cells "h1.000", ... of class "hidden1", then "h2.000", ... of class "hidden2"; weights 1,
        signs unknown. Use it in a network with free weights.

    Raises
    ------
    UsageError
        If the connectome has only one cell.
    """
    n_first, n_second = _layer_sizes(connectome)
    pairs = np.arange(n_first * n_second)
    return _layered(connectome, "mlp", seed, pairs, None, "fully connected")


def sparse_mlp(connectome: Connectome, seed: int) -> Connectome:
    """Two hidden layers with random connections and signs (the paper's sparse network).

    Two numbers are drawn from U(0, 1): the density of the connections between the layers, and the
    share of excitatory cells in the first layer. The `source` of the connectome contains both.
    Each cell of the first layer has one sign.

    Parameters
    ----------
    connectome : Connectome
        It gives the number of cells. If this number is odd, the first layer is larger by one.
    seed : int
        Each seed gives another density, share, connections and signs.

    Returns
    -------
    Connectome
        As `full_mlp` returns, but with signs; it has at least one edge.

    Raises
    ------
    UsageError
        If the connectome has only one cell, or the seed is not valid.
    """
    n_first, n_second = _layer_sizes(connectome)
    rng = generator(seed=seed, stream=Stream.NULL)
    density, share = rng.random(2)
    n_pairs = n_first * n_second
    pairs = rng.choice(n_pairs, max(1, round(density * n_pairs)), replace=False, shuffle=False)
    excites = rng.permutation(n_first) < round(share * n_first)
    signs = np.where(excites, 1, -1)[pairs // n_second]
    what = f"density {density:.6f}, excitatory share {share:.6f}"
    return _layered(connectome, "sparse-mlp", seed, pairs, signs, what)


def signed_mlp(layers: Connectome, seed: int) -> Connectome:
    """Return a perceptron whose first layer follows Dale's law.

    Parameters
    ----------
    layers : Connectome
        A perceptron of this module.
    seed : int
        Draws which half of the first layer is excitatory; the other half is inhibitory.

    Returns
    -------
    Connectome
        With the same cells and edges. The second layer sends no edges.
    """
    inputs, _ = mlp_ends(layers)
    rng = generator(seed=seed, stream=Stream.NULL)
    excites = rng.permutation(len(inputs)) < (len(inputs) + 1) // 2
    return replace(
        layers,
        sign=np.where(excites, 1, -1)[layers.pre].astype(np.int8),
        sign_source=Labels.of(["baseline:half excitatory"] * layers.n_edges),
        source=f"{layers.source}; half of the first layer excitatory, seed {seed}",
    )


#: Baselines by name, like the null models in `conncore.nulls.models.NULLS`.
BASELINES: Mapping[str, Callable[[Connectome, int], Connectome]] = MappingProxyType(
    {"mlp": full_mlp, "sparse-mlp": sparse_mlp}
)


def mlp_ends(connectome: Connectome) -> tuple[list[str], list[str]]:
    """Names of the cells of the first and the second hidden layer: inputs and outputs.

    Raises
    ------
    UsageError
        If the connectome has no such layers.
    """
    inputs, outputs = (
        [n for n, c in zip(connectome.names, connectome.classes, strict=True) if c == layer]
        for layer in LAYERS
    )
    if not inputs or not outputs:
        raise UsageError(
            f"connectome {connectome.name!r} has no cells of classes {LAYERS[0]} and {LAYERS[1]}; "
            f"give one of the baselines: {', '.join(BASELINES)}"
        )
    return inputs, outputs


def is_perceptron(connectome: Connectome) -> bool:
    """Return whether a connectome is one of the baselines, by the classes of its cells."""
    return set(connectome.classes) == set(LAYERS)


def _layer_sizes(connectome: Connectome) -> tuple[int, int]:
    n = connectome.n_cells
    if n < 2:
        raise UsageError(
            f"connectome {connectome.name!r} has one cell; two hidden layers need two or more"
        )
    return (n + 1) // 2, n // 2


def _layered(
    connectome: Connectome,
    baseline: str,
    seed: int,
    pairs: NDArray[np.integer],
    signs: NDArray[np.integer] | None,
    what: str,
) -> Connectome:
    """Build the connectome. Edge number: first cell * size of the second layer + second cell."""
    sizes = _layer_sizes(connectome)
    pre, post = np.divmod(pairs, sizes[1])
    return Connectome.from_edges(
        f"{connectome.name} ({baseline}, seed {seed})",
        pre,
        post + sizes[0],
        sign=signs,
        sign_source=None if signs is None else [f"baseline:{baseline}"] * pairs.size,
        names=[f"h{h}.{i:03}" for h, size in enumerate(sizes, 1) for i in range(size)],
        classes=[layer for layer, size in zip(LAYERS, sizes, strict=True) for _ in range(size)],
        source=f"perceptron with hidden layers of {sizes[0]} and {sizes[1]} cells, {what}, "
        f"seed {seed}",
    )
