"""A study of two arms whose runs take milliseconds."""

from __future__ import annotations

import numpy as np

from conncore import Network
from conncore.experiments.study import Arm, Stage, run_study
from conncore.optimizers import ES, GA
from fake_runs import SphereTask, tiny_connectome

ES_STAGE = Stage("pretrain", ES(population_size=4, n_scout=4), 3)
GA_STAGE = Stage("evolve", GA(population_size=6, n_elites=2), 4, expand=True)


class SmallTask(SphereTask):
    """A sphere in as many dimensions as the genome has."""

    n_obs, n_actions, n_steps, joints = 2, 1, 1, None

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        self.before(len(self.calls))
        self.calls.append((seed, split, len(genomes)))
        return -np.square(genomes - 0.5).sum(axis=1)


def make_arms(task, stages=(ES_STAGE, GA_STAGE)):
    def build(neuron):
        return lambda seed: Network(tiny_connectome(), task, neuron, "dense")

    return [Arm("one", build("relu"), stages), Arm("two", build("lif"), stages)]


def go(out, task=None, seeds=(0, 1), arms=None):
    task = task or SmallTask()
    lines = []
    return run_study(arms or make_arms(task), task, seeds, out, 1, lines.append), lines


def files(out):
    return {p.relative_to(out): p.read_bytes() for p in out.rglob("seed-*.json")}


def numbers(outcomes):
    return {
        arm: [(run.seed, run.score, run.curves, run.n_parameters) for run in runs]
        for arm, runs in outcomes.items()
    }
