"""A multiverse whose runs take milliseconds."""

from __future__ import annotations

from conncore import Network
from conncore.experiments.claims import above
from conncore.experiments.study import Arm, Outcome, Stage
from conncore.optimizers import GA
from conncore.robustness.multiverse import multiverse
from fake_runs import tiny_connectome
from small_studies import SmallTask

CLAIMS = [
    above("high ends above low", "high", "low", Outcome.end),
    above("low scores above high", "low", "high", lambda run: run.score),
]
GRID = {"lift": [0.0, 1.0], "noise": [1, 2], "read_at": [2, 5]}


class LiftedTask(SmallTask):
    """A task that gives relu networks some points more, and says so."""

    name = "lifted"

    def __init__(self, lift, before=lambda call: None):
        super().__init__(before)
        self.lift = lift

    def describe(self):
        return {"name": self.name, "lift": self.lift}

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        fitness = super().evaluate(network, genomes, seed, n_threads, split=split)
        return fitness + (self.lift if network.neuron == "relu" else 0.0)


def build(lift=0.0, noise=1, before=lambda call: None):
    """The arm "high" is lifted; `noise` is the step size of the arm "low" alone."""
    task = LiftedTask(lift, before)

    def arm(name, neuron, sigma):
        stage = Stage("evolve", GA(population_size=6, n_elites=2, sigma=sigma), 5)
        return Arm(name, lambda seed: Network(tiny_connectome(), task, neuron, "dense"), (stage,))

    return task, [arm("high", "relu", 0.1), arm("low", "lif", 0.1 * noise)]


def go(out, choices=GRID, seeds=2, **options):
    lines = []
    make = options.pop("build", build)
    found = multiverse(make, choices, CLAIMS, seeds, out=out, say=lines.append, **options)
    return found, lines
