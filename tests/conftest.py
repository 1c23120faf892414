"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from hypothesis import settings

from conncore.catalog.shipped import load
from conncore.tasks.base import JointMap, Task

settings.register_profile("conncore", deadline=None)  # CI machines stall now and then
settings.load_profile("conncore")

# Where Ctrl-C is ignored, as in a shell's background jobs, the commands that tests start would
# ignore it too.
signal.signal(signal.SIGINT, signal.default_int_handler)


class ChainTask(Task):
    """Five joints whose observations and actions lie in no obvious order; never evaluated.

    Joint j: angle in observation 9 - 2 j, velocity in observation 2 (j + 1) % 10, and action
    4 - j; angles are scaled by 1 + j / 10, velocities by 0.2 + j / 10.
    """

    name = "chain"
    n_obs, n_actions, n_steps = 10, 5, 20
    joints = JointMap(
        angle=np.array([9, 7, 5, 3, 1]),
        velocity=np.array([2, 4, 6, 8, 0]),
        action=np.array([4, 3, 2, 1, 0]),
        angle_scale=np.array([1.0, 1.1, 1.2, 1.3, 1.4]),
        velocity_scale=np.array([0.2, 0.3, 0.4, 0.5, 0.6]),
    )

    def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
        raise NotImplementedError

    def describe(self):
        return {"name": self.name}


@pytest.fixture(scope="session")
def worm():
    """The default circuit: 66 motor neurons, 36 muscles, 336 synapses."""
    return load("celegans-haspel2011")


@pytest.fixture(scope="session")
def segment():
    """One of its six repeating units: small, for tests with many genomes."""
    return load("celegans-haspel2011-segment")


@pytest.fixture(scope="session")
def chain():
    """A body of six links as a task, without a simulator."""
    return ChainTask()
