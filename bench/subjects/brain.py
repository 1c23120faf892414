"""Measures the simulation of a whole brain: time, threads and memory, beside Brian2.

A generated brain has the size of FlyWire's: 138,639 cells and 15.1 million edges with random
targets. If $CONNCORE_DATA has the fly's brain (validation/flywire783_ge5_*), it is measured too:
sugar-sensing cells and looming detectors (LPLC2) at 150 Hz. Brian2 runs as C++ standalone on one
core with the same edges and the same input spikes, in the Python that $CONNCORE_BRIAN2_PYTHON
names. Its spikes are compared first. Times are for one simulated second, or for one null model.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import conncore as cc
from conncore.bench.harness import HERE, Harness, Row, Table, Work
from conncore.simulation.inputs import Cells, make_inputs
from conncore.simulation.result import Simulation
from conncore.simulation.simulator import Simulator

TITLE = "a whole brain, simulated: seconds, Brian2, threads, memory, null models"

FLY = (138_639, 15_100_000)  # cells and edges of FlyWire 783
QUICK = (5_000, 200_000)
N_DRIVEN, DRIVEN_RATE = 200, 50.0  # 10,000 spikes a second
N_TRIALS = 30
BRIAN2 = "CONNCORE_BRIAN2_PYTHON"
# The sugar-sensing cells of Shiu et al. 2024 that the data has.
SUGAR = [
    "720575940624963786",
    "720575940630233916",
    "720575940637568838",
    "720575940638202345",
    "720575940617000768",
    "720575940630797113",
    "720575940632889389",
    "720575940621754367",
    "720575940621502051",
    "720575940640649691",
    "720575940639332736",
    "720575940616885538",
    "720575940639198653",
    "720575940617937543",
    "720575940632425919",
    "720575940633143833",
    "720575940612670570",
    "720575940628853239",
    "720575940629176663",
    "720575940611875570",
]


@dataclass(frozen=True)
class Case:
    """Cells that are driven, the longest time of a simulated second, and Brian2's over ours."""

    name: str
    simulator: Simulator
    cells: Sequence[str]
    rate: float
    most_seconds: float
    least_ratio: float | None = None

    def run(self, seed: int, trials: int = 1, n_threads: int = 1) -> Simulation:
        return self.simulator.run(
            activate=self.cells, rate=self.rate, trials=trials, seed=seed, n_threads=n_threads
        )


def generate(n_cells: int, n_edges: int) -> cc.Connectome:
    """Log-normal numbers of targets and of synapses; 38% of the cells inhibit."""
    rng = np.random.default_rng(0)
    out = rng.lognormal(0.0, 1.0, n_cells)
    out = np.minimum(np.ceil(out * n_edges / out.sum()), n_cells // 4).astype(np.int64)
    pre = np.repeat(np.arange(n_cells), out)
    # A row's targets ascend with random gaps, so that no pair occurs twice.
    offset = rng.random(n_cells)[pre] * n_cells
    place = np.arange(pre.size) - np.repeat(np.cumsum(out) - out, out)
    width = n_cells / out[pre]
    post = (offset + (place + 0.999 * rng.random(pre.size)) * width).astype(np.int64) % n_cells
    keys = np.unique(pre * n_cells + post)
    pre, post = keys // n_cells, keys % n_cells
    weight = np.ceil(rng.lognormal(0.6, 1.0, pre.size))
    sign = np.where(rng.random(n_cells) < 0.38, -1, 1)[pre]
    return cc.Connectome.from_edges("generated", pre, post, weight=weight, sign=sign)


def fly_cases(harness: Harness) -> list[Case]:
    """The fly's brain within each hemisphere, if the data is there."""
    folder = Path(os.environ.get("CONNCORE_DATA", "nowhere"), "validation")
    edges, nodes = (
        folder / f"flywire783_ge5_{name}" for name in ("within_hemisphere.npz", "nodes.parquet")
    )
    if not edges.is_file() or harness.peer("pyarrow") is None:
        harness.skip("the fly's brain", f"{edges} is missing")
        return []
    from pyarrow import parquet

    with np.load(edges) as file:
        ids, sign, pre, post, counts = (
            file[name] for name in ("root_id", "sign", "pre", "post", "syn")
        )
    types = [word or "" for word in parquet.read_table(nodes)["cell_type_any"].to_pylist()]
    brain = cc.Connectome.from_edges(
        "fly", pre, post, weight=counts, sign=sign[pre], names=[str(number) for number in ids],
        attributes={"type": types},
    )  # fmt: skip
    simulator = Simulator(brain)
    looming = brain.select(where={"type": "LPLC2"})
    return [
        Case("sugar cells at 150 Hz", simulator, SUGAR, 150.0, 0.006, 200.0),
        Case("LPLC2 at 150 Hz", simulator, looming, 150.0, 0.035, 40.0),
    ]


def speed(harness: Harness, case: Case) -> float:
    """Processor seconds of a simulated second, with drawing of the input."""
    found = case.run(seed=0)
    brain = case.simulator.connectome
    events = int(np.diff(brain.indptr)[found.cell].sum())
    harness.note(f"{case.name}: spikes and events", f"{found.cell.size:,} and {events:,}")
    runs = iter(range(1, 1_000_000))
    works = [Work("conncore", lambda: [case.run(next(runs)) for _ in range(5)], 5)]
    table = harness.measure(case.name, "ms/s", works, 1e3, time.process_time)
    seconds = table["conncore"] / 1e3
    harness.claim(f"{case.name}: s a simulated second", seconds, 0.0, case.most_seconds)
    return seconds


def brian2(harness: Harness, case: Case, ours: float) -> None:
    """The same edges and input spikes in Brian2; its spikes, then its time."""
    python = os.environ.get(BRIAN2)
    if not python:
        harness.skip("brian2", f"set {BRIAN2} to the interpreter of an environment that has it")
        return
    brain, found = case.simulator.connectome, case.run(seed=0)
    inputs = make_inputs(
        Cells(brain), brain.n_cells, activate=case.cells, rate=case.rate, input_spikes=None,
        current=None, size=68.75, dt=0.1, n_steps=10_000, n_driven=10_000,
    )  # fmt: skip
    step, cell, _ = inputs.kicks(0, 0)
    with tempfile.TemporaryDirectory() as folder:
        source, target = (str(Path(folder, name)) for name in ("brain.npz", "spikes.npz"))
        np.savez(
            source, n_cells=brain.n_cells, n_steps=10_000, pre=brain.pre, post=brain.post,
            weight=brain.weight * brain.sign, kick_step=step, kick_cell=cell,
        )  # fmt: skip
        command = [python, str(HERE / "brian2_brain.py"), source, target]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            harness.skip("brian2", (done.stderr.strip() or "no message").splitlines()[-1])
            return
        with np.load(target) as file:
            same = np.array_equal(file["step"], found.step)
            same = same and np.array_equal(file["cell"], found.cell)
    answer = json.loads(done.stdout.splitlines()[-1])
    harness.claim(f"{case.name}: all spikes equal Brian2's (1: yes)", float(same), 1.0)
    theirs = answer["seconds"]
    rows = [Row("conncore", *3 * (1e3 * ours,))]
    rows.append(Row(f"Brian2 {answer['version']}, C++ standalone", *3 * (1e3 * theirs,)))
    harness.add(Table(f"{case.name}, one core", "ms/s", rows))
    if case.least_ratio is not None:
        harness.claim(f"{case.name}: Brian2 over ours", theirs / ours, case.least_ratio)


def threads(harness: Harness, case: Case) -> None:
    """Trials on one thread and on several, wall clock."""
    works = [
        Work(f"{n} threads", lambda n=n: case.run(0, N_TRIALS, n), N_TRIALS)  # type: ignore[misc]
        for n in (1, harness.threads)
    ]
    table = harness.measure(f"{case.name}, {N_TRIALS} trials, wall clock", "ms/trial", works, 1e3)
    gain = table[works[0].name] / table[works[1].name]
    text = f"{case.name}: {harness.threads} threads over one"
    harness.claim(text, gain, 0.95 * harness.threads)


def null_models(harness: Harness, brain: cc.Connectome) -> None:
    """Processor seconds and memory of one null model of each kind."""
    for name in ("degree", "signs", "weights"):
        started = time.process_time()
        cc.make_null(name, brain, seed=0)
        seconds = time.process_time() - started
        harness.claim(f"null model {name} of {brain.n_edges:,} edges, s", seconds, 0.0, 60.0)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    harness.claim("most memory of the process, GiB", most, 0.0, 4.0)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    n_cells, n_edges = QUICK if harness.quick else FLY
    brain = generate(n_cells, n_edges)
    null_models(harness, brain)
    started = time.process_time()
    simulator = Simulator(brain)
    harness.note("edges", f"{brain.n_edges:,}")
    harness.note("from a connectome to a simulator, s", time.process_time() - started)
    driven = brain.names[:: n_cells // N_DRIVEN][:N_DRIVEN]
    name = f"generated, {N_DRIVEN} cells at {DRIVEN_RATE:g} Hz"
    cases = [Case(name, simulator, driven, DRIVEN_RATE, 0.02), *fly_cases(harness)]
    for case in cases:
        brian2(harness, case, speed(harness, case))
    threads(harness, cases[-1])
    member = cases[0].simulator._idle[0]
    harness.claim("a member, MB", member.nbytes / 1e6, 0.0, 8.0)
