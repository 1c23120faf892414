"""The small files that stand for each source's layout, and what is read from them."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest

FILES = Path(__file__).parents[1] / "files" / "formats"
BIG = 720575940621280688  # as floats, BIG + 1 is the same
NEEDS = {
    ".parquet": "pyarrow",
    ".feather": "pyarrow",
    "shiu": "pyarrow",
    ".mat": "scipy",
    ".mtx": "scipy",
    ".h5": "h5py",
    **dict.fromkeys((".gml", ".net", ".gexf"), "networkx"),
}


def installed(name):
    package = NEEDS.get(Path(name).suffix or name)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"needs {package}")
    return FILES / name


def edges(worm):
    ends = zip(worm.pre, worm.post, worm.weight.tolist(), worm.sign.tolist(), strict=True)
    return {(worm.names[i], worm.names[j]): (w, s) for i, j, w, s in ends}


def gaps(worm):
    ends = zip(worm.gap_pre, worm.gap_post, worm.gap_weight.tolist(), strict=True)
    return [(worm.names[i], worm.names[j], w) for i, j, w in ends]


def workbook(sheets):
    """The bytes of an .xlsx file; `sheets` has the rows of each sheet by its name."""
    sheets_xml = relations = ""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for k, (name, rows) in enumerate(sheets.items(), 1):
            sheets_xml += f'<sheet name={quoteattr(name)} r:id="r{k}"/>'
            relations += f'<Relationship Id="r{k}" Target="worksheets/sheet{k}.xml"/>'
            cells = "".join(
                f'<c r="{chr(65 + j)}{i}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
                for i, row in enumerate(rows, 1)
                for j, value in enumerate(row)
                if value != ""
            )
            sheet = f"<worksheet><sheetData>{cells}</sheetData></worksheet>"
            archive.writestr(f"xl/worksheets/sheet{k}.xml", sheet)
        book = f'<workbook xmlns:r="r"><sheets>{sheets_xml}</sheets></workbook>'
        archive.writestr("xl/workbook.xml", book)
        links = f"<Relationships>{relations}</Relationships>"
        archive.writestr("xl/_rels/workbook.xml.rels", links)
    return out.getvalue()
