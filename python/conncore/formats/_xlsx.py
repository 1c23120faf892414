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
