"""A network of fly size on events: speed, memory and construction, against Brian2 and the memory.

    python bench/large.py [--cells 140000] [--synapses 15000000] [--brian2 PYTHON] [--json FILE]

Activity is generated (see large_graph.py). Brian2 runs as C++ standalone, on the same graph and
neurons, with the interpreter given by --brian2 or $CONNCORE_BRIAN2, and is skipped otherwise.
An event is one synapse of one active cell. All times include the update of every neuron.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from large_graph import LOG_WEIGHT, kicked, make_graph
from numpy.typing import NDArray

import conncore as cc
from conncore.tasks.base import Task

N_DRIVERS = 200
ACTIVITIES = (0.005, 0.01, 0.02, 0.05)
SCALING = (484, 2_000, 8_000, 32_000, 125_000, 1_000_000)  # synapses


class Kick(Task):
    """One observation, 1 in the first step, and five actions; never evaluated."""

    name = "kick"
    n_obs, n_actions, n_steps = 1, 5, 1

    def evaluate(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}


def build(graph: dict[str, NDArray[Any]], n_cells: int, n_drivers: int) -> cc.Network:
    names = [str(i) for i in range(n_cells)]
    connectome = cc.Connectome.from_edges("generated", names=names, **graph)
    # The log weight counts from the geometric mean, exp(-9) from a weight of 1.
    log_weight = LOG_WEIGHT + float(np.log(connectome.weight).mean())
    return cc.Network(
        connectome, Kick(), "lif", "dense", initial_weights="counts",
        log_weights=(log_weight, log_weight), inputs=names[:n_drivers], outputs=names[-100:],
    )  # fmt: skip


class Run:
    """A policy in steady activity; `steps` goes on with it."""

    def __init__(
        self, net: cc.Network, n_drivers: int, activity: float, n_members: int, threads: int
    ) -> None:
        genome = np.zeros((n_members, net.layout.n_parameters))
        parts = net.layout.split(genome)
        parts["log_weights"][:] = net.log_weights
        parts["encoder"][:, kicked(n_drivers, activity)] = 30.0  # tanh(30) is 1: the threshold
        self.policy = net.policy(genome, n_threads=threads)
        self.silence = np.zeros((n_members, 1))
        self.policy.act(np.ones((n_members, 1)))
        self.steps(n_drivers)
        sent = np.diff(net.connectome.indptr)
        active = events = 0.0
        for _ in range(n_drivers):  # once round the ring: every row has had its turn
            self.policy.act(self.silence)
            z = self.policy.activity()
            active += z.mean() / n_drivers
            events += (z @ sent).sum() / n_drivers
        self.activity, self.events = active, events

    def steps(self, n: int) -> None:
        for _ in range(n):
            self.policy.act(self.silence)


def interleaved(
    works: dict[str, Callable[[], object]], repeats: int
) -> dict[str, tuple[float, float]]:
    """Median seconds, and median seconds of processor time, of each piece of work, in turn."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            started, used = time.perf_counter(), time.process_time()
            work()
            seconds[name].append((time.perf_counter() - started, time.process_time() - used))
    return {
        name: (statistics.median(t for t, _ in times), statistics.median(t for _, t in times))
        for name, times in seconds.items()
    }


def progress(text: str) -> None:
    print(f"{text} ...", file=sys.stderr, flush=True)


def bandwidth() -> float:
    """Bytes that one core reads from memory in a second, the best of several."""
    data = np.ones(64 * 2**20 // 2)  # 256 MB
    best = np.inf
    for _ in range(5):
        started = time.perf_counter()
        data.max()
        best = min(best, time.perf_counter() - started)
    return data.nbytes / best


def peak_memory() -> int:
    """Bytes, the most that this process has had resident."""
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def construction(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds and bytes from edge arrays to a policy, in a process of its own."""
    graph = make_graph(options.cells, options.synapses, N_DRIVERS, options.seed, False)
    before = peak_memory()
    started = time.perf_counter()
    net = build(graph, options.cells, N_DRIVERS)
    policy = net.policy(net.random_genomes(1), n_threads=1)
    return {
        "seconds": time.perf_counter() - started,
        "edge_array_bytes": sum(array.nbytes for array in graph.values()),
        "peak_bytes_before": before,
        "peak_bytes": peak_memory(),
        "bytes_per_member": policy.nbytes,
        "shared_bytes": policy.shared_nbytes,
    }


def speed(net: cc.Network, weights: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Events a second for each activity, for one member on 1 and 2 threads, two on 2 threads."""
    rows = []
    for activity in ACTIVITIES:
        progress(f"{weights} weights, {100 * activity:g}% active")
        shapes = {"1 member, 1 thread": (1, 1), "1 member, 2 threads": (1, 2)}
        shapes["2 members, 2 threads"] = (2, 2)
        runs = {name: Run(net, N_DRIVERS, activity, *shape) for name, shape in shapes.items()}
        found = interleaved(
            {name: lambda run=run: run.steps(N_DRIVERS) for name, run in runs.items()},
            options.repeats,
        )
        rows += [
            {
                "weights": weights,
                "what": name,
                "activity": runs[name].activity,
                "events_per_step": runs[name].events,
                "ms_per_step": found[name][0] / N_DRIVERS * 1e3,
                "events_per_second_and_core": runs[name].events
                * N_DRIVERS / found[name][0] / shapes[name][1],
                "events_per_processor_second": runs[name].events * N_DRIVERS / found[name][1],
                "bytes_per_member": runs[name].policy.nbytes // shapes[name][0],
            }
            for name in shapes
        ]  # fmt: skip
    return rows


def brian2(net: cc.Network, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The same network in Brian2, or nothing where it is not installed."""
    python = options.brian2 or os.environ.get("CONNCORE_BRIAN2")
    if not python:
        print("skipped: Brian2 (give its interpreter with --brian2 or $CONNCORE_BRIAN2)")
        return []
    connectome = net.connectome
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "graph.npz")
        signed = net.synapse_weights(net.random_genomes(1))[0]
        np.savez(
            path, n_cells=connectome.n_neurons, pre=connectome.pre, post=connectome.post,
            signed=signed,
        )  # fmt: skip
        script = Path(__file__).with_name("brian2_large.py")
        command = [python, str(script), str(path), str(N_DRIVERS), str(N_DRIVERS)]
        command += [str(a) for a in options.brian2_activities]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"skipped: Brian2 ({(done.stderr.strip() or 'no message').splitlines()[-1]})")
        return []
    answer = json.loads(done.stdout.splitlines()[-1])
    return [
        {
            "weights": "own",
            "what": f"Brian2 {answer['version']}, C++ standalone",
            "activity": found["active"],
            "events_per_step": found["events_per_step"],
            "ms_per_step": found["seconds_per_step"] * 1e3,
            "events_per_second_and_core": found["events_per_step"] / found["seconds_per_step"],
            "events_per_processor_second": found["events_per_step"] / found["seconds_per_step"],
            "events_per_second_in_synapses": found["events_per_step"]
            / found["synapse_seconds_per_step"],
        }
        for found in answer["results"].values()
    ]


def scaling(options: argparse.Namespace) -> dict[str, Any]:
    """Time of a step and memory of 16 members, from 484 to a million synapses, 10 a cell."""
    n_drivers, n_members = 20, 16
    works: dict[str, Callable[[], object]] = {}
    memory: dict[str, list[int]] = {"lanes": [], "events": []}
    rounds = {n: max(3, 2_000_000 // n) for n in SCALING}
    for n in SCALING:
        graph = make_graph(n // 10, n, n_drivers, options.seed, True)
        for kind in memory:
            net = build(graph, n // 10, n_drivers)
            net.representation = lambda n_members, kind=kind: kind  # type: ignore[assignment]
            run = Run(net, n_drivers, 0.05, n_members, 1)
            memory[kind].append(run.policy.nbytes)
            works[f"{kind} {n}"] = lambda run=run, n=n: run.steps(rounds[n])
    found = interleaved(works, options.repeats)
    seconds = {
        kind: [found[f"{kind} {n}"][0] / rounds[n] for n in SCALING] for kind in ("lanes", "events")
    }
    return {
        "synapses": SCALING,
        "members": n_members,
        "seconds_per_step": seconds,
        "bytes": memory,
        "time_slopes": {kind: slope(SCALING, times) for kind, times in seconds.items()},
        "memory_slopes": {kind: slope(SCALING, sizes) for kind, sizes in memory.items()},
    }


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Of the straight line through the logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def report(results: dict[str, Any]) -> None:
    limit = results["read_bytes_per_second"]
    made = results["construction"]
    print(
        f"Construction {made['seconds']:.1f} s; peak memory {made['peak_bytes'] / 2**30:.2f} GiB "
        f"({made['peak_bytes_before'] / 2**30:.2f} before it, for the edge arrays); "
        f"{made['bytes_per_member'] / 1e6:.1f} MB a member and {made['shared_bytes'] / 1e6:.1f} MB "
        f"shared\nOne core reads {limit / 1e9:.1f} GB/s from memory\n"
    )
    print("weights  active  events/step   ms/step  M events/s/core  /cpu second  of memory  what")
    for row in results["speed"]:
        rate = row["events_per_second_and_core"]
        width = {"own": 12, "counts": 6}[row["weights"]]
        print(
            f"{row['weights']:<8} {100 * row['activity']:5.2f}% {row['events_per_step']:12.0f} "
            f"{row['ms_per_step']:9.3f} {rate / 1e6:16.0f} "
            f"{row['events_per_processor_second'] / 1e6:12.0f} {100 * rate * width / limit:9.0f}%  "
            f"{row['what']}"
        )
    grown = results["scaling"]
    print(f"\nSynapses, us per step of {grown['members']} members, and MB: lanes, events")
    for i, n in enumerate(grown["synapses"]):
        times, sizes = grown["seconds_per_step"], grown["bytes"]
        print(
            f"{n:10d} {times['lanes'][i] * 1e6:12.1f} {times['events'][i] * 1e6:10.1f} "
            f"{sizes['lanes'][i] / 1e6:10.2f} {sizes['events'][i] / 1e6:8.2f}"
        )
    for what in ("time_slopes", "memory_slopes"):
        slopes = ", ".join(f"{kind} {value:.2f}" for kind, value in grown[what].items())
        print(f"{what.replace('_', ' ')}: {slopes}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=140_000)
    parser.add_argument("--synapses", type=int, default=15_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--brian2", help="interpreter of an environment with Brian2")
    parser.add_argument("--brian2-activities", type=float, nargs="*", default=ACTIVITIES)
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--construction", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.construction:
        print(json.dumps(construction(options)))
        return
    command = [sys.executable, *sys.argv, "--construction"]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    results: dict[str, Any] = {"construction": json.loads(made.stdout)}
    results["read_bytes_per_second"] = bandwidth()
    results["speed"] = []
    for weights in ("own", "counts"):
        graph = make_graph(
            options.cells, options.synapses, N_DRIVERS, options.seed, weights == "counts"
        )
        net = build(graph, options.cells, N_DRIVERS)
        del graph
        results["speed"] += speed(net, weights, options)
        if weights == "own":
            results["speed"] += brian2(net, options)
    results["scaling"] = scaling(options)
    report(results)
    if options.json:
        about = {
            "machine": platform.platform(),
            "versions": {name: version(name) for name in ("conncore", "numpy")},
            "options": vars(options),
        }
        Path(options.json).write_text(json.dumps({"about": about, **results}, indent=2))


if __name__ == "__main__":
    main()
