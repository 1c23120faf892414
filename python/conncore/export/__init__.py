"""Trained networks for other software: PyTorch modules, and graphs in NIR.

torch and nir are imported when they are needed; ``pip install 'conncore[export]'`` brings both.
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
    at once. It computes in float64, in the order of the kernels: only tanh and exp differ, in their
    last bits. Its parameters are the slices of the genome, and spikes have a surrogate
    gradient (`conncore.export.torch_module.SuperSpike`), so it can be trained further;
    ``module.genome()`` brings the result back.

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
        A genome of another network, or torch is not installed.
    """
    row = _one(network, genome)
    _need("torch")
    from conncore.export.torch_module import build

    return build(network, row)


def save_torch(module: NetworkModule, path: PathLike) -> None:
    """Write a module of `to_torch` to a .pt file, as tensors and plain values.

    Raises
    ------
    ConncoreError
        It cannot be written.
    """
    torch = _need("torch")
    from conncore.export.torch_module import pack

    content = io.BytesIO()
    torch.save(pack(module), content)
    _write(path, content)


def load_torch(path: PathLike) -> NetworkModule:
    """Read a module that `save_torch` wrote; no code in the file is run.

    Raises
    ------
    UsageError
        It is no such file, or torch is not installed.
    """
    torch = _need("torch")
    from conncore.export.torch_module import unpack

    try:
        return unpack(torch.load(path, weights_only=True))
    except OSError:
        raise
    except Exception as error:  # damaged bytes make torch raise almost anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"{path} is not a module that conncore saved: {reason}") from None


def to_nir(network: Network, genome: NDArray[np.float64], path: PathLike | None = None) -> Any:
    """Return a spiking network as a graph in the Neuromorphic Intermediate Representation.

    See `conncore.export.nir_graph` for what the graph holds, what drives it (`nir_inputs`) and
    how its outputs become actions (`nir_actions`).

    Parameters
    ----------
    network : Network
        Of lif or alif neurons; NIR has no node that another model could be made of.
    genome : (n_parameters,) float64
    path : path, optional
        Also write the graph to this file (HDF5).

    Returns
    -------
    nir.NIRGraph

    Raises
    ------
    UsageError
        Another neuron model, constants that NIR cannot express, a genome of another network, or
        nir is not installed.
    ConncoreError
        The file cannot be written.
    """
    row = _one(network, genome)
    nir = _need("nir")
    graph = build_nir(network, row)
    if path is not None:
        content = io.BytesIO()
        nir.write(content, graph)
        _write(path, content)
    return graph


def export_run(path: PathLike, out: PathLike) -> Network:
    """Export the solution of a finished run, by the name of `out`: .nir or .pt.

    Returns
    -------
    Network
        What was exported.

    Raises
    ------
    UsageError
        Another name, a run that has not ended, or as in `to_nir` and `to_torch`.
    CheckpointError
        `path` is not a run directory, or damaged.
    """
    from conncore.evolution.evolve import load_run

    suffix = Path(out).suffix
    if suffix not in (".nir", ".pt"):
        raise UsageError(f"{out}: name it .nir (NIR) or .pt (PyTorch), to say what to write")
    _need("nir" if suffix == ".nir" else "torch")  # before the work of reading the run
    network, genome = load_run(path)
    if suffix == ".nir":
        to_nir(network, genome, out)
    else:
        save_torch(to_torch(network, genome), out)
    return network


def _one(network: Network, genome: NDArray[np.float64]) -> NDArray[np.float64]:
    row: NDArray[np.float64] = network.layout.check(np.asarray(genome)[None])[0]
    return row


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
            f"{package} is not installed, which this export needs: pip install 'conncore[export]'"
        ) from None
