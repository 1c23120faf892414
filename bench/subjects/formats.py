"""Times the reading of a table of the size of the whole fly, and checks the cell ids.

The table is generated in FlyWire Codex's layout: one row per pair and neuropil. Its ids are so
large that floats would confuse them. A separate process reads it and reports its peak memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from conncore.bench.harness import Harness, Row, Table

TITLE = "reading 15 million edges in FlyWire Codex's layout"

FLY = (140_000, 15_000_000)  # cells and pairs
QUICK = (2_000, 100_000)
FIRST_ID = 720575940600000000  # about 80 times 2^53
PROGRAM = """
import json, sys, time
from conncore.formats import read
start = time.perf_counter()
fly = read(sys.argv[1], "codex")
seconds = time.perf_counter() - start
status = open("/proc/self/status").read() if sys.platform == "linux" else "VmHWM: 0"
places = sorted(int(name) - int(sys.argv[2]) for name in fly.names)
print(json.dumps({
    "seconds": seconds,
    "gib": int(status.partition("VmHWM:")[2].split()[0]) / 2**20,
    "cells": fly.n_cells,
    "edges": fly.n_edges,
    "synapses": fly.weight.sum(),
    "exact": places == list(range(len(places))),
}))
"""


def write_table(path: Path, n_cells: int, n_pairs: int, seed: int) -> tuple[int, float]:
    """Write a table of about `n_pairs` pairs in random order; one in eight has two neuropils.

    Returns
    -------
    n_pairs : int
        Number of pairs.
    n_synapses : float
        Sum of synapses over all rows.
    """
    rng = np.random.default_rng(seed)
    gaps = rng.integers(1, 2 * n_cells**2 // n_pairs, n_pairs)
    places = np.cumsum(gaps)
    places = places[places < n_cells**2]
    cells = np.arange(n_cells)  # each cell sends to the next, so every cell has an edge
    places = np.union1d(places, cells * n_cells + (cells + 1) % n_cells)
    twice = places[rng.random(places.size) < 0.125]
    rows = rng.permutation(np.concatenate((places, twice)))
    counts = rng.geometric(0.2, rows.size)
    neuropils = np.array(["EB", "PB", "FB", "ME_L", "ME_R", "LO_L", "AL_R", "SLP_L"])
    kinds = np.array(["ACH", "GABA", "GLUT"])[rng.integers(0, 3, n_cells)]
    where = rng.integers(0, len(neuropils), rows.size)
    with open(path, "w", encoding="ascii") as file:
        file.write("pre_root_id,post_root_id,neuropil,syn_count,nt_type\n")
        for start in range(0, rows.size, 500_000):
            part = slice(start, start + 500_000)
            pre, post = np.divmod(rows[part], n_cells)
            columns = (pre, post, neuropils[where[part]], counts[part], kinds[pre])
            file.writelines(
                f"{FIRST_ID + i},{FIRST_ID + j},{neuropil},{count},{kind}\n"
                for i, j, neuropil, count, kind in zip(
                    *(column.tolist() for column in columns), strict=True
                )
            )
    return places.size, float(counts.sum())


def run(harness: Harness) -> None:
    if harness.peer("pyarrow") is None:
        return
    n_cells, n_pairs = QUICK if harness.quick else FLY
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "connections.csv")
        n_pairs, n_synapses = write_table(path, n_cells, n_pairs, seed=0)
        harness.note("size of the table (GB)", path.stat().st_size / 1e9)
        found = []
        for _ in range(1 if harness.quick else min(3, harness.rounds)):
            words = [sys.executable, "-c", PROGRAM, str(path), str(FIRST_ID)]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            found.append(json.loads(done.stdout))
    seconds = sorted(result["seconds"] for result in found)
    row = Row("conncore.read", seconds[len(seconds) // 2], seconds[0], seconds[-1])
    harness.add(Table(f"{n_cells} cells, {n_pairs} pairs", "s", [row]))
    harness.claim("seconds to read it", row.median, 0, 60)
    harness.claim("peak memory (GiB)", max(result["gib"] for result in found), 0, 6)
    right = {"cells": n_cells, "edges": n_pairs, "synapses": n_synapses, "exact": True}
    same = all(result[key] == value for result in found for key, value in right.items())
    harness.claim("cells, edges, synapses and ids are exact", float(same), 1)
