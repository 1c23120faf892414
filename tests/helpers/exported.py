"""Networks to export, and what they should do: shared by the tests of every export."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from conncore.catalog.shipped import load
from conncore.network.network import Network
from conncore.tasks import make_task

N_STEPS = 1_000


def active_genome(network, seed=0):
    """A random genome with stronger inputs, so that all kinds of cells are active."""
    genome = network.random_genomes(1, seed=seed)[0]
    for name in ("encoder", "encoder_bias"):
        genome[network.layout.slices[name]] *= 5.0
    return genome


def observations(network, n_steps=N_STEPS):
    rng = np.random.default_rng(1)
    return rng.normal(size=(n_steps, network.task.n_obs)).cumsum(axis=0) % 4.0 - 2.0


def actions_of(network, genome, seen):
    """The kernels' actions, (n_steps, n_actions)."""
    policy = network.policy(genome[None], n_threads=1)
    return np.array([policy.act(row[None])[0] for row in seen])


def trained():
    """An alif network that swims, its genome, and what it observes in an episode."""
    task = make_task("swimmer6")
    network = Network(load("celegans-haspel2011"), task)
    genome = np.loadtxt(Path(__file__).parents[1] / "files" / "alif_swimmer6.txt")
    bodies = task.bodies(1, 1)
    bodies.reset(*task.initial_states([5]))
    policy = network.policy(genome[None], n_threads=1)
    score, seen = 0.0, []
    for _ in range(task.n_steps):
        seen.append(task.observe(bodies)[0].copy())
        score += task.step(bodies, policy.act(seen[-1][None]))[0]
    assert score > 400
    return network, genome, np.array(seen)
