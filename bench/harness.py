"""Timing in interleaved rounds, tables, claims and the report, for all subjects."""

from __future__ import annotations

import importlib
import json
import os
import platform
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from conncore.bench import markdown
from conncore.provenance import commit

T = TypeVar("T")
HERE = Path(__file__).resolve().parent
PEERS = (
    "numpy", "mujoco-core", "gymnasium", "scipy", "torch", "snntorch", "norse", "envpool", "evosax",
    "jax", "cma", "coco-experiment",
)  # fmt: skip


@dataclass(frozen=True)
class Work:
    """One piece of work to time: `call` does `units` units of the table."""

    name: str
    call: Callable[[], object]
    units: float


def repeat(call: Callable[[T], object], argument: T, times: int) -> Callable[[], None]:
    """Return a function that makes the same call several times."""

    def calls() -> None:
        for _ in range(times):
            call(argument)

    return calls


@dataclass(frozen=True)
class Row:
    """Cost of one unit: median, minimum and maximum of the rounds."""

    name: str
    median: float
    low: float
    high: float


@dataclass
class Table:
    """Costs of the same work, done in several ways. The first row is conncore's."""

    title: str
    unit: str
    rows: list[Row] = field(default_factory=list)

    def __getitem__(self, name: str) -> float:
        return next(row.median for row in self.rows if row.name == name)

    def get(self, name: str) -> float | None:
        """Return the median of a row, or None if its peer was skipped."""
        return next((row.median for row in self.rows if row.name == name), None)


@dataclass(frozen=True)
class Claim:
    """A number and the range in which it should lie."""

    text: str
    value: float
    low: float
    high: float | None = None

    @property
    def holds(self) -> bool:
        """True if the value lies in its range."""
        return self.low <= self.value and (self.high is None or self.value <= self.high)


@dataclass
class Harness:
    """Options of a run, and its results so far.

    Parameters
    ----------
    rounds : int
        Number of timed rounds. One more round warms up.
    threads : int
        The larger number of threads. The smaller number is 1.
    quick : bool
        Use small sizes, to test that everything runs.
    plot : Path or None
        The file for the scaling plot.
    """

    rounds: int = 5
    threads: int = 2
    quick: bool = False
    plot: Path | None = None
    tables: list[Table] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    def measure(
        self,
        title: str,
        unit: str,
        works: Sequence[Work],
        scale: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> Table:
        """Time the works in turn, so that a change of the machine's speed affects all of them.

        `unit` is the unit of a row's numbers, and `scale` is the number of these units per second.
        For work on one thread, `clock` may be `time.process_time`, which other processes disturb
        less.
        """
        costs: dict[str, list[float]] = {work.name: [] for work in works}
        for round_ in range(self.rounds + 1):
            for work in works:
                started = clock()
                work.call()
                seconds = clock() - started
                if round_:  # the first round warms up
                    costs[work.name].append(seconds / work.units * scale)
        rows = [Row(n, statistics.median(c), min(c), max(c)) for n, c in costs.items()]
        table = Table(title, unit, rows)
        self.add(table)
        return table

    def add(self, table: Table) -> None:
        """Keep a table, and print it with the ratio of each row to the first row."""
        self.tables.append(table)
        print(f"\n{table.title}")
        width = max(len(row.name) for row in table.rows)
        for row in table.rows:
            ratio = row.median / table.rows[0].median
            print(
                f"  {row.name:<{width}}  {row.median:12.4g} {table.unit}"
                f"  [{row.low:.4g} to {row.high:.4g}]  {ratio:8.3g}x"
            )

    def claim(self, text: str, value: float, low: float, high: float | None = None) -> None:
        """Keep and print a number that should be at least `low` and at most `high`."""
        claim = Claim(text, value, low, high)
        self.claims.append(claim)
        needs = f"at least {low:g}" if high is None else f"{low:g} to {high:g}"
        print(f"  {'ok    ' if claim.holds else 'MISSED'} {text}: {value:.3g} (needs {needs})")

    def note(self, name: str, value: Any) -> None:
        """Keep and print a single number."""
        self.notes[name] = value
        print(f"  {name}: {value:.4g}" if isinstance(value, float) else f"  {name}: {value}")

    def peer(self, module: str) -> ModuleType | None:
        """Import an optional peer. If it is missing, print a line and return None."""
        try:
            return importlib.import_module(module)
        except ImportError as error:
            self.skip(module.split(".")[0], str(error))
            return None

    def can_make_gymnasium_bodies(self) -> bool:
        """Whether Gymnasium's own MuJoCo environments work. If not, print a line."""
        try:
            importlib.import_module("gymnasium.envs.mujoco.mujoco_rendering")
        except ImportError:
            self.skip("Gymnasium's MuJoCo environments", "pip install 'conncore[mujoco]'")
            return False
        return True

    def skip(self, name: str, reason: str) -> None:
        """Print once that a peer is skipped."""
        if name not in self.skipped:
            self.skipped.append(name)
            print(f"  skipped: {name} ({reason.splitlines()[0]})")

    def report(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "about": about() | {"rounds": self.rounds, "threads": self.threads},
            "tables": [asdict(table) for table in self.tables],
            "claims": [asdict(claim) | {"holds": claim.holds} for claim in self.claims],
            "notes": self.notes,
            "skipped": self.skipped,
        }


def about() -> dict[str, Any]:
    """Return the machine, the versions and the commit."""
    from conncore import _kernels

    versions = {}
    for name in ("conncore", *PEERS):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "machine": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "instruction_sets": _kernels.built_for(),
        "python": platform.python_version(),
        "versions": versions,
        "commit": commit(),
        "command": shlex.join(["conncore", *sys.argv[1:]]),
        "time": time.strftime("%Y-%m-%d %H:%M:%S %z"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((s.split(":")[1].strip() for s in lines if s.startswith("model name")), "")


def run(
    subjects: Sequence[str],
    harness: Harness,
    json_file: Path | None = None,
    markdown_file: Path | None = None,
) -> bool:
    """Run the subjects and write the results. Return True if all claims hold."""
    for name in subjects:
        subject = importlib.import_module(f"conncore.bench.subjects.{name}")
        print(f"\n== {name}: {subject.TITLE}")
        subject.run(harness)
    if json_file is not None:
        json_file.write_text(json.dumps(harness.report(), indent=2) + "\n", encoding="utf-8")
    if markdown_file is not None:
        markdown.write(harness.report(), markdown_file)
    missed = [claim for claim in harness.claims if not claim.holds]
    print(f"\n{len(harness.claims) - len(missed)} of {len(harness.claims)} claims hold")
    for claim in missed:
        print(f"  missed: {claim.text}: {claim.value:.3g}")
    return not missed
