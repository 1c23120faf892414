"""Which format a file has, by the end of its name and its first bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from os import PathLike
from pathlib import Path

from conncore.errors import ConnectomeError
from conncore.formats._files import (
    GZIP,
    ZIP,
    Source,
    brief,
    list_directory,
    open_source,
    read_bytes,
)
from conncore.formats._tables import COLUMNAR, guess_separator, number, read_rows
from conncore.formats.edges import ALIASES

#: Formats that the end of the name tells alone; tables, archives and JSON need a look.
BY_SUFFIX = {
    ".npy": "matrix",
    ".graphml": "graphml",
    ".nml": "neuroml",
    ".h5": "sonata",
    ".hdf5": "sonata",
    ".xlsx": "cook2019",
    ".mat": "haspel2011",
}
TABLES = (".csv", ".tsv", ".txt", ".edgelist", *COLUMNAR)
SUFFIXES = (*BY_SUFFIX, *TABLES, ".npz", ".json", ".xml", ".zip", ".gz", ".tgz")


def detect(path: str | PathLike[str]) -> str:
    """The format of a file or directory, a key of `conncore.formats.READERS`.

    Raises
    ------
    ConnectomeError
        If it cannot be told, or the file is not there.
    """
    if str(path).startswith("cect:"):
        return "cect"
    path = Path(path)
    if path.is_dir():
        return _of_files(path, list_directory(path))
    name = path.name.lower()
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    if name.endswith((".tar.gz", ".tgz")):
        return "neuprint"
    if suffix in (".npz", ".zip"):
        return _of_archive(path, suffix)
    if suffix not in SUFFIXES:
        read_bytes(path)  # a file that is not there is the first thing to say
        known = ", ".join((*TABLES, ".npz", ".json", *BY_SUFFIX))
        raise ConnectomeError(
            f"{path}: has unknown suffix {path.suffix!r}; name its format, or give a file ending "
            f"in {known}"
        )
    source = open_source(path)
    if source.suffix == ".json":
        return "flyvis" if b'"offsets"' in source.content else "cect"
    if source.suffix == ".xml":
        return "graphml" if b"<graphml" in source.content[:4096] else "neuroml"
    if source.suffix in COLUMNAR:
        titles = {b"Presynaptic_ID": "shiu2024", b"pre_root_id": "codex", b"bodyId_pre": "neuprint"}
        return next((f for title, f in titles.items() if title in source.content), "edges")
    return _of_table(source)


def _of_files(path: Path, names: Collection[str]) -> str:
    """The format of a set of files by their names."""
    low = [name.lower() for name in names]
    for part, found in (
        ("_connectivity_matrix.csv", "winding2023"),
        ("traced-", "neuprint"),
        ("completeness", "shiu2024"),
        ("connections", "codex"),
    ):
        if any(part in name for name in low):
            return found
    raise ConnectomeError(
        f"{path}: is a directory, not a connectome file, nor does it hold tables of neuPrint, "
        "Codex, Shiu 2024 or Winding 2023 under their own names"
    )


def _of_archive(path: Path, suffix: str) -> str:
    content = read_bytes(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except Exception as error:  # damaged archives make zipfile raise almost anything
        what = "is damaged" if content.startswith(ZIP) else "is no archive"
        if suffix == ".npz":
            return "npz"  # whose reader says what is wrong
        raise ConnectomeError(f"{path}: {what} ({brief(error)})") from None
    if suffix == ".npz":
        return "sparse" if "shape.npy" in names and "data.npy" in names else "npz"
    try:
        return _of_files(path, names)
    except ConnectomeError:
        source = open_source(path)
        if source.suffix in BY_SUFFIX:
            return BY_SUFFIX[source.suffix]
        return _of_table(source) if source.suffix in TABLES else "cect"


def _of_table(source: Source) -> str:
    """Edges, a matrix, or a table with the columns of Codex, neuPrint, Shiu or cect."""
    if source.content.startswith(GZIP):
        return "edges"
    start = source.content[: 1 << 20]
    start = start if len(start) == len(source.content) else start.rpartition(b"\n")[0]
    head = Source(source.label, source.name, start, source.size)
    try:
        rows = read_rows(head, guess_separator(source))
        _, first = next(rows, (1, [""]))
        _, second = next(rows, (2, [""]))
    except ConnectomeError:
        return "edges"
    titles = {title.lower() for title in first}
    if {"pre_root_id", "syn_count"} <= titles:
        return "codex"
    if {"bodyid_pre", "bodyid_post", "weight"} <= titles:
        return "neuprint"
    if "presynaptic_id" in titles:
        return "shiu2024"
    if first == ["Source", "Target", "Weight", "Type"]:
        return "cect"
    # No title that edges have, and numbers alone or an empty corner: the rows of a matrix.
    numbers = len(second) > 3 and all(number(word or "0") is not None for word in second[1:])
    corner = len(first) > 1 and not first[0]
    named = titles & {title.lower() for end in ("pre", "post") for title in ALIASES[end]}
    return "matrix" if (numbers or corner) and not named else "edges"
