"""The small files that stand for each source's layout, and what is read from them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

FILES = Path(__file__).parents[1] / "files" / "formats"
BIG = 720575940621280688  # as floats, BIG + 1 is the same
NEEDS = {
    ".parquet": "pyarrow",
    ".feather": "pyarrow",
    "shiu": "pyarrow",
    ".mat": "scipy",
    ".h5": "h5py",
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
