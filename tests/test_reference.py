"""The reference of the site: every public name is in it, and every name in it exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import conncore

PAGES = sorted((Path(__file__).parents[1] / "docs" / "reference").glob("*.rst"))
LISTS = re.compile(r"^\.\. autosummary::\n   :toctree: names\n\n((?:   \S+\n)+)", re.MULTILINE)
NAMES = [
    name for page in PAGES for block in LISTS.findall(page.read_text()) for name in block.split()
]
# The rooms whose lists of names (__all__) are public.
ROOMS = ("", ".export", ".formats", ".optimizers", ".plot", ".tasks")


def find(name):
    """The object that is called conncore.NAME."""
    found = conncore
    for depth, part in enumerate(name.split("."), start=1):
        if not hasattr(found, part):
            importlib.import_module("conncore." + ".".join(name.split(".")[:depth]))
        found = getattr(found, part)
    return found


def test_names_are_listed_once():
    assert len(NAMES) > 100
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_in_the_reference(room):
    listed = [find(name) for name in NAMES]
    module = importlib.import_module(f"conncore{room}")
    public = {name: getattr(module, name) for name in module.__all__}
    assert not [name for name, value in public.items() if not any(value is one for one in listed)]
