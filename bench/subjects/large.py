"""Measures a network of fly size on events: construction, speed and memory, beside Brian2.

The activity is generated (see large_graph.py). An event is one synapse of one active cell. All
times include the update of every neuron. Brian2 runs as C++ standalone with the same graph and
neurons, in the Python that $CONNCORE_BRIAN2_PYTHON names.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import conncore as cc
from conncore.bench.harness import HERE, Harness, Row, Table, Work
from conncore.bench.large_graph import LOG_WEIGHT, kicked, make_graph
from conncore.bench.sizes import Sizes
from conncore.bench.subjects import limits
from conncore.network.population import FEW_MEMBERS

TITLE = "networks of fly size on events: construction, events, Brian2, and lanes"

FLY = (140_000, 15_000_000)  # cells and synapses
QUICK = (10_000, 400_000)
N_DRIVERS = 200
N_READ = 100  # cells that the decoder reads
ACTIVITIES = (0.005, 0.01, 0.02, 0.05)  # shares of the cells that are active in every step
EVENT_BYTES = 8  # bytes of a target and a weight
BRIAN2 = "CONNCORE_BRIAN2_PYTHON"
KICK = Sizes(1, 5)  # the observation is 1 in the first step


def build(graph: dict[str, NDArray[Any]], n_cells: int, n_drivers: int) -> cc.Network:
    names = [str(i) for i in range(n_cells)]
    connectome = cc.Connectome.from_edges(
        "generated", graph["pre"], graph["post"], weight=graph["weight"], sign=graph["sign"],
        names=names,
    )  # fmt: skip
    # The log weight is relative to the geometric mean; exp(-9) is relative to a weight of 1.
    log_weight = LOG_WEIGHT + float(np.log(connectome.weight).mean())
    return cc.Network(
        connectome, KICK, "lif", "dense", initial_weights="counts",
        log_weights=(log_weight, log_weight), inputs=names[:n_drivers], outputs=names[-N_READ:],
    )  # fmt: skip


class Activity:
    """A policy in steady activity; `steps` continues from this state."""

    def __init__(
        self, net: cc.Network, n_drivers: int, activity: float, n_members: int, n_threads: int
    ) -> None:
        genome = np.zeros((n_members, net.layout.n_parameters))
        parts = net.layout.split(genome)
        parts["log_weights"][:] = net.log_weights
        parts["encoder"][:, kicked(n_drivers, activity)] = 30.0  # tanh(30) is 1: the threshold
        self.policy = net.policy(genome, n_threads=n_threads)
        self.silence = np.zeros((n_members, 1))
        self.policy.act(np.ones((n_members, 1)))
        self.steps(n_drivers)
        sent = np.diff(net.connectome.indptr)
        self.events = 0.0  # one step of one member
        for _ in range(n_drivers):  # one round of the ring, so that every row was used
            self.policy.act(self.silence)
            self.events += float(self.policy.activity()[0] @ sent) / n_drivers

    def steps(self, n: int) -> None:
        for _ in range(n):
            self.policy.act(self.silence)


def construction(harness: Harness, graph: dict[str, NDArray[Any]], n_cells: int) -> cc.Network:
    """From edge arrays to a policy: seconds, and peak memory without the edge arrays."""

    def make() -> cc.Network:
        net = build(graph, n_cells, N_DRIVERS)
        net.policy(net.random_genomes(1), n_threads=1)
        return net

    started = time.perf_counter()
    make()
    harness.claim("construction, s", time.perf_counter() - started, 0.0, 10.0)
    tracemalloc.start()
    net = make()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    harness.note("edge arrays, MB", sum(array.nbytes for array in graph.values()) / 1e6)
    harness.note("most memory of construction beside them, MB", peak / 1e6)
    policy = net.policy(net.random_genomes(1), n_threads=1)
    harness.note("a member, MB", policy.nbytes / 1e6)
    harness.claim("bytes of a member a synapse", policy.nbytes / graph["pre"].size, 0.0, 8.0)
    return net


def events(harness: Harness, net: cc.Network) -> dict[float, float]:
    """Cost of an event of one member on one thread, by activity, in ns."""
    runs = {activity: Activity(net, N_DRIVERS, activity, 1, 1) for activity in ACTIVITIES}
    works = [
        Work(f"{activity:.1%} active", lambda r=run: r.steps(N_DRIVERS), N_DRIVERS * run.events)  # type: ignore[misc]
        for activity, run in runs.items()
    ]
    title = "one member, one thread"
    table = harness.measure(title, "ns/event", works, 1e9, time.process_time)
    least = EVENT_BYTES / limits.bandwidth(256 * 2**20, 0.5) * 1e9
    harness.note("least ns/event by bandwidth", least)
    found = {activity: table[f"{activity:.1%} active"] for activity in ACTIVITIES}
    for activity, cost in found.items():
        harness.note(f"{activity:.1%} active: share of the bandwidth", least / cost)
    return found


def threads(harness: Harness, net: cc.Network) -> None:
    """One member on several threads, and several members on one thread each."""
    shapes = {"one member, one thread": (1, 1)}
    shapes[f"one member, {harness.threads} threads"] = (1, harness.threads)
    shapes[f"{harness.threads} members and threads"] = (harness.threads, harness.threads)
    runs = {name: Activity(net, N_DRIVERS, 0.02, *shape) for name, shape in shapes.items()}
    works = [
        Work(name, lambda r=run: r.steps(N_DRIVERS), N_DRIVERS * shapes[name][0] * run.events)  # type: ignore[misc]
        for name, run in runs.items()
    ]
    harness.measure("2% active, wall clock", "ns/event", works, 1e9)


def brian2(harness: Harness, net: cc.Network, ours: dict[float, float]) -> None:
    """The same network in Brian2 on one core, timed by Brian2's profile."""
    python = os.environ.get(BRIAN2)
    if not python:
        harness.skip("brian2", f"set {BRIAN2} to the interpreter of an environment that has it")
        return
    connectome = net.connectome
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "graph.npz")
        np.savez(
            path, n_cells=connectome.n_cells, pre=connectome.pre, post=connectome.post,
            signed=net.synapse_weights(net.random_genomes(1))[0],
        )  # fmt: skip
        script = HERE / "brian2_large.py"
        command = [python, str(script), str(path), str(N_DRIVERS), str(N_DRIVERS)]
        command += [str(activity) for activity in ours]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            harness.skip("brian2", str(error))
            return
    if done.returncode:
        harness.skip("brian2", (done.stderr.strip() or "no message").splitlines()[-1])
        return
    answer = json.loads(done.stdout.splitlines()[-1])
    for activity, cost in ours.items():
        found = answer["results"][str(activity)]
        theirs = found["seconds_per_step"] / found["events_per_step"] * 1e9
        rows = [
            Row(name, value, value, value)
            for name, value in (
                ("conncore", cost),
                (f"Brian2 {answer['version']}, C++ standalone", theirs),
            )
        ]
        title = f"{activity:.1%} active, one thread"
        harness.add(Table(title, "ns/event", rows))
        harness.claim(f"{title}: Brian2 over ours", theirs / cost, 5.0)


def representations(harness: Harness) -> None:
    """Lanes and events on networks that `Network.representation` may run on events, 5% active."""
    n_drivers = 20
    for n_synapses in (5_000, 50_000) if harness.quick else (5_000, 50_000, 500_000):
        n_cells = n_synapses // 10
        graph = make_graph(n_cells, n_synapses, n_drivers, seed=0)
        n_steps = max(n_drivers, 2_000_000 // n_synapses)
        for n_members in (1, FEW_MEMBERS):
            works = []
            for kind in ("events", "lanes"):
                net = build(graph, n_cells, n_drivers)
                net.representation = lambda _, kind=kind: kind  # type: ignore[method-assign, misc]
                run = Activity(net, n_drivers, 0.05, n_members, 1)
                works.append(Work(kind, lambda r=run, n=n_steps: r.steps(n), n_steps))  # type: ignore[misc]
            title = f"{n_synapses} synapses, {n_members} members"
            table = harness.measure(title, "us/step", works, 1e6, time.process_time)
            harness.claim(f"{title}: lanes over events", table["lanes"] / table["events"], 1.0)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    n_cells, n_synapses = QUICK if harness.quick else FLY
    graph = make_graph(n_cells, n_synapses, N_DRIVERS, seed=0)
    net = construction(harness, graph, n_cells)
    del graph
    costs = events(harness, net)
    threads(harness, net)
    brian2(harness, net, costs)
    representations(harness)
