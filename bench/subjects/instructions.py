"""Counts the instructions of the AVX2 kernels with valgrind: a regression test without noise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from conncore import _kernels
from conncore.bench.harness import HERE, Harness
from conncore.neurons.models import NEURONS

TITLE = "instructions of the AVX2 kernels (callgrind; it knows no AVX-512)"
CHILD = HERE / "counted.py"
N_STEPS = 10


def count(neuron: str, folder: str) -> int:
    """Return the instructions of N_STEPS network steps of one block, on the worm."""
    out = Path(folder, f"{neuron}.out")
    command = [
        "valgrind", "--tool=callgrind", "--toggle-collect=*act_block*",
        f"--callgrind-out-file={out}", sys.executable, str(CHILD), neuron, str(N_STEPS),
    ]  # fmt: skip
    environment = os.environ | {"CONNCORE_ISA": "avx2", "PYTHONMALLOC": "malloc"}
    subprocess.run(command, env=environment, capture_output=True, check=True)
    [total] = re.findall(r"^totals: (\d+)", out.read_text(), re.MULTILINE)
    return int(total)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    if shutil.which("valgrind") is None or "avx2" not in _kernels.built_for():
        harness.skip("callgrind", "it needs valgrind and an AVX2 build")
        return
    n_members, n_synapses = 16, 484
    print()
    with tempfile.TemporaryDirectory() as folder:
        for neuron in NEURONS:
            try:
                total = count(neuron, folder)
            except subprocess.CalledProcessError as error:
                harness.skip("callgrind", error.stderr.decode().strip().splitlines()[-1])
                return
            per_step = total / N_STEPS / n_members
            harness.note(f"{neuron}: instructions per member and step", per_step)
            harness.note(f"{neuron}: per synapse, member and step", per_step / n_synapses)
