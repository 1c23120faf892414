"""Compares one thread with several."""

from __future__ import annotations

import numpy as np

from conncore.bench import graphs
from conncore.bench.harness import Harness, Work, repeat
from conncore.bench.subjects import closed_loop

TITLE = "how much faster several threads are"


def network_steps(graph: graphs.Graph, n_members: int, n_threads: int) -> Work:
    population = graph.population(graph.weights(n_members), n_threads)
    observations = np.ones((n_members, 1))
    n_steps = max(1, int(4e7 / n_members / graph.n_synapses))
    return Work("", repeat(population.act, observations, n_steps), n_steps * n_members)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    n_members = 96 if harness.quick else graphs.N_MEMBERS
    n_steps = 10 if harness.quick else 40
    works: list[Work] = []

    def add(name: str, work: Work) -> None:
        works.append(Work(name, work.call, work.units))

    names = []
    for n_threads in (1, harness.threads):
        for graph in (graphs.haspel(), graphs.random_graph(*graphs.WINDING)):
            add(f"network, {graph.name}, {n_threads}", network_steps(graph, n_members, n_threads))
        for body in ("swimmer6", "HalfCheetah-v5"):
            for label, task in closed_loop.tasks(body).items():
                n = 25 * n_steps if "native" in label else n_steps
                work = closed_loop.episodes(task, n_members, n, n_threads)
                add(f"{body}, {label}, {n_threads}", work)
        if n_threads == 1:
            names = [work.name.removesuffix(", 1") for work in works]
    works.sort(key=lambda work: work.name)  # one thread and several threads in turn
    title = f"1 and {harness.threads} threads, {n_members} members"
    table = harness.measure(title, "us/member/step", works, 1e6)
    for name in names:
        speedup = table[f"{name}, 1"] / table[f"{name}, {harness.threads}"]
        harness.claim(f"{name}: {harness.threads} threads over 1", speedup, 0.925 * harness.threads)
