"""The public names: found when first used, seen by type checkers, and none hides a module."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import conncore as cc

PACKAGE = Path(cc.__file__).parent
ROOMS = ["conncore"] + [
    f"conncore.{module.name}" for module in pkgutil.iter_modules([str(PACKAGE)]) if module.ispkg
]


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def type_checked():
    """The names that __init__ imports for type checkers, each with its module."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    branches = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in branches[0].body if isinstance(node, ast.ImportFrom)]
    return {name.name: node.module for node in imports for name in node.names}


def test_the_lists_of_public_names_are_equal():
    assert type_checked() == cc._HOMES
    assert list(cc.__all__) == list(cc._HOMES)


@pytest.mark.parametrize("name", cc.__all__)
def test_every_public_name_is_found(name):
    assert name in dir(cc)
    assert getattr(cc, name) is getattr(importlib.import_module(cc._HOMES[name]), name)


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="module 'conncore' has no attribute 'lod'"):
        cc.lod  # noqa: B018
    with pytest.raises(ImportError):
        exec("from conncore import lod")
    assert cc.__version__ == importlib.metadata.version("conncore")


@pytest.mark.parametrize("room", ROOMS)
def test_no_public_name_hides_a_module(room):
    module = importlib.import_module(room)
    for name in getattr(module, "__all__", []):
        full = f"{room}.{name}"
        assert importlib.util.find_spec(full) is None, f"{full} is a module and a public name"


def test_import_loads_no_other_package():
    code = "import sys; before = set(sys.modules); import conncore; "
    code += "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    loaded = {name for name in python(code).split() if "cython" not in name}
    assert loaded - sys.stdlib_module_names == {"conncore"}


def test_import_loads_openmp_and_nothing_else_that_is_compiled():
    code = "import sys, conncore; print(*(m for m in sys.modules if m.startswith('conncore')))"
    first = {"conncore", "conncore._openmp", "conncore._parallel", "conncore.errors"}
    assert set(python(code).split()) == first


def test_type_checkers_see_the_list_of_names():
    """They read __all__ only where it is written out."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    assert ast.literal_eval(value) == cc.__all__
