"""Reads the cells of a workbook (.xlsx) as they were saved.

Formulas are never computed. The value of a formula is the one that was saved with it; without a
saved value it is the formula's text. Rows and columns count from 0. Cells without a value take no
memory.
"""

from __future__ import annotations

import re

from conncore.errors import ConnectomeError
from conncore.formats._files import OpenedFile, Source
from conncore.formats._xml import XmlReader

Cells = dict[tuple[int, int], str]
#: The sheets of Cook et al. 2019, SI 5, that the reader looks for.
COOK_SHEETS = ("hermaphrodite chemical", "herm chemical", "male chemical")
ADDRESS = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")


class Workbook:
    """The sheets of a workbook; `read` reads one of them.

    Parameters
    ----------
    file : OpenedFile
        The .xlsx file.

    Raises
    ------
    ConnectomeError
        If the file is not a workbook, or is damaged.
    """

    def __init__(self, file: OpenedFile) -> None:
        self.file = file
        self._parts = file.parts
        sheets: list[tuple[str, str]] = []

        def sheet(name: str, attributes: dict[str, str]) -> None:
            if name == "sheet":
                sheets.append((attributes.get("name", ""), attributes.get("r:id", "")))

        XmlReader(self._part("workbook.xml")).parse(sheet)
        files: dict[str, str] = {}

        def relation(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship":
                target = attributes.get("Target", "").rpartition("/")[2]
                files[attributes.get("Id", "")] = target

        XmlReader(self._part("workbook.xml.rels")).parse(relation)
        self._files = {name: files.get(key, "") for name, key in sheets}
        self._shared = self._shared_strings()

    @property
    def names(self) -> list[str]:
        """Names of the sheets."""
        return list(self._files)

    def choose(self, sheet: str | None) -> str:
        """The given sheet, or the only one."""
        shown = ", ".join(map(repr, self.names)) or "none"
        if sheet is None and len(self.names) != 1:
            raise self.error(f"holds the sheets {shown}; name one with the option sheet")
        if sheet is not None and sheet not in self.names:
            raise self.error(f"there is no sheet {sheet!r}; it has {shown}")
        return self.names[0] if sheet is None else sheet

    def error(self, message: str) -> ConnectomeError:
        """An error that names the file."""
        return self.file.error(message)

    def _part(self, name: str) -> Source:
        if name not in self._parts:
            raise self.error(f"is not a workbook: {name or 'a sheet'} is missing in it")
        return self._parts[name]

    def _shared_strings(self) -> list[str]:
        strings: list[str] = []
        parts: list[str] = []
        if "sharedStrings.xml" not in self._parts:
            return strings

        def start(name: str, _: dict[str, str]) -> None:
            if name == "si":
                parts.clear()

        def end(name: str, text: str) -> None:
            if name == "t":  # a text in several fonts has several parts
                parts.append(text)
            elif name == "si":
                strings.append("".join(parts))

        XmlReader(self._parts["sharedStrings.xml"]).parse(start, end)
        return strings

    def read(self, sheet: str) -> Cells:
        """The values of a sheet by row and column, stripped of blanks."""
        cells: Cells = {}
        place = (0, 0)
        kind = formula = ""
        xml = XmlReader(self._part(self._files.get(sheet, "")))
        most = xml.source.most_rows

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal place, kind, formula
            if name == "c":
                match = ADDRESS.fullmatch(attributes.get("r", ""))
                if match is None:
                    raise xml.error(f"a cell has the address {attributes.get('r', '')!r}")
                place = (int(match[2]) - 1, column_number(match[1]))
                kind, formula = attributes.get("t", "n"), ""

        def end(name: str, text: str) -> None:
            nonlocal formula
            if name == "f":
                formula = f"={text}"
            elif name == "c" and formula:
                cells.setdefault(place, formula)  # no number: formulas are never computed
            if name == "v" or (name == "t" and kind == "inlineStr"):
                if name == "v" and kind == "s":
                    if not text.isdecimal() or len(text) > 9 or int(text) >= len(self._shared):
                        raise xml.error(f"there is no shared text {text!r}")
                    text = self._shared[int(text)]
                if text.strip():
                    cells[place] = text.strip()
                if len(cells) > most:
                    xml.source.check_rows(len(cells))

        xml.parse(start, end)
        return cells


def kind_of_workbook(workbook: Workbook) -> str:
    """The format of a workbook: "cook2019" by its sheets, or else what its first sheet holds.

    A sheet is a "matrix" if its first row and first column hold names, and everything else is
    numbers. Names stand in both, or the corner is empty. Any other sheet holds "edges".
    """
    if set(workbook.names) & set(COOK_SHEETS) or not workbook.names:
        return "cook2019"
    cells = workbook.read(workbook.names[0])
    top, left = (min((place[k] for place in cells), default=0) for k in (0, 1))
    rows = [name for (i, j), name in sorted(cells.items()) if j == left and i > top]
    columns = [name for (i, j), name in sorted(cells.items()) if i == top and j > left]
    body = [word for (i, j), word in cells.items() if i > top and j > left]
    if not body or not all(_is_entry(word) for word in body):
        return "edges"
    # A table that pandas wrote with its index has an empty corner, too.
    index = rows == [str(k) for k in range(len(rows))]
    named = set(rows) & set(columns) or ((top, left) not in cells and not index)
    return "matrix" if named else "edges"


def _is_entry(word: str) -> bool:
    return word.lower() in ("na", "n/a", "nan", "none", "null", "-") or is_number(word)


def is_number(word: str) -> bool:
    """Whether the text of a cell is a number."""
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", word, re.ASCII) is not None


def column_number(letters: str) -> int:
    """The number of a column: A is 0, Z is 25, AA is 26."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def address(row: int, column: int) -> str:
    """The name of a cell in a spreadsheet, such as "C4"."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"
