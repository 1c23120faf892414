"""Times one generation of an optimiser, with and without the evaluation of the genomes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import conncore as cc
from conncore.bench.harness import Harness, Row, Table, Work
from conncore.optimizers import ES, GA
from conncore.optimizers.base import Optimizer

TITLE = "ask and tell, per generation"

# The paper's GA on individual weights and on MNIST, and the ES on the worm's shared genome.
SIZES = [("GA", 750, 740), ("GA", 750, 53_000), ("ES", 200, 46)]


def _optimizer(kind: str, size: int) -> Optimizer[Any]:
    return GA(population_size=size) if kind == "GA" else ES(population_size=size)


def ours(
    kind: str, population_size: int, n_parameters: int, n_threads: int
) -> Callable[[], object]:
    optimizer = _optimizer(kind, population_size)
    rng = np.random.default_rng(0)
    initial = rng.normal(size=(optimizer.n_initial, n_parameters))
    state = optimizer.init(initial, seed=0)

    def generation() -> None:
        nonlocal state
        asked = optimizer.ask(state, n_threads)
        state = optimizer.tell(state, asked, rng.normal(size=len(asked)))

    while state.generation == 0:  # in scouting and the GA's generation 0, `ask` draws nothing
        generation()
    return generation


def numpy_ga(size: int, n_parameters: int) -> Work:
    """The GA in NumPy, with one generator and one thread."""
    rng = np.random.default_rng(0)
    n_elites, sigma = 8, 0.01
    members = rng.normal(size=(size, n_parameters))

    def generation() -> None:
        nonlocal members
        elites = members[np.argsort(rng.normal(size=size))[-n_elites:]]
        chosen = rng.integers(0, n_elites, size - n_elites)
        steps = rng.standard_normal((size - n_elites, n_parameters))
        members = np.concatenate([elites, elites[chosen] + sigma * steps])

    return Work("NumPy GA", generation, 1)


def evosax(harness: Harness, kind: str, size: int, n_parameters: int) -> list[Work]:
    """evosax on JAX; ask and tell are compiled."""
    algorithms, jax = harness.peer("evosax.algorithms"), harness.peer("jax")
    if algorithms is None or jax is None:
        return []
    key = jax.random.key(0)
    solution = jax.numpy.zeros(n_parameters)
    if kind == "GA":
        name = "SimpleGA"
        optimizer = algorithms.SimpleGA(population_size=size, solution=solution)
        start = jax.random.normal(key, (size, n_parameters))
        state = optimizer.init(key, start, jax.numpy.zeros(size), optimizer.default_params)
    else:
        name = "Open_ES"
        optimizer = algorithms.Open_ES(population_size=size, solution=solution)
        state = optimizer.init(key, solution, optimizer.default_params)
    params = optimizer.default_params
    ask, tell = jax.jit(optimizer.ask), jax.jit(optimizer.tell)
    rng = np.random.default_rng(0)

    def generation() -> None:
        nonlocal state, key
        key, for_ask, for_tell = jax.random.split(key, 3)
        asked, state = ask(for_ask, state, params)
        np.asarray(asked)  # the evaluation needs it here
        state, _ = tell(for_tell, asked, rng.normal(size=size), state, params)
        jax.block_until_ready(state)

    return [Work(f"evosax {name}", generation, 1)]


def pycma(harness: Harness, size: int, n_parameters: int) -> list[Work]:
    """pycma's CMA-ES, which also learns a covariance."""
    cma = harness.peer("cma")
    if cma is None:
        return []
    strategy = cma.CMAEvolutionStrategy(
        np.zeros(n_parameters), 0.1, {"popsize": size, "seed": 1, "verbose": -9}
    )
    rng = np.random.default_rng(0)

    def generation() -> None:
        strategy.tell(strategy.ask(), list(rng.normal(size=size)))

    return [Work("pycma CMA-ES", generation, 1)]


def whole_generation(harness: Harness) -> None:
    """A GA run with a run directory: time of a whole generation, divided by its evaluation."""
    worm, task = cc.load("celegans-haspel2011", split_muscles=True), cc.make_task("swimmer6")
    net = cc.Network(worm, task, "alif", "dense", weights="individual")
    size = 64 if harness.quick else 750
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run")
        optimizer = GA(population_size=size)
        cc.evolve(net, task, optimizer, 3 * harness.rounds, 0, path, harness.threads, False)
        lines = (path / "timing.jsonl").read_text(encoding="utf-8").splitlines()
    times = [json.loads(line) for line in lines[1:]]  # the first generation has no children
    rows = [
        Row(name, float(np.median(costs)), min(costs), max(costs))
        for name, costs in (
            ("evaluation", [1e3 * line["evaluate"] for line in times]),
            ("ask, evaluate, tell, checkpoint", [1e3 * line["seconds"] for line in times]),
        )
    ]
    title = f"GA generation, {size} alif networks with dense input and output, {harness.threads} "
    harness.add(Table(title + "threads", "ms", rows))
    ratio = float(np.median([line["seconds"] / line["evaluate"] for line in times]))
    harness.claim("GA: whole generation over its evaluation", ratio, 1.0, 1.1)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    for kind, size, n_parameters in SIZES:
        if harness.quick:
            n_parameters = min(n_parameters, 1000)
        threads = sorted({1, harness.threads})
        works = [
            Work(
                f"conncore {kind}, one thread" if n == 1 else f"conncore {kind}, {n} threads",
                ours(kind, size, n_parameters, n),
                1,
            )
            for n in reversed(threads)
        ]
        if kind == "GA":
            works.append(numpy_ga(size, n_parameters))
        works += evosax(harness, kind, size, n_parameters)
        if kind == "ES":
            works += pycma(harness, size, n_parameters)
        title = f"{kind}: {size} members, {n_parameters} parameters"
        harness.measure(title, "ms/generation", works, 1e3)
    whole_generation(harness)
