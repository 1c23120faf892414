"""Winding 2023: types and sides of the annotations."""

from __future__ import annotations

from conncore.formats import read
from format_files import FILES


def test_winding_takes_types_and_sides_from_the_annotations():
    fly = read(FILES / "winding.zip")
    assert fly.classes == ("KC", "KC")
    assert fly.attributes["side"] == ("left", "right")
