"""The connectomes that ship with conncore; opens a connectome by its name or file."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from conncore.catalog.remote import fetch, list_remote
from conncore.connectome import Connectome
from conncore.errors import ConnectomeError, UsageError, choose
from conncore.formats import SUFFIXES, detect, open_file, parse_options, read, read_edges

_DATA = "conncore.data"


@dataclass(frozen=True)
class CatalogEntry:
    """A connectome that ships with conncore.

    Parameters
    ----------
    name : str
        The name that `load` takes.
    title : str
        One line about it.
    n_cells, n_edges, n_gap_junctions : int
        Number of cells, chemical edges and gap junction entries.
    n_signed : int
        Number of edges with a sign. A network needs signs for all edges.
    citation, licence, source : str
        What to cite, the licence, and the origin of the numbers.
    files : mapping of str to str
        SHA-256 of each file in `conncore.data`, by its name: an edge table and a cell table, or
        one file of cell types that are tiled.
    sign_rule : str
        The transmitter rule that gives the signs; "" if the source gives them.
    extent : int or None
        The number of columns around the middle one if cell types are tiled on a grid; else None.
        `load` may change it. The counts above are for this extent.

    Examples
    --------
    >>> entry = cc.list_connectomes()[0]
    >>> entry.name, entry.n_cells, entry.n_signed
    ('celegans-cook2019', 473, 4316)
    """

    name: str
    title: str
    n_cells: int
    n_edges: int
    n_gap_junctions: int
    n_signed: int
    citation: str
    licence: str
    source: str
    files: Mapping[str, str]
    sign_rule: str = ""
    extent: int | None = None

    def __repr__(self) -> str:
        return f"<CatalogEntry {self.name!r}: {self.n_cells} cells, {self.n_edges} chemical edges>"


@cache
def list_connectomes() -> tuple[CatalogEntry, ...]:
    """List the connectomes that ship with conncore, by name.

    Examples
    --------
    >>> [entry.name for entry in cc.list_connectomes()][:3]
    ['celegans-cook2019', 'celegans-cook2019-motor', 'celegans-haspel2011']
    """
    table = tomllib.loads(files(_DATA).joinpath("catalog.toml").read_text(encoding="utf-8"))
    return tuple(CatalogEntry(name=name, **table[name]) for name in sorted(table))


def load(name: str, *, split_muscles: bool = False, extent: int | None = None) -> Connectome:
    """Load a connectome that ships with conncore, or that conncore can download.

    Parameters
    ----------
    name : str
        A name from `list_connectomes`, such as "celegans-haspel2011", or from `list_remote`.
    split_muscles : bool
        Split left/right-merged muscles in two, see `Connectome.split_muscles`.
    extent : int, optional
        The number of columns around the middle one, if cell types are tiled on a grid.

    Returns
    -------
    Connectome

    Raises
    ------
    UsageError
        If the name is not known, or an extent is given and there is no grid.
    ConnectomeError
        If a shipped file was changed, a download fails, or there are no merged muscles to split.

    Examples
    --------
    >>> worm = cc.load("celegans-haspel2011")
    >>> worm.n_cells, worm.n_edges
    (102, 336)
    >>> cc.load("fly-optic-lobe", extent=2).n_cells
    1203
    """
    entries = {entry.name: entry for entry in list_connectomes()}
    if name not in entries and name in list_remote():
        return fetch(name)
    entry = entries[choose("connectome", name, {*entries, *list_remote()})]
    if extent is not None and entry.extent is None:
        raise UsageError(f"connectome {name!r} is not tiled, so it takes no extent")
    with ExitStack() as stack:
        data = files(_DATA)
        paths = [stack.enter_context(as_file(data.joinpath(file))) for file in entry.files]
        for path, sha256 in zip(paths, entry.files.values(), strict=True):
            _verify(path, sha256)
        if entry.extent is None:
            cells, edges = sorted(paths)
            connectome = read_edges(edges, cells=cells)
        else:
            columns = entry.extent if extent is None else extent
            connectome = read(paths[0], "flyvis", extent=columns)
    connectome = replace(
        connectome,
        name=entry.name,
        citation=entry.citation,
        licence=entry.licence,
        source=entry.source,
    )
    if entry.sign_rule:
        connectome = connectome.sign_by_transmitter(entry.sign_rule)
    return connectome.split_muscles() if split_muscles else connectome


def open_connectome(
    name_or_file: str,
    split_muscles: bool = False,
    format: str | None = None,
    options: Sequence[str] = (),
) -> Connectome:
    """Load a connectome by its catalog name, or read it from a file.

    Parameters
    ----------
    name_or_file : str
        A name that `load` takes, else a path that exists or ends in a suffix that `read` knows.
    split_muscles : bool
        Split left/right-merged muscles in two, see `Connectome.split_muscles`.
    format, options : str and sequence of str
        How to read a file, see `conncore.formats.read`; options as "key=value". The only option
        of a name is "extent=N", see `load`.

    Returns
    -------
    Connectome

    Raises
    ------
    UsageError
        If it is neither a known name nor a file.
    ConnectomeError
        If the file cannot be understood, or there are no merged muscles to split.
    """
    names = {*list_remote(), *(entry.name for entry in list_connectomes())}
    if name_or_file not in names and (format is not None or _is_file(name_or_file)):
        file = open_file(name_or_file)
        format = detect(file) if format is None else format
        connectome = read(file, format, **parse_options(format, options))
        return connectome.split_muscles() if split_muscles else connectome
    if name_or_file not in names:
        raise UsageError(
            f"unknown connectome {name_or_file!r}, and there is no such file; give a file, or "
            f"choose one of: {', '.join(sorted(names))}"
        )
    extent = None
    for option in options:
        key, _, value = option.partition("=")
        if format is not None or key != "extent" or not value.isdecimal():
            raise UsageError(
                f"{name_or_file} has no option {option!r}; the only option of a name is extent=N"
            )
        extent = int(value)
    return load(name_or_file, split_muscles=split_muscles, extent=extent)


def _is_file(text: str) -> bool:
    """Whether a text is a file or a data set of cect rather than a misspelled name."""
    path = Path(text)
    return text.startswith("cect:") or path.suffix.lower() in SUFFIXES or path.exists()


def _verify(path: Path, sha256: str) -> None:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}); install conncore again"
        raise ConnectomeError(message) from None
    if found != sha256:
        raise ConnectomeError(
            f"{path}: is not the file that conncore shipped (sha256 {found[:12]}..., expected "
            f"{sha256[:12]}...); install conncore again, or read your own copy with conncore.read"
        )
