"""Readers and writers of connectome files, chosen by the end of the file's name."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError
from conncore.formats.edges import read_edges, write_edges
from conncore.formats.npz import load_npz, save_npz

__all__ = ["READERS", "load_npz", "read", "read_edges", "save_npz", "write_edges"]

#: The reader for each suffix. To add a format, write its module and name its reader here.
READERS: dict[str, Callable[..., Connectome]] = {
    ".csv": read_edges,
    ".tsv": read_edges,
    ".txt": read_edges,
    ".npz": load_npz,
}


def read(path: str | PathLike[str], **options: Any) -> Connectome:
    """Read a connectome file.

    Parameters
    ----------
    path : path
        .csv (comma-separated edges), .tsv or .txt (tab-separated edges) or .npz.
    **options
        Passed to the reader; `duplicates`, `cells` and `columns` for edges, see `read_edges`.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If the suffix is not known or the file cannot be understood.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        what = "is a directory" if path.is_dir() else f"has unknown suffix {path.suffix!r}"
        raise ConnectomeError(f"{path}: {what}; give a file ending in {', '.join(READERS)}")
    return reader(path, **options)
