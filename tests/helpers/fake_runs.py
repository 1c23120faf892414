"""A network and a task that cost nothing, with all that `evolve` needs of them."""

from __future__ import annotations

import numpy as np

from conncore.connectome import Connectome
from conncore.network.genome import GenomeLayout, Part
from conncore.tasks.base import Task, member_seeds


def tiny_connectome(weight=1.0):
    return Connectome.from_edges("tiny", [0, 1], [1, 0], weight=[weight, 2.0], sign=[1, -1])


class FakeNetwork:
    """Genomes of six parameters in two slices."""

    def __init__(self, connectome=None):
        self.connectome = connectome or tiny_connectome()
        self.layout = GenomeLayout(
            [
                Part("encoder", np.zeros(4), 3.0, -5.0, 5.0),
                Part("log_weights", np.zeros(2), 3.0, -5.0, 5.0),
            ]
        )

    def random_genomes(self, n_members, seed):
        return np.random.default_rng(seed).uniform(-3, 3, (n_members, 6))

    def describe(self):
        return {"neuron": "fake", "io": "none"}


class SphereTask(Task):
    """Minus the squared distance to a point that each start moves a little.

    `calls` has the seeds, the split and the size of each call; `before(call_number)` may interfere.
    """

    name = "sphere"

    def __init__(self, before=lambda call: None):
        self.calls = []
        self.before = before

    def describe(self):
        return {"name": self.name}

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        self.before(len(self.calls))
        self.calls.append((seed, split, len(genomes)))
        seeds = member_seeds(seed, len(genomes), split)
        target = np.array([np.random.default_rng(s).uniform(0.9, 1.1, 6) for s in seeds])
        return -((genomes - target) ** 2).sum(axis=1)
