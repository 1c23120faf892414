"""Counts how often optimisers evaluate COCO's BBOB functions until they come within 1e-8."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np

from conncore.bench.harness import Harness, Row, Table
from conncore.optimizers import CMA, ES, SuccessiveHalving
from conncore.optimizers.base import Matrix, Optimizer, Vector

TITLE = "evaluations of BBOB functions until within 1e-8 of the optimum"

FUNCTIONS = (1, 2, 5, 6, 8, 9, 10, 11, 12, 13, 14)  # those with one valley
SIGMA = 2.0  # COCO's functions have their optimum within [-5, 5]
BUDGET = 3000  # evaluations per dimension

# A search from a start, with a seed: it yields members, and is sent their fitness.
Search = Generator[Matrix, Vector, None]
Solver = Callable[[Vector, int], Search]


def n_members(dimension: int) -> int:
    """Return Hansen's default number of members."""
    return 4 + int(3 * math.log(dimension))


def ours(optimizer: Optimizer[Any]) -> Solver:
    """An optimiser of conncore; its scouts are random, except the first one."""

    def solve(first: Vector, seed: int) -> Search:
        starts = np.random.default_rng(seed).uniform(-4, 4, (optimizer.n_initial, len(first)))
        starts[0] = first
        state = optimizer.init(starts, seed)
        while True:
            members = optimizer.ask(state, 1)
            fitness = yield members
            state = optimizer.tell(state, members, fitness)

    return solve


def pycma(cma: Any, size: int) -> Solver:
    """Hansen's own CMA-ES, with its default settings."""

    def solve(first: Vector, seed: int) -> Search:
        options = {"popsize": size, "seed": seed + 1, "verbose": -9}
        strategy = cma.CMAEvolutionStrategy(first, SIGMA, options)
        while True:
            members = strategy.ask()
            fitness = yield np.array(members)
            strategy.tell(members, list(-fitness))

    return solve


def evaluations(problem: Any, solver: Solver, budget: int, seed: int) -> float:
    """Return the number of evaluations until the target is hit; inf if the budget ends first."""
    rng = np.random.default_rng([seed, problem.id_function, problem.dimension])
    generations = solver(rng.uniform(-4, 4, problem.dimension), seed)
    members: Matrix = next(generations)
    n_done = 0
    while n_done < budget:
        fitness = np.empty(len(members))
        for place, member in enumerate(members):
            fitness[place] = -problem(member)
            n_done += 1
            if problem.final_target_hit:
                return n_done
        members = generations.send(fitness)
    return math.inf


def add_table(
    harness: Harness, function: int, dimension: int, found: dict[str, Sequence[float]]
) -> None:
    """Add the table of a function; runs that missed the target count as the whole budget."""
    budget = float(BUDGET * dimension)
    table = Table(f"f{function} in {dimension} dimensions", "evaluations")
    for name, counts in found.items():
        n_solved = sum(map(math.isfinite, counts))
        spent = [min(count, budget) for count in counts]
        name = f"{name} ({n_solved} of {len(counts)} solved)"
        table.rows.append(Row(name, statistics.median(spent), min(spent), max(spent)))
    harness.add(table)


def run(harness: Harness) -> None:
    """Measure; see TITLE."""
    cocoex, cma = harness.peer("cocoex"), harness.peer("cma")
    if cocoex is None:
        harness.note("BBOB", "not measured; install coco-experiment and cma for it")
        return
    functions = FUNCTIONS[:3] if harness.quick else FUNCTIONS
    ratios, n_missed = [], 0
    for dimension in (5,) if harness.quick else (5, 10):
        size = n_members(dimension)
        solvers = {"conncore CMA": ours(CMA(population_size=size, sigma=SIGMA, n_scout=1))}
        if cma is not None:
            solvers["pycma"] = pycma(cma, size)
        solvers["conncore CMA(active=False)"] = ours(
            CMA(population_size=size, sigma=SIGMA, n_scout=1, active=False)
        )
        solvers["conncore ES"] = ours(ES(population_size=size, sigma=0.5, n_scout=1))
        halving = SuccessiveHalving(
            population_size=size, sigma=SIGMA, n_starts=4, n_scout=20 * dimension,
            n_episodes=BUDGET * dimension, optimizer="cma",
        )  # fmt: skip
        solvers["conncore SuccessiveHalving over CMA"] = ours(halving)
        for function in functions:
            found: dict[str, Sequence[float]] = {}
            for name, solver in solvers.items():
                wanted = f"dimensions: {dimension} function_indices: {function}"
                instances = "instance_indices: 1-2" if harness.quick else "instance_indices: 1-8"
                suite = cocoex.Suite("bbob", "", f"{wanted} {instances}")
                found[name] = [
                    evaluations(problem, solver, BUDGET * dimension, seed)
                    for seed, problem in enumerate(suite)
                ]
            add_table(harness, function, dimension, found)
            if cma is not None:
                mine, theirs = found["conncore CMA"], found["pycma"]
                ratios.append(statistics.median(mine) / statistics.median(theirs))
                n_missed += sum(map(math.isinf, mine)) - sum(map(math.isinf, theirs))
    if ratios:
        text = "CMA: median evaluations over those of pycma, median of all functions"
        harness.claim(text, statistics.median(ratios), 0.0, 1.1)
        harness.note("CMA: largest of these ratios", max(ratios))
        harness.note("CMA: runs that missed the target, more than pycma", n_missed)
