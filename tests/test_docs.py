"""The pages: links resolve, Python blocks compile, registered names are there, README is short."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import conncore
from conncore.experiments.choices import CHOICES
from conncore.formats import READERS
from conncore.neurons.models import NEURONS
from conncore.nulls.models import NULLS
from conncore.nulls.perceptrons import BASELINES
from conncore.optimizers import OPTIMIZERS
from conncore.tasks import TASKS

ROOT = Path(__file__).parents[1]
FOLDERS = (".", "bench", "data", "docs", "examples", "results")
PAGES = sorted(page for folder in FOLDERS for page in (ROOT / folder).glob("*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def name_of(page):
    return str(page.relative_to(ROOT))


def anchors(page):
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_resolve(page):
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_blocks_compile(page):
    for language, block in FENCE.findall(page.read_text()):
        if language == "python":
            compile(block, name_of(page), "exec")


def test_every_page_of_docs_is_in_both_indexes():
    """README.md is the index on GitHub; the tables of contents are that of the site."""
    index = LINK.findall((ROOT / "docs" / "README.md").read_text())
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    indexes = {"index.md", "how-to.md", "background.md"}
    assert pages - indexes <= set(index)
    listed = {
        f"{name}.md"
        for page in indexes
        for block in TOCTREE.findall((ROOT / "docs" / page).read_text())
        for name in block.split()
    }
    assert pages - {"index.md"} <= listed


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("formats.md", [f"`{name}`" for name in READERS]),
        ("networks.md", [f"`{name}`" for name in (*NEURONS, *TASKS)]),
        ("networks.md", [f".{kind.__name__}()`" for kind in OPTIMIZERS.values()]),
        ("reproduction.md", [f"`{key}`" for key, r in CHOICES.items() if r.part != "reading"]),
        ("equations.md", [f"`{name}`" for name in NEURONS]),
        ("equations.md", [f"`cc.{kind.__name__}`" for kind in OPTIMIZERS.values()]),
        ("nulls.md", [f"`{name}`" for name in (*NULLS, *BASELINES)]),
    ],
)
def test_a_page_names_all_that_is_registered(page, names):
    text = (ROOT / "docs" / page).read_text()
    assert not [name for name in names if name not in text]


def test_translations_from_other_software_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = FENCE.findall((ROOT / "docs" / "coming-from.md").read_text())
    assert len(blocks) == 4
    for _, block in blocks:
        exec(block, {"cc": conncore, "np": np})


def test_check_links_finds_broken_links_and_files_of_other_sites(tmp_path):
    name = ROOT / "docs" / "check_links.py"
    check = importlib.util.module_from_spec(importlib.util.spec_from_file_location("links", name))
    check.__spec__.loader.exec_module(check)
    other = '<p id="here"></p><a href="a.html">a</a><a href="https://arxiv.org">paper</a>'
    (tmp_path / "b.html").write_text(other)
    (tmp_path / "a.html").write_text('<a href="b.html#here">b</a><a href="#">top</a>')
    assert check.problems(tmp_path) == []
    (tmp_path / "a.html").write_text(
        '<a href="c.html"></a><a href="b.html#there"></a><script src="https://x.org/x.js"></script>'
    )
    assert sorted(check.problems(tmp_path)) == [
        "a.html loads https://x.org/x.js",
        "a.html: b.html#there leads to no place on its page",
        "a.html: c.html leads nowhere",
    ]


def test_readme_has_at_most_100_lines():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


def test_pictures_of_readme_have_absolute_addresses_of_files_that_exist():
    """A package index shows README too, without the files beside it."""
    pictures = re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", (ROOT / "README.md").read_text())
    base = "https://raw.githubusercontent.com/conncore/conncore/main/"
    assert pictures
    for picture in pictures:
        assert picture.startswith(base)
        assert (ROOT / picture.removeprefix(base)).is_file()
