"""Cook 2019: formulas in the workbook."""

from __future__ import annotations

import zipfile

import pytest

from conncore.errors import ConnectomeError
from conncore.formats import read
from format_files import FILES, edges


def test_a_formula_is_not_worked_out(tmp_path):
    """Totals beyond the names may be formulas; a number may not, unless its value was saved."""
    path = tmp_path / "cook.xlsx"
    with zipfile.ZipFile(FILES / "cook.xlsx") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    place = b'<c r="E4" t="n"><v>3</v></c>'
    assert place in parts[sheet]
    for cell, message in (
        (b'<c r="E4"><f>D4+9</f></c>', "sheet 'hermaphrodite chemical', cell E4: '=D4\\+9' is not"),
        (b'<c r="E4"><f>D4+9</f><v>x</v></c>', "cell E4: 'x' is not a number of sections"),
        (b'<c r="E4"><f>D4+9</f><v>5</v></c>', ""),
    ):
        with zipfile.ZipFile(path, "w") as new:
            for name, part in parts.items():
                new.writestr(name, part.replace(place, cell) if name == sheet else part)
        if message:
            with pytest.raises(ConnectomeError, match=message):
                read(path)
        else:
            assert edges(read(path))["I1L", "VB01"] == (5, 0)
