"""Finds the format of a file by the end of its name and its first bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection
from os import PathLike
from pathlib import Path

from conncore.errors import ConnectomeError
from conncore.formats._delimited import guess_delimiter, read_rows
from conncore.formats._files import OpenedFile, Source, open_file
from conncore.formats._open_table import COLUMNAR
from conncore.formats._unpack import PACKED, PACKED_SUFFIXES, ZIP, brief, unpacked_name
from conncore.formats._vocabulary import TITLES, normal_title
from conncore.formats._xlsx import Workbook, kind_of_workbook
from conncore.formats.graph_files import GRAPHS
from conncore.formats.matlab import kind_of_mat
from conncore.formats.matrix import is_matrix

#: Formats that the end of the name decides. For tables, archives and JSON the content decides.
BY_SUFFIX = {
    ".npy": "matrix",
    ".graphml": "graphml",
    **dict.fromkeys(GRAPHS, "graph"),
    ".nml": "neuroml",
    ".h5": "sonata",
    ".hdf5": "sonata",
    ".mtx": "matrixmarket",
}
TABLES = (".csv", ".tsv", ".txt", ".edgelist", *COLUMNAR)
SUFFIXES = (
    *BY_SUFFIX,
    *TABLES,
    *(".xlsx", ".mat", ".npz", ".json", ".xml", ".zip"),
    *PACKED_SUFFIXES,
    ".tgz",
)


def detect(path: str | PathLike[str]) -> str:
    """Find the format of a file or directory.

    Parameters
    ----------
    path : path
        The file or directory. A reader that gets the same `OpenedFile` does not open it again.

    Returns
    -------
    str
        A key of `conncore.formats.READERS`.

    Raises
    ------
    ConnectomeError
        If the format is not known, or the file cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from conncore.formats import detect
    >>> _ = Path("edges.csv").write_text("pre,post,weight\\nA,B,3\\n")
    >>> detect("edges.csv")
    'edges'
    """
    if str(path).startswith("cect:"):
        return "cect"
    file = open_file(path)
    if file.path.is_dir():
        return _of_files(file, file.names)
    name = file.path.name.lower()
    suffix = Path(unpacked_name(name)).suffix
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    if suffix == ".mat":
        return kind_of_mat(file.source)
    if suffix == ".xlsx":
        return kind_of_workbook(Workbook(file))
    if suffix == ".tar" or name.endswith(".tgz"):
        return "neuprint"
    if suffix in (".npz", ".zip"):
        return _of_archive(file, suffix)
    if suffix not in SUFFIXES:
        file.look()  # report a missing file before an unknown suffix
        known = ", ".join((*TABLES, ".xlsx", ".mat", ".npz", ".json", *BY_SUFFIX))
        raise file.error(
            f"has unknown suffix {file.path.suffix!r}; name its format, or give a file ending "
            f"in {known}"
        )
    source = file.source
    if source.suffix == ".json":
        return _of_json(source.content)
    if source.suffix == ".xml":
        return "graphml" if b"<graphml" in source.content[:4096] else "neuroml"
    if source.suffix in COLUMNAR:
        titles = {b"Presynaptic_ID": "shiu2024", b"pre_root_id": "codex", b"bodyId_pre": "neuprint"}
        return next((f for title, f in titles.items() if title in source.content), "edges")
    return _of_table(source)


def _of_json(content: bytes) -> str:
    if content.lstrip()[:1] == b"[":
        return "edges"
    if b'"offsets"' in content:
        return "flyvis"
    links = (b'"links"', b'"edges"')
    return "graph" if any(key in content for key in links) and b'"nodes"' in content else "cect"


def _of_files(file: OpenedFile, names: Collection[str]) -> str:
    """The format of a set of files by their names."""
    low = [name.lower() for name in names]
    for part, found in (
        ("_connectivity_matrix.csv", "winding2023"),
        ("traced-", "neuprint"),
        ("completeness", "shiu2024"),
        ("connections", "codex"),
        ("edgelist_simple", "banc"),
        ("simple_edgelist", "banc"),
    ):
        if any(part in name for name in low):
            return found
    raise file.error(
        "is a directory, not a connectome file, and holds no tables of neuPrint, Codex, Shiu 2024, "
        "Winding 2023 or BANC under their original names"
    )


def _of_archive(file: OpenedFile, suffix: str) -> str:
    packed = file.packed
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except Exception as error:  # zipfile raises almost anything on damaged archives
        what = "is damaged" if packed.startswith(ZIP) else "is not an archive"
        if suffix == ".npz":
            return "npz"  # its reader reports the problem
        raise file.error(f"{what} ({brief(error)})") from None
    if suffix == ".npz":
        return "sparse" if "shape.npy" in names and "data.npy" in names else "npz"
    try:
        return _of_files(file, names)
    except ConnectomeError:
        source = file.source
        if source.suffix == ".mat":
            return kind_of_mat(source)
        if source.suffix in BY_SUFFIX:
            return BY_SUFFIX[source.suffix]
        return _of_table(source) if source.suffix in TABLES else "cect"


def _of_table(source: Source) -> str:
    """Edges, a matrix, or a table with the columns of Codex, neuPrint, Shiu or cect."""
    if source.content.startswith(PACKED):
        return "edges"
    start = source.content[: 1 << 20]
    start = start if len(start) == len(source.content) else start.rpartition(b"\n")[0]
    head = Source(source.label, source.name, start, source.size)
    try:
        rows = read_rows(head, guess_delimiter(source))
        _, first = next(rows, (1, [""]))
        _, second = next(rows, (2, [""]))
    except ConnectomeError:
        return "edges"
    titles = {title.lower() for title in first}
    if "pre_root_id" in titles and titles & {"syn_count", "x"}:
        return "codex"
    if {"bodyid_pre", "bodyid_post", "weight"} <= titles:
        return "neuprint"
    if "presynaptic_id" in titles:
        return "shiu2024"
    if first == ["Source", "Target", "Weight", "Type"]:
        return "cect"
    # A matrix has no title of an edge table, and has only numbers or an empty corner.
    normal = {normal_title(title) for title in first}
    named = normal & {*TITLES["pre"], *TITLES["post"]}
    return "matrix" if is_matrix(first, second) and not named else "edges"
