"""The installed package says what it is, and holds its data and its benchmarks."""

from __future__ import annotations

import tomllib
from importlib.metadata import distribution, metadata
from importlib.resources import files
from pathlib import Path

import pytest

import conncore

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_installed_metadata_are_those_of_pyproject():
    installed = metadata("conncore")
    assert installed["Version"] == PROJECT["version"] == conncore.__version__
    assert installed["Requires-Python"] == PROJECT["requires-python"] == ">=3.11"
    assert set(installed.get_all("Classifier")) == set(PROJECT["classifiers"])
    assert {url.split(", ")[0] for url in installed.get_all("Project-URL")} == set(PROJECT["urls"])


def test_the_citation_names_this_version():
    lines = (ROOT / "CITATION.cff").read_text().splitlines()
    assert f"version: {PROJECT['version']}" in lines
    assert f"repository-code: {PROJECT['urls']['Source']}" in lines


@pytest.mark.parametrize(
    ("package", "folder", "pattern"),
    [("conncore.data", "data", "*"), ("conncore.bench", "bench", "*.py")],
)
def test_packages_outside_python_are_installed_whole(package, folder, pattern):
    home = ROOT / folder
    sources = [path for path in home.rglob(pattern) if path.is_file() and path.suffix != ".pyc"]
    assert sources
    for path in sources:
        installed = files(package) / path.relative_to(home).as_posix()
        assert installed.read_bytes() == path.read_bytes(), path


def test_nothing_is_installed_outside_the_package():
    name = f"conncore-{PROJECT['version']}"
    allowed = {"conncore", "conncore.libs", f"{name}.dist-info", f"__editable__.{name}.pth"}
    for path in distribution("conncore").files:
        assert path.parts[0] in allowed or path.parts[-2:] == ("bin", "conncore"), path
