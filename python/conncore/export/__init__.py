"""Export of trained networks: as PyTorch modules, and as graphs in NIR.

torch and nir are imported when they are needed; ``pip install 'conncore[export]'`` installs both.
"""

from __future__ import annotations

import importlib
import io
import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import UsageError
from conncore.export.nir_graph import build as build_nir
from conncore.export.nir_graph import nir_actions, nir_inputs, nir_spikes
from conncore.storage import disk_errors, write_atomically

if TYPE_CHECKING:
    from conncore.export.torch_module import NetworkModule
    from conncore.network.network import Network

__all__ = [
    "export_run",
    "load_torch",
    "nir_actions",
    "nir_inputs",
    "nir_spikes",
    "save_torch",
    "to_nir",
    "to_torch",
]

PathLike = str | os.PathLike[str]


def to_torch(network: Network, genome: NDArray[np.float64]) -> NetworkModule:
    """Return a network as a PyTorch module with the same outputs.

    ``actions, state = module(observations, state)`` is one control step; ``module.run`` takes many
    steps at once. The module computes in float64, in the same order as the kernels; only tanh and
    exp may differ, in their last bits. Its parameters are the slices of the genome, and spikes have
    a surrogate gradient (`conncore.export.torch_module.SuperSpike`), so the module can be trained
    further. ``module.genome()`` returns the result as a genome.

    Parameters
    ----------
    network : Network
    genome : (n_parameters,) float64

    Returns
    -------
    NetworkModule

    Raises
    ------
    UsageError
        If the genome does not fit the network, or torch is not installed.

    Examples
    --------
    >>> import torch
    >>> net = cc.Network(cc.load("celegans-haspel2011"), cc.make_task("swimmer6"))
    >>> module = cc.to_torch(net, net.random_genomes(1, seed=0)[0])
    >>> actions, state = module(torch.zeros(1, 10, dtype=torch.float64), None)
    >>> tuple(actions.shape)
    (1, 5)
    """
    row = network.layout.check(np.asarray(genome)[None])[0]
    _need("torch")
    from conncore.export.torch_module import build

    return build(network, row)


def save_torch(module: NetworkModule, path: PathLike) -> None:
    """Write a module of `to_torch` to a .pt file, as tensors and plain values.

    Raises
    ------
    ConncoreError
        If the file cannot be written.
    """
    torch = _need("torch")
    from conncore.export.torch_module import pack

    content = io.BytesIO()
    torch.save(pack(module), content)
    _write(path, content)


def load_torch(path: PathLike) -> NetworkModule:
    """Read a module that `save_torch` wrote, without running code from the file.

    Raises
    ------
    UsageError
        If the file is not one of `save_torch`, or torch is not installed.
    OSError
        If the file cannot be read.
    """
    torch = _need("torch")
    from conncore.export.torch_module import unpack

    try:
        return unpack(torch.load(path, weights_only=True))
    except OSError:
        raise
    except Exception as error:  # for damaged bytes torch raises errors of many types
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"{path} is not a module that conncore saved: {reason}") from None


def to_nir(network: Network, genome: NDArray[np.float64], path: PathLike | None = None) -> Any:
    """Return a spiking network as a graph in the Neuromorphic Intermediate Representation.

    `conncore.export.nir_graph` describes the graph. `nir_inputs` makes its inputs from
    observations, and `nir_actions` makes actions from its outputs.

    Parameters
    ----------
    network : Network
        With lif or alif neurons: NIR has no nodes for the other models.
    genome : (n_parameters,) float64
    path : path, optional
        Also write the graph to this file (HDF5).

    Returns
    -------
    nir.NIRGraph

    Raises
    ------
    UsageError
        For another neuron model, for constants that NIR cannot express, if the genome does not
        fit the network, or if nir is not installed.
    ConncoreError
        If the file cannot be written.

    Examples
    --------
    >>> net = cc.Network(cc.load("celegans-haspel2011"), cc.make_task("swimmer6"), "lif")
    >>> graph = cc.to_nir(net, net.random_genomes(1, seed=0)[0], "worm.nir")
    >>> len(graph.nodes)
    9
    """
    nir = _need("nir")
    graph = build_nir(network, np.asarray(genome))
    if path is not None:
        content = io.BytesIO()
        nir.write(content, graph)
        _write(path, content)
    return graph


def export_run(path: PathLike, out: PathLike, *, trust: bool = False) -> Network:
    """Export the solution of a finished run.

    Parameters
    ----------
    path : path
        The run directory.
    out : path
        The file to write: a name in .nir writes NIR, a name in .pt writes PyTorch.
    trust : bool
        As in `conncore.resume`.

    Returns
    -------
    Network
        The network of the run.

    Raises
    ------
    UsageError
        If `out` has another ending, if the run has not ended, or as in `to_nir` and `to_torch`.
    CheckpointError
        If `path` is not a run directory, or if the run is damaged.
    """
    from conncore.evolution.restore import load_run

    suffix = Path(out).suffix
    if suffix not in (".nir", ".pt"):
        raise UsageError(f"{out}: end the name in .nir to write NIR, or in .pt to write PyTorch")
    _need("nir" if suffix == ".nir" else "torch")  # before reading the run, which takes time
    run = load_run(path, trust=trust)
    network, genome = run.network, run.best.genome
    if suffix == ".nir":
        to_nir(network, genome, out)
    else:
        save_torch(to_torch(network, genome), out)
    return network


def _write(path: PathLike, content: io.BytesIO) -> None:
    with disk_errors(Path(path), "make room, or choose another file"):
        write_atomically(Path(path), content.getvalue())


def _need(package: str) -> ModuleType:
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise UsageError(
            f"{package} is not installed and this export needs it: pip install 'conncore[export]'"
        ) from None
