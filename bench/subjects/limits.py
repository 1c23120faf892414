"""Measures the limits of one core: memory bandwidth by working set, and peak flops."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np

from conncore import _kernels
from conncore.bench.harness import Harness, Row, Table

TITLE = "bandwidth and flops of one core"

# 2 n^3 operations of NumPy's BLAS on one thread: the best multiply-add loop that is available.
FLOPS = """
import time, numpy as np
n = 1000
a, b, c = np.ones((n, n)), np.ones((n, n)), np.empty((n, n))
best = 1e9
for _ in range(7):
    started = time.process_time()
    np.matmul(a, b, out=c)
    best = min(best, time.process_time() - started)
print(2 * n**3 / best)
"""


def peak_flops() -> float:
    """Return float64 operations per second of one core (a multiply-add is two)."""
    one = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "VECLIB", "BLIS")}
    if "avx512" in _kernels.built_for():  # else OpenBLAS is slower on processors new to it
        one["OPENBLAS_CORETYPE"] = "SkylakeX"
    found = subprocess.run(
        [sys.executable, "-c", FLOPS],
        env=os.environ | one, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(found.stdout)


def bandwidth(working_set: float, seconds: float = 0.1) -> float:
    """Return bytes per second of one core that adds two arrays into a third.

    Parameters
    ----------
    working_set : float
        Bytes of the three arrays. The cache level that they fit into determines the speed.
    """
    n = max(int(working_set) // 24, 1000)
    a, b, c = np.zeros(n), np.ones(n), np.ones(n)
    n_calls = max(int(4e7 / n / 24), 1)
    best = 0.0
    end = time.process_time() + seconds
    while best == 0.0 or time.process_time() < end:
        started = time.process_time()
        for _ in range(n_calls):
            np.add(b, c, out=a)
        best = max(best, 24 * n * n_calls / (time.process_time() - started))
    return best


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    table = Table("Bandwidth of one core: c = a + b in NumPy, best of 0.1 s", "GB/s")
    for name, size in (
        ("96 kB (second level cache)", 96e3),
        ("384 kB", 384e3),
        ("6 MB (third level)", 6e6),
        ("400 MB (memory)", 4e8),
    ):
        found = [bandwidth(size) / 1e9 for _ in range(harness.rounds)]
        table.rows.append(Row(name, float(np.median(found)), min(found), max(found)))
    harness.add(table)
    harness.note("peak float64 flops of one core (dgemm)", peak_flops())
