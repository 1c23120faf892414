"""The reference of the site: every public name is in it, with an example that runs."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import conncore
from conncore.formats import READERS
from conncore.network.wiring import WIRINGS
from conncore.neurons.models import NEURONS
from conncore.nulls.models import NULLS
from conncore.optimizers import OPTIMIZERS
from conncore.tasks import TASKS

PAGES = sorted((Path(__file__).parents[1] / "docs" / "reference").glob("*.rst"))
LISTS = re.compile(r"^\.\. autosummary::\n   :toctree: names\n\n((?:   \S+\n)+)", re.MULTILINE)
NAMES = [
    name for page in PAGES for block in LISTS.findall(page.read_text()) for name in block.split()
]
# The rooms whose lists of names (__all__) are public.
ROOMS = ("", ".export", ".formats", ".optimizers", ".plot", ".tasks")


@pytest.fixture(autouse=True)
def examples_register_nothing(monkeypatch):
    """What an example registers is gone after it."""
    for registry in (TASKS, NEURONS, NULLS, READERS, OPTIMIZERS, WIRINGS):
        monkeypatch.setattr(registry, "added", {})


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


def run_examples(text, name):
    """Run the examples of a text, and return how many there are."""
    found = doctest.DocTestParser().get_doctest(text, {"cc": conncore, "np": np}, name, None, None)
    runner = doctest.DocTestRunner()
    said = []
    runner.run(found, out=said.append)
    assert runner.failures == 0, "".join(said)
    return len(found.examples)


# A network's file is full, and an error is raised: their examples are on the pages.
ON_PAGES = {"Network", *(name for name in conncore.__all__ if name.endswith(("Error", "Warning")))}
WITH_EXAMPLE = {*conncore.__all__, *(f"plot.{name}" for name in conncore.plot.__all__)} - ON_PAGES


@pytest.mark.parametrize("name", NAMES)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = inspect.getdoc(find(name)) or ""
    if "import torch" in text and importlib.util.find_spec("torch") is None:
        pytest.skip("needs the package torch")
    count = run_examples(text, name)
    plt.close("all")
    assert count or name not in WITH_EXAMPLE - {"NULLS"}  # a mapping


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_of_pages_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    count = run_examples(page.read_text(), page.stem)
    assert count or page.stem not in {"errors", "networks"}
