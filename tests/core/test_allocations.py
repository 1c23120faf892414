"""An allocation that fails in the compiled core ends in MemoryError, never in a crash."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from allocations_program import WORKS

HELPERS = Path(__file__).parents[1] / "helpers"
pytestmark = [
    pytest.mark.skipif(
        platform.libc_ver()[0] != "glibc" or shutil.which("gcc") is None,
        reason="needs gcc and glibc",
    ),
    pytest.mark.skipif("CONNCORE_DEBUG" in os.environ, reason="the sanitizer has its own malloc"),
]


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """failing_malloc.c as a library to preload."""
    library = tmp_path_factory.mktemp("shim") / "failing_malloc.so"
    source = HELPERS / "failing_malloc.c"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


@pytest.mark.parametrize("work", WORKS)
def test_a_failing_allocation_ends_in_memory_error(shim, work):
    # PYTHONMALLOC: small objects, too, come from malloc.
    settings = {"LD_PRELOAD": str(shim), "PYTHONMALLOC": "malloc", "OPENBLAS_NUM_THREADS": "1"}
    ended = subprocess.run(
        [sys.executable, "allocations_program.py", work],
        cwd=HELPERS,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ended.returncode == 0, f"ended with {ended.returncode}: {ended.stderr[-2000:]}"
    assert int(ended.stdout) >= 20
