"""Networks to export, and what they should do: shared by the tests of every export."""

from __future__ import annotations

import numpy as np

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
