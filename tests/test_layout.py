"""The house stands as drawn: where sources live, who may use threads, what belongs together."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import conncore
from conncore import _kernels
from conncore.neurons.models import NEURONS
from conncore.neurons.operations import NUMPY

ROOT = Path(__file__).parents[1]
CYTHON = ROOT / "conncore"
PACKAGE = ROOT / "python" / "conncore"
MAX_LINES = 400
MAX_MODULES = 15  # of a room, but for formats, where each format is one
# Tests that belong to no module of their room, and what they are about.
ACROSS_MODULES = {
    "bench/bbob": "a subject of `conncore bench`",
    "core/allocations": "allocations that fail",
    "core/brian2": "spike times against Brian2",
    "core/kernels": "all kernels against their twins",
    "core/shared_values": "the slots of sparse maps",
    "evolution/settings": "a run and the network and task given with it",
    "experiments/mutations": "damaged run directories and studies",
    "formats/bombs": "files that are hostile",
    "formats/fuzz": "files that are broken at random",
    "formats/hdf5_links": "HDF5 files that take values from other files",
    "formats/read": "the functions of the room's __init__",
    "formats/readers": "all readers",
    "formats/real": "published files",
    "formats/write": "the functions of the room's __init__",
    "optimizers/evosax": "against evosax",
    "robustness/page": "the example of docs/multiverse.md",
    "tasks/environments": "Gymnasium environments of users",
    "tasks/make_task": "the function of the room's __init__",
}
TEXT = (".py", ".pyi", ".pyx", ".pxd", ".h", ".md", ".toml", ".in", ".csv")


def sources(*folders, suffixes=(".py", ".pyi", ".pyx", ".pxd", ".h")):
    found = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes and path.is_file()
    ]
    assert found
    return found


def test_import_finds_the_package_and_not_the_cython_sources(monkeypatch):
    home = Path(conncore.__file__).resolve().parent
    assert home.name == "conncore"
    assert home != CYTHON
    assert (home / "network" / "network.py").is_file()
    assert not list(CYTHON.rglob("__init__.py"))
    assert not list(CYTHON.rglob("*.py"))


def test_exactly_one_file_uses_threads():
    users = [path.name for path in sources("conncore") if "cython.parallel" in path.read_text()]
    assert users == ["_parallel.pyx"]
    assert not [path for path in sources("conncore") if "#pragma omp" in path.read_text()]


def test_no_file_is_long():
    folders = [name for name in ("conncore", "python", "tests", "bench") if (ROOT / name).is_dir()]
    lines = {path: path.read_text().count("\n") for path in sources(*folders)}
    assert not {str(path): n for path, n in lines.items() if n > MAX_LINES}


def test_no_room_is_crowded():
    rooms = [room for room in [PACKAGE, *PACKAGE.iterdir()] if (room / "__init__.py").is_file()]
    modules = {room.name: len(list(room.glob("*.py"))) for room in rooms if room.name != "formats"}
    assert len(modules) > 10
    assert not {room: n for room, n in modules.items() if n > MAX_MODULES}


def test_the_top_of_the_package_holds_what_all_rooms_share():
    shared = {"__init__", "__main__", "errors", "noise", "threads", "storage", "provenance"}
    shared.add("registry")
    assert {path.stem for path in PACKAGE.glob("*.py")} == shared | {"_openmp"}


def test_tests_are_found_by_the_name_of_what_they_test():
    core = [*CYTHON.glob("*.pyx"), *(CYTHON / "kernels").glob("*.pyx")]
    strays = set()
    for path in (ROOT / "tests").glob("*/test_*.py"):
        room, subject = path.parent.name, path.stem.removeprefix("test_")
        modules = core if room == "core" else (PACKAGE / room).glob("*.py")
        names = {module.stem.strip("_") for module in modules}
        if not any(subject == name or subject.startswith(f"{name}_") for name in names):
            strays.add(f"{room}/{subject}")
    assert strays == set(ACROSS_MODULES)


def test_compiled_modules_have_stubs():
    modules = {path.stem for path in CYTHON.glob("*.pyx")}
    assert modules
    assert {path.stem for path in PACKAGE.glob("*.pyi")} == modules
    assert (PACKAGE / "py.typed").is_file()


def test_no_generated_c_among_the_sources():
    assert not [p for p in CYTHON.rglob("*") if p.suffix in (".c", ".cpp", ".html", ".so")]


def test_kernels_modules_and_registry_list_the_same_models():
    kernels = {
        path.stem
        for path in (CYTHON / "kernels").glob("*.pyx")
        if re.search(r"^NEURON_STEP\b", path.read_text(), re.MULTILINE)
    }
    modules = {
        path.stem
        for path in (PACKAGE / "neurons").glob("*.py")
        if re.search(r"^MODEL\b", path.read_text(), re.MULTILINE)
    }
    assert kernels == modules == set(NEURONS)
    for name, model in NEURONS.items():
        assert importlib.import_module(f"conncore.neurons.{name}").MODEL is model


def test_only_the_registry_lists_the_neuron_models():
    """So that a new model needs no change to the networks, the twins or the exports."""
    rooms = [
        f"python/conncore/{room}" for room in ("neurons", "network", "reference", "export", "cli")
    ]
    names = [re.compile(rf"\b{name}\b") for name in NEURONS]
    lists = [p for p in sources(*rooms) if all(name.search(p.read_text()) for name in names)]
    assert lists == [PACKAGE / "neurons" / "models.py"]


@pytest.mark.parametrize("neuron", NEURONS)
def test_a_model_has_the_same_constants_and_state_everywhere(neuron):
    model = NEURONS[neuron]
    kernel = _kernels.load(neuron)
    assert tuple(model.constants) == kernel.CONSTANTS
    constants = {name: constant.default for name, constant in model.constants.items()}
    state = model.reset((1, 1), constants, NUMPY)
    assert tuple(state) == kernel.STATE
    model.step(state, np.ones((1, 1)), constants, NUMPY)
    assert tuple(state) == kernel.STATE
    for name, constant in model.constants.items():
        assert constant.lower <= constant.default <= constant.upper, name
    assert 0 <= model.trace < 1


def test_every_kernel_is_built_for_every_instruction_set():
    for path in (CYTHON / "kernels").glob("*.pyx"):
        for isa in _kernels.built_for():
            assert importlib.import_module(f"conncore._kernels.{path.stem}_{isa}")


def test_nothing_names_a_folder_outside_the_repository():
    names = ["Makefile", "NOTICE", "run"]
    written = [path for path in ROOT.iterdir() if path.suffix in TEXT or path.name in names]
    for folder in ("conncore", "python", "tests", "bench", "data", "examples", ".ci"):
        written += [p for p in (ROOT / folder).rglob("*") if p.suffix in TEXT or p.name in names]
    outside = [("..", "shared"), ("", "work", "main"), ("", "tmp", "w", "")]
    for path in written:
        for parts in outside:
            assert "/".join(parts) not in path.read_text(), path
