"""The small files that stand for each source's layout, and what is read from them."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from conncore.formats._xlsx import address

FILES = Path(__file__).parents[1] / "files" / "formats"
BIG = 720575940621280688  # as floats, BIG + 1 is the same
NEEDS = {
    ".parquet": "pyarrow",
    ".feather": "pyarrow",
    "shiu": "pyarrow",
    "banc": "pyarrow",
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


def write_book(path, **sheets):
    """A workbook of rows of values; None leaves a cell out."""
    names = "".join(f'<sheet name="{name}" r:id="{name}"/>' for name in sheets)
    links = "".join(f'<Relationship Id="{name}" Target="{name}.xml"/>' for name in sheets)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", f"<workbook><sheets>{names}</sheets></workbook>")
        archive.writestr("xl/_rels/workbook.xml.rels", f"<R>{links}</R>")
        for name, rows in sheets.items():
            cells = (
                f'<c r="{address(i, j)}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
                if isinstance(value, str)
                else f'<c r="{address(i, j)}"><v>{value}</v></c>'
                for i, row in enumerate(rows)
                for j, value in enumerate(row)
                if value is not None
            )
            archive.writestr(f"xl/worksheets/{name}.xml", f"<s>{''.join(cells)}</s>")
