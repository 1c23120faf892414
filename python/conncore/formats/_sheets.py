"""Tables in workbooks (.xlsx): the first filled row of a sheet names the columns."""

from __future__ import annotations

from conncore.formats._files import OpenedFile, Source
from conncore.formats._tables import Table, table_of_columns
from conncore.formats._xlsx import Workbook


def sheet_table(
    file: OpenedFile, sheet: str | None, *, header: bool = True, decimal: str = "."
) -> Table:
    """The table in a sheet.

    Parameters
    ----------
    file : OpenedFile
        The .xlsx file.
    sheet : str or None
        The name of the sheet; None if the workbook has only one.
    header : bool
        Whether the first row names the columns. If not, they are called "1", "2", ...
    decimal : {".", ","}
        The decimal sign of numbers in cells of text.

    Raises
    ------
    ConnectomeError
        If there is no such sheet, or it is empty.
    """
    workbook = Workbook(file)
    sheet = workbook.choose(sheet)
    cells = workbook.read(sheet)
    if not cells:
        raise file.error(f"sheet {sheet!r} is empty")
    source = Source(f"{file}: sheet {sheet!r}", file.path.name, b"", len(file.packed))
    rows = sorted({row for row, _ in cells})
    places = sorted({column for row, column in cells if row == rows[0]})
    titles = [cells[rows[0], k] for k in places] if header else [str(k + 1) for k in places]
    body = rows[1:] if header else rows
    if len(body) * len(places) > 10 * source.most_rows:
        raise source.error(f"{len(places)} columns of {len(body)} rows are too many")
    beyond = next((cell for cell in cells if cell[1] not in places), None)
    if beyond is not None:
        row, column = beyond
        raise source.error(
            f"row {row + 1} has a value in column {column + 1}, which has no title in row "
            f"{rows[0] + 1}; the first row of a table names its columns"
        )
    columns = {
        title: [cells.get((row, k), "") for row in body]
        for title, k in zip(titles, places, strict=True)
    }
    if len(columns) < len(titles):
        twice = next(title for title in titles if titles.count(title) > 1)
        raise source.error(f"row {rows[0] + 1} names the column {twice!r} twice")
    return table_of_columns(
        source,
        columns,
        len(body),
        lines=lambda which: [body[k] + 1 for k in which],
        line_word="row",
        decimal=decimal,
    )
