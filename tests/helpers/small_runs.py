"""Runs of the fake network that take milliseconds, and ways to interrupt them."""

from __future__ import annotations

import pytest

from conncore.evolution.evolve import evolve, resume
from conncore.optimizers import CMA, ES, GA, SuccessiveHalving
from fake_runs import FakeNetwork, SphereTask

OPTIMIZERS = {
    "cma": CMA(population_size=10, n_scout=24),
    "ga": GA(population_size=10, n_elites=3, sigma=0.3, slice_sigma={"log_weights": 0.5}),
    "es": ES(population_size=10, n_scout=24),
    "halving": SuccessiveHalving(
        population_size=4, n_scout=24, n_starts=5, factor=2, n_episodes=24 + 3 * 40
    ),
}
N_GENERATIONS = 6
over_both = pytest.mark.parametrize("name", sorted(OPTIMIZERS))
REPRODUCIBLE = ("metrics.jsonl", "best.npz", "checkpoint-5.npz", "checkpoint-6.npz")


def go(name="es", task=None, **options):
    options = {"generations": N_GENERATIONS, "progress": False, "seed": 3} | options
    return evolve(FakeNetwork(), task or SphereTask(), OPTIMIZERS[name], **options)


def go_on(path, task=None, **options):
    return resume(path, progress=False, network=FakeNetwork(), task=task or SphereTask(), **options)


def reproducible(path):
    return {name: (path / name).read_bytes() for name in REPRODUCIBLE}


def crash_at(number):
    def before(call):
        if call == number:
            raise RuntimeError("crash")

    return before


def interrupt_at(number):
    def before(call):
        if call == number:
            raise KeyboardInterrupt

    return before
