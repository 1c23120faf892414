"""Reads and writes connectome files. The format is detected, or named by the caller."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError, UsageError, choose
from conncore.formats._detect import SUFFIXES, detect
from conncore.formats._files import OpenedFile, open_file
from conncore.formats._frame_table import is_frame
from conncore.formats.banc import read_banc
from conncore.formats.cect import read_cect
from conncore.formats.cells import read_cells, written_attributes
from conncore.formats.codex import read_codex
from conncore.formats.cook import read_cook
from conncore.formats.edges import cells_beside, read_edges, write_edges
from conncore.formats.flyvis import read_flyvis
from conncore.formats.frames import read_frame
from conncore.formats.graph_files import read_graph
from conncore.formats.graphml import read_graphml, write_graphml
from conncore.formats.graphs import from_networkx, to_networkx
from conncore.formats.haspel import read_haspel
from conncore.formats.market import read_market
from conncore.formats.matlab import read_matlab
from conncore.formats.matrix import read_matrix
from conncore.formats.neuprint import read_neuprint
from conncore.formats.neuroml import read_neuroml
from conncore.formats.npz import load_npz, save_npz
from conncore.formats.shiu import read_shiu
from conncore.formats.sign_tables import open_sign_rule, read_edge_signs, read_sign_rule
from conncore.formats.sonata import read_sonata
from conncore.formats.sparse import read_sparse, write_sparse
from conncore.formats.winding import read_winding
from conncore.registry import Registry

__all__ = [
    "READERS",
    "SUFFIXES",
    "WRITERS",
    "OpenedFile",
    "detect",
    "from_networkx",
    "load_npz",
    "open_file",
    "open_sign_rule",
    "parse_options",
    "read",
    "read_cells",
    "read_edge_signs",
    "read_edges",
    "read_sign_rule",
    "register_reader",
    "save_npz",
    "to_networkx",
    "write",
    "write_edges",
]

#: The reader of each format. To add a format, write its module, add its reader here, and add to
#: `_detect` how to recognize its files.
READERS: Registry[Callable[..., Connectome]] = Registry(
    "format",
    "conncore.readers",
    {
        "edges": read_edges,
        "matrix": read_matrix,
        "sparse": read_sparse,
        "matrixmarket": read_market,
        "matlab": read_matlab,
        "npz": load_npz,
        "graphml": read_graphml,
        "graph": read_graph,
        "neuroml": read_neuroml,
        "sonata": read_sonata,
        "codex": read_codex,
        "banc": read_banc,
        "neuprint": read_neuprint,
        "shiu2024": read_shiu,
        "winding2023": read_winding,
        "flyvis": read_flyvis,
        "haspel2011": read_haspel,
        "cook2019": read_cook,
        "cect": read_cect,
    },
)


def register_reader(format: str, reader: Callable[..., Connectome]) -> None:
    """Make `read` (`format=`) and the commands (`--format`) know a file format of your own.

    Parameters
    ----------
    format : str
        Name of the format. The format of a file is never guessed to be this one.
    reader : function of a path
        Returns a `Connectome`; its keyword arguments are the options of the format. The path is
        an `os.PathLike` object. Raise `ConnectomeError` for a file that cannot be understood.

    Raises
    ------
    UsageError
        If conncore has a format of this name.

    Examples
    --------
    >>> def read_shipped(path):
    ...     return cc.load("celegans-haspel2011")
    >>> cc.register_reader("shipped", read_shipped)
    >>> cc.read("any.file", format="shipped").n_cells  # doctest: +SKIP
    102
    """
    READERS.register(format, reader)


def read(path: Any, format: str | None = None, **options: Any) -> Connectome:
    """Read a connectome from a file or a data frame.

    Parameters
    ----------
    path : path or data frame
        The file or directory; also packed (.gz, .bz2, .xz), or a zip archive that holds it. Or a
        frame of pandas, polars or pyarrow, see `conncore.formats.frames.read_frame`.
    format : str, optional
        A key of `READERS`. If not given, the end of the file name and the first bytes decide.
    **options
        Options of the reader of this format, such as `conncore.formats.edges.read_edges`.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If the format is not known or the file cannot be understood.
    UsageError
        If the format has no such option.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("edges.csv").write_text("pre,post,weight\\nA,B,3\\nB,C,1\\n")
    >>> circuit = cc.read("edges.csv")
    >>> circuit.names, circuit.weight
    (('A', 'B', 'C'), array([3., 1.]))
    """
    file: Any = path
    if is_frame(path):
        format, reader = "frame", read_frame
    else:
        file = open_file(path)
        format = detect(file) if format is None else choose("format", format, READERS)
        reader = READERS[format]
    known = [name for name in inspect.signature(reader).parameters if name not in ("path", "frame")]
    for option in options:
        if not known:
            raise UsageError(f"format {format} has no options; leave out {option!r}")
        choose("option", option, known, f"of format {format}")
    return reader(file, **options)


def parse_options(format: str, pairs: Iterable[str]) -> dict[str, Any]:
    """Turn words like "extent=2" into options of `read`.

    Parameters
    ----------
    format : str
        A key of `READERS`.
    pairs : iterable of str
        "key=value" for each option, as on the command line.

    Returns
    -------
    dict
        The options, with the types that the reader takes.

    Raises
    ------
    UsageError
        If the format is not known, a word is no pair, or an option does not take its value.

    Examples
    --------
    >>> from conncore.formats import parse_options
    >>> parse_options("flyvis", ["extent=2"])
    {'extent': 2}
    """
    parameters = inspect.signature(READERS[choose("format", format, READERS)]).parameters
    options: dict[str, Any] = {}
    for key, word in (_split(pair) for pair in pairs):
        if key == "where":  # several conditions
            options[key] = [*options.get(key, ()), word]
            continue
        default = parameters[key].default if key in parameters else None
        try:
            if isinstance(default, bool):
                options[key] = {"true": True, "yes": True, "false": False, "no": False}[
                    word.lower()
                ]
            elif isinstance(default, (int, float)):
                options[key] = type(default)(word)
            else:
                options[key] = word
        except (KeyError, ValueError):
            kind = "yes or no" if isinstance(default, bool) else "a number"
            raise UsageError(f"option {key} takes {kind}, not {word!r}") from None
    return options


def _split(pair: str) -> tuple[str, str]:
    key, found, value = pair.partition("=")
    if not found or not key:
        raise UsageError(f"{pair!r} is not an option; write key=value")
    return key, value


def _write_npz(connectome: Connectome, path: Path) -> str:
    save_npz(connectome, path)
    return ""


def _write_table(connectome: Connectome, path: Path) -> str:
    """Write the edges, and the cells into the file that `read_edges` looks for."""
    write_edges(connectome, path, cells=cells_beside(path))
    lost = [field for field in ("citation", "licence", "source") if getattr(connectome, field)]
    usual = ("source", "unknown")
    if any(
        word != usual[int(sign == 0)]
        for word, sign in zip(connectome.sign_source, connectome.sign.tolist(), strict=True)
    ):
        lost.insert(0, "sign sources")
    _, changed = written_attributes(connectome)
    lost += [f"attribute {key}" for key in changed]
    return ", ".join(lost)


#: The writer of each format. It returns a list of what the format cannot hold.
WRITERS: dict[str, Callable[[Connectome, Path], str]] = {
    "npz": _write_npz,
    "edges": _write_table,
    "graphml": write_graphml,
    "sparse": write_sparse,
}
_WRITTEN = {
    ".npz": "npz",
    ".csv": "edges",
    ".tsv": "edges",
    ".txt": "edges",
    ".graphml": "graphml",
}


def write(connectome: Connectome, path: str | PathLike[str], format: str | None = None) -> str:
    """Write a connectome and replace an existing file. A failed write leaves no partial file.

    Parameters
    ----------
    connectome : Connectome
        What to write.
    path : path
        .npz and .graphml keep everything. .csv, .tsv and .txt are edge tables; the cells go
        into NAME.cells.csv beside NAME.csv or NAME.edges.csv.
    format : str, optional
        "npz", "edges", "graphml", or "sparse" for a .npz that SciPy loads. If not given, the end
        of the file name decides.

    Returns
    -------
    str
        A list of what the format left out of this connectome; "" if it kept everything.

    Raises
    ------
    UsageError
        If the format is not known.
    ConnectomeError
        If the format cannot hold the connectome, or the file cannot be written.

    Examples
    --------
    >>> worm = cc.load("celegans-haspel2011")
    >>> cc.write(worm, "worm.npz")
    ''
    >>> cc.read("worm.npz").checksum == worm.checksum
    True
    """
    path = Path(path)
    if format is None:
        format = _WRITTEN.get(path.suffix.lower())
        if format is None:
            known = ", ".join(_WRITTEN)
            raise UsageError(f"{path}: give a file ending in {known}, or name the format")
    choose("format to write", format, WRITERS)
    try:
        dropped = WRITERS[format](connectome, path)
    except OSError as error:
        raise ConnectomeError(f"{path}: cannot be written ({error.strerror})") from None
    if connectome.attributes and format == "sparse":
        dropped = ", ".join(filter(None, (dropped, "attributes")))
    return dropped
