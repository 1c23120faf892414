"""Load OpenMP so that its idle threads sleep.

By default, libgomp's threads spin for milliseconds after their work. They take a core from
MuJoCo's threads, which run next, and from other processes. On two cores, a step of HalfCheetah
took 1.4 times as long. OpenMP reads its settings once, when it is loaded.
"""

from __future__ import annotations

import importlib
import os

_SETTINGS = {"GOMP_SPINCOUNT": "1000", "KMP_BLOCKTIME": "0"}  # gcc's and clang's OpenMP


def _load() -> None:
    by_user = any(name in os.environ for name in ("OMP_WAIT_POLICY", *_SETTINGS))
    settings = {} if by_user else _SETTINGS
    os.environ.update(settings)
    try:
        importlib.import_module("conncore._parallel")
    finally:
        for name in settings:
            del os.environ[name]  # other libraries and child processes keep their own


_load()
