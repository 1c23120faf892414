"""Edge tables: one edge per row, as text, Parquet, Feather, JSON records or a sheet of a workbook.

The columns pre and post are needed; type (chemical or gap), weight and sign are optional. Each may
have any of its usual names, see `conncore.formats._vocabulary`. If the directory of `x.edges.csv`
or `x.csv` also holds `x.cells.csv`, the reader takes the cells from there, see
`conncore.formats.cells`. The reader refuses several rows for one edge, or adds their weights with
``duplicates="sum"``. A row with the weight 0 gives no edge.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from conncore.connectome import Connectome
from conncore.connectome.attributes import FIELDS
from conncore.errors import ConnectomeError, UsageError
from conncore.formats._delimited import DELIMITERS
from conncore.formats._edge_options import edge_options
from conncore.formats._edge_rows import connectome_of_table
from conncore.formats._files import open_file
from conncore.formats._json import records_table
from conncore.formats._open_table import COLUMNAR, open_table
from conncore.formats._sheets import sheet_table
from conncore.formats._vocabulary import TITLES, normal_title
from conncore.formats.cells import read_cells, written_attributes
from conncore.storage import write_atomically

EDGE_COLUMNS = ("pre", "post", "type", "weight", "sign")


def read_edges(
    path: str | PathLike[str],
    *,
    cells: str | PathLike[str] | None = None,
    pre: str | None = None,
    post: str | None = None,
    weight: str | None = None,
    type: str | None = None,
    sign: str | None = None,
    type_map: str | Mapping[str, str] | None = None,
    ignore: str | Iterable[str] | None = None,
    missing: str | Iterable[str] | None = None,
    where: str | Iterable[str] | Mapping[str, str | Iterable[str]] | None = None,
    duplicates: str = "error",
    header: bool = True,
    delimiter: str | None = None,
    comment: str = "",
    decimal: str = ".",
    sheet: str | None = None,
) -> Connectome:
    """Read a connectome from an edge table, one edge per row.

    Parameters
    ----------
    path : path
        A .csv, .tsv or .txt file in UTF-8, a Parquet or Feather file, a .json file with a list of
        records, or an .xlsx workbook. A list of numbers in a record, such as ``"syn": [2, 3]``,
        gives the columns "sum(syn)" and "len(syn)". Without a column of types all edges are
        chemical. Without weights all weights are 1, and a `ConnectomeWarning` names the columns
        of numbers that were not used. Without signs all signs are unknown. Cell names are strings,
        so long ids are never rounded.
    cells : path, optional
        The table of cells, see `conncore.formats.read_cells`. It sets the order of the cells. If
        not given, it is NAME.cells.csv beside NAME.edges.csv or NAME.csv. Without this file, the
        cells have the order of the edges.
    pre, post, weight, type, sign : str, optional
        The titles of these columns in the file. If not given, the reader looks for the usual ones.
        With ``sign=`` the title of the weights, a negative weight means inhibition.
    type_map : str or mapping, optional
        What words in the column of types mean: chemical, gap, or ignore (the row is left out), as
        "R:ignore,EJ:gap" or {"R": "ignore", "EJ": "gap"}. Usual words are known.
    ignore : str or sequence of str, optional
        Titles of columns that are not used, although they have a usual name: "type,sign".
    missing : str or sequence of str, optional
        Words that mean "no value": "NA,NaN". Rows without pre, post or weight are left out, and
        counted in a `ConnectomeWarning`. If not given, such rows are refused.
    where : str, sequence of str or mapping, optional
        Read only the rows with these words in a column: "dataset=D1,D2" or {"dataset": ["D1"]}.
    duplicates : {"error", "sum"}
        How to treat several rows for one edge: refuse them, or add their weights. If added rows
        differ in another column, a `ConnectomeWarning` says so.
    header : bool
        Whether the first line names the columns. Without a header the columns are called "1",
        "2", ..., and the first three are pre, post and weight.
    delimiter : str, optional
        The character between two fields. If not given, the first line decides.
    comment : str
        Lines that begin with this text are left out. Lines at the top that begin with "#" are left
        out in any case.
    decimal : {".", ","}
        The decimal sign.
    sheet : str, optional
        The sheet of a workbook; needed if it holds several.

    Returns
    -------
    Connectome

    Raises
    ------
    DuplicateEdgesError
        If several rows give the same edge and `duplicates` is "error".
    ConnectomeError
        With file, line and column, if the file cannot be understood.
    UsageError
        If an option has a value that is not known.

    Examples
    --------
    >>> from pathlib import Path
    >>> from conncore.formats import read_edges
    >>> _ = Path("edges.csv").write_text("from,to,size,kind\\nA,B,3,chem\\nB,A,2,elec\\n")
    >>> words = "chem:chemical,elec:gap"
    >>> both = read_edges("edges.csv", weight="size", type="kind", type_map=words)
    >>> both.n_edges, both.n_gap_junctions
    (1, 1)
    """
    numbered = {} if header else {"pre": pre or "1", "post": post or "2"}
    columns = {"pre": pre, "post": post, "weight": weight, "type": type, "sign": sign}
    options = edge_options(
        **{**columns, **numbered},
        type_map=type_map,
        ignore=ignore,
        missing=missing,
        where=where,
        duplicates=duplicates,
    )
    file = open_file(path)
    if cells is None:
        beside = cells_beside(file.path)
        cells = beside if beside.is_file() else None
    workbook = file.path.suffix.lower() == ".xlsx"
    is_text = not workbook and file.source.suffix not in (".json", *COLUMNAR)
    given = {"sheet": sheet if not workbook else None}
    given |= {} if is_text else {"delimiter": delimiter, "comment": comment}
    for option in (name for name, value in given.items() if value):
        raise UsageError(f"{file}: the option {option} does nothing for this file; leave it out")
    if workbook:
        table = sheet_table(file, sheet, header=header, decimal=decimal)
    elif file.source.suffix == ".json":
        table = records_table(file.source, decimal)
    else:
        wanted = {title for titles in TITLES.values() for title in titles}
        wanted.update(*(("1", "2", "3") if not header else ()))
        wanted.update(normal_title(title) for title in (*options.titles.values(), *options.where))
        table = open_table(
            file.source,
            wanted,
            delimiter=delimiter,
            header=header,
            comment=comment,
            decimal=decimal,
        )
    if not header and weight is None and len(table.titles) > 2:
        options = replace(options, titles={**options.titles, "weight": "3"})
    known = None if cells is None else read_cells(cells)
    return connectome_of_table(table, options, known, table.source.stem.removesuffix(".edges"))


def cells_beside(path: Path) -> Path:
    """The path where `read_edges` looks for the table of cells of an edge table."""
    stem = path.name.removesuffix(path.suffix).removesuffix(".edges")
    return path.with_name(f"{stem}.cells{path.suffix}")


def write_edges(
    connectome: Connectome,
    path: str | PathLike[str],
    *,
    cells: str | PathLike[str] | None = None,
) -> None:
    """Write the edges of a connectome, and with `cells` its cells, as `read_edges` reads them.

    The tables do not hold the sources of the signs, the citation or the licence, nor attributes
    that would come back changed, see `conncore.formats.cells.written_attributes`.
    Without `cells`, cells without edges are lost. A failed write leaves no partial file.

    Parameters
    ----------
    connectome : Connectome
        The connectome.
    path, cells : path
        .csv, .tsv or .txt files. Existing files are replaced.

    Raises
    ------
    ConnectomeError
        If a file name has another end.
    """
    names, body = connectome.names, connectome.body
    edges = [
        (names[i], names[j], "chemical", _short(weight), "" if sign == 0 else str(sign))
        for i, j, weight, sign in zip(
            connectome.pre, connectome.post, connectome.weight, connectome.sign, strict=True
        )
    ]
    edges += [
        (names[i], names[j], "gap", _short(weight), "")
        for i, j, weight in zip(
            connectome.gap_pre, connectome.gap_post, connectome.gap_weight, strict=True
        )
    ]
    _write_rows(Path(path), EDGE_COLUMNS, edges)
    if cells is not None:
        places = [("", "", "")] * len(names)
        if body is not None:
            segments = ["" if segment < 0 else str(segment) for segment in body.segment]
            places = list(zip(body.role, segments, body.side, strict=True))
        more, _ = written_attributes(connectome)
        known = zip(names, connectome.classes, connectome.transmitters, places, strict=True)
        rows = [(*cell, *place) for *cell, place in known]
        others = zip(*more.values(), strict=True) if more else [()] * len(rows)
        rows = [(*row, *other) for row, other in zip(rows, others, strict=True)]
        _write_rows(Path(cells), (*FIELDS, *more), rows)


def _delimiter(path: Path) -> str:
    try:
        return DELIMITERS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(DELIMITERS)
        raise ConnectomeError(f"{path}: the name of an edge table ends in one of {known}") from None


def _write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=_delimiter(path), lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def _short(weight: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(float(weight)).removesuffix(".0")
