"""Measures how time and memory grow with members, synapses and steps: slopes on log-log axes."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from conncore.bench import graphs
from conncore.bench.harness import Harness, repeat
from conncore.bench.subjects import closed_loop

TITLE = "slopes of time and memory, 1 is linear"

Point = tuple[float, float, float]  # size, seconds, bytes


def point(harness: Harness, size: float, make: Callable[[], Callable[[], object]]) -> Point:
    """Time the function that `make` returns, and measure the memory that it keeps."""
    tracemalloc.start()
    call = make()
    n_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    call()
    times = []
    for _ in range(harness.rounds):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return size, float(np.median(times)), n_bytes


def steps(graph: graphs.Graph, n_members: int, n_steps: int) -> Callable[[], object]:
    """Steps of an alif population on one thread."""
    population = graph.population(graph.weights(n_members))
    observations = np.ones((n_members, 1))
    return repeat(population.act, observations, n_steps)


def of_synapses(n_synapses: int) -> Callable[[], object]:
    """Steps of 64 members; more steps on small graphs, so that each run is long enough to time."""
    return steps(graphs.of_degree(n_synapses), 64, n_synapse_steps(n_synapses))


def n_synapse_steps(n_synapses: int) -> int:
    """Return the number of steps in `of_synapses`."""
    return max(1, 2 * 10**6 // n_synapses)


def episode(n_members: int, n_steps: int) -> Callable[[], object]:
    """A closed loop on the native swimmer, one thread."""
    task = closed_loop.tasks("swimmer6")["conncore, native"]
    return closed_loop.episodes(task, n_members, n_steps, n_threads=1).call


def sizes(first: int, last: int, n: int, quick: bool) -> list[int]:
    """Sizes at equal ratios; a quick run uses the smaller half."""
    found = [round(size) for size in np.geomspace(first, last, n)]
    return found[: (n + 1) // 2] if quick else found


def slope(points: Sequence[Point], column: int) -> float:
    """Return the fitted exponent of a column as a power of the size."""
    logs = np.log(np.array(points))
    return float(np.polyfit(logs[:, 0], logs[:, column], 1)[0])


def series(harness: Harness) -> dict[str, list[Point]]:
    worm = graphs.haspel()
    quick = harness.quick
    members = sizes(64, 65_536, 6, quick)
    lengths = sizes(100, 10_000, 5, quick)
    found = {
        "members": [point(harness, n, partial(steps, worm, n, 10)) for n in members],
        "synapses": [
            point(harness, n, partial(of_synapses, n)) for n in sizes(484, 1_000_000, 6, quick)
        ],
        "steps": [point(harness, n, partial(steps, worm, 64, n)) for n in lengths],
    }
    found["synapses"] = [
        (n, seconds / n_synapse_steps(int(n)), n_bytes) for n, seconds, n_bytes in found["synapses"]
    ]
    if "conncore, native" in closed_loop.tasks("swimmer6"):
        found["members, swimmer"] = [point(harness, n, partial(episode, n, 100)) for n in members]
        found["steps, swimmer"] = [point(harness, n, partial(episode, 64, n)) for n in lengths]
    return found


def plot(harness: Harness, found: dict[str, list[Point]]) -> None:
    """Draw time and memory over the sizes."""
    if harness.plot is None:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    for axes, column, label in zip(
        figure.subplots(1, 2), (1, 2), ("CPU seconds", "bytes"), strict=True
    ):
        for i, (name, points) in enumerate(found.items()):
            if column == 1 or "steps" not in name:
                data = np.array(points)
                fitted = f"{name}: slope {slope(points, column):.2f}"
                axes.loglog(data[:, 0], data[:, column], f"C{i}o-", label=fitted)
        axes.set_xlabel("members, synapses or steps")
        axes.set_ylabel(label)
        axes.legend(
            frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.15), fontsize="small"
        )
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(harness.plot, dpi=150)
    print(f"  wrote {harness.plot}")


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    found = series(harness)
    for name, points in found.items():
        print(f"\n{name}")
        for size, seconds, n_bytes in points:
            print(f"  {size:>10,}  {seconds * 1e3:12.3f} ms  {n_bytes / 1e6:10.2f} MB")
        harness.notes[f"scaling, {name}: size, seconds, bytes"] = points
        harness.claim(f"slope of time over {name}", slope(points, 1), 0.9, 1.1)
        if "steps" not in name:
            harness.claim(f"slope of memory over {name}", slope(points, 2), 0.9, 1.1)
    plot(harness, found)
