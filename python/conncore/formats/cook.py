"""Cook et al. 2019, SI 5: adjacency matrices of both sexes of C. elegans (.xlsx).

Sheets "<sex> chemical" and "<sex> gap jn symmetric": row 3 from column D names the postsynaptic
cells, column C from row 4 names the presynaptic cells, and the entries are numbers of EM sections.
The reader leaves out totals beyond the names. It reads each gap junction once, although the sheet
lists it twice, with the larger number. Cells have the names of the file (VB01, dBWML1). A matrix
has no duplicates. Signs are unknown.
"""

from __future__ import annotations

import math
from collections import Counter
from os import PathLike

import numpy as np

from conncore.connectome import Connectome
from conncore.errors import choose
from conncore.formats._build import fold, make
from conncore.formats._files import Source, open_file
from conncore.formats._tables import number
from conncore.formats._xlsx import Workbook, address

SHORT = {"hermaphrodite": "herm", "male": "male"}
#: Row and column of the first number, counted from 0.
FIRST = 3


def read_cook(path: str | PathLike[str], *, sex: str = "hermaphrodite") -> Connectome:
    """Read a connectome from the workbook.

    Parameters
    ----------
    path : path
        "SI 5 Connectome adjacency matrices.xlsx", the original or the one corrected in 2020.
    sex : {"hermaphrodite", "male"}
        The sex of the worm.

    Returns
    -------
    Connectome
        First the presynaptic cells in the order of the file, then the postsynaptic ones, then
        those that have only gap junctions.

    Raises
    ------
    ConnectomeError
        With file, sheet and cell, if the file cannot be understood.
    UsageError
        If `sex` is not known.
    """
    choose("sex", sex, SHORT)
    file = open_file(path)
    book = Workbook(file)
    chemical = _read(book, (f"{sex} chemical", f"{SHORT[sex]} chemical"))
    gap = _read(book, (f"{sex} gap jn symmetric", f"{SHORT[sex]} gap jn symmetric"))
    names = list(dict.fromkeys([n for rows in (chemical, gap) for end in rows[:2] for n in end]))
    places = {name: i for i, name in enumerate(names)}
    ends = [
        np.array([places[name] for name in column], np.int32)
        for rows in (chemical, gap)
        for column in rows[2:4]
    ]
    gap_pre, gap_post, gap_weight = fold(ends[2], ends[3], np.array(gap[4], np.float64))
    source = Source(str(file), file.path.name, b"", 0)
    return make(
        source,
        name=f"{source.stem}: {sex}",
        pre=ends[0],
        post=ends[1],
        weight=np.array(chemical[4], np.float64),
        names=names,
        gap_pre=gap_pre,
        gap_post=gap_post,
        gap_weight=gap_weight,
    )


Matrix = tuple[list[str], list[str], list[str], list[str], list[float]]


def _read(book: Workbook, titles: tuple[str, str]) -> Matrix:
    """The names of rows and columns, and pre, post and number of each entry."""
    sheet = next((title for title in titles if title in book.names), None)
    if sheet is None:
        shown = ", ".join(map(repr, book.names))
        raise book.error(f"there is no sheet {titles[0]!r}; found {shown}")
    cells = book.read(sheet)
    last = max((max(place) for place in cells), default=0)
    rows: dict[int, str] = {}
    columns: dict[int, str] = {}
    for k in range(FIRST, min(last, 10**5) + 1):
        if len(rows) == k - FIRST and (k, 2) in cells:
            rows[k] = cells[k, 2]
        if len(columns) == k - FIRST and (2, k) in cells:
            columns[k] = cells[2, k]
    for names, what in ((rows, "column C from row 4"), (columns, "row 3 from column D")):
        if not names:
            raise book.error(f"sheet {sheet!r} has no names in {what}")
        twice = [name for name, n in Counter(names.values()).items() if n > 1]
        if twice:
            raise book.error(f"sheet {sheet!r} has the name {twice[0]!r} twice in {what}")
    pre, post, weight = [], [], []
    for (row, column), text in cells.items():
        if row not in rows or column not in columns:
            continue
        value = number(text)
        if value is None or not math.isfinite(value) or value < 0:
            place = f"sheet {sheet!r}, cell {address(row, column)}"
            raise book.error(f"{place}: {text!r:.40} is not a number of sections")
        if value:
            pre.append(rows[row])
            post.append(columns[column])
            weight.append(value)
    return list(rows.values()), list(columns.values()), pre, post, weight
