"""Stand-ins for a network: what tasks ask of one, without neurons."""

from __future__ import annotations

import numpy as np

from conncore.tasks import make_task


class WaveNetwork:
    """A network of two numbers a member: its own phase, and how much it listens."""

    def __init__(self, task):
        self.n_actions = task.n_actions

    def policy(self, genomes, n_threads=None):
        return WavePolicy(genomes, self.n_actions)


class WavePolicy:
    def __init__(self, genomes, n_actions):
        self.genomes = genomes
        self.joints = np.arange(n_actions)
        self.status = np.zeros(len(genomes), dtype=np.uint8)

    def reset(self):
        self.t = 0

    def act(self, observations):
        phase, gain = self.genomes[:, :1], self.genomes[:, 1:]
        self.t += 1
        wave = np.sin(0.3 * self.t - 1.2 * self.joints + phase)
        return np.tanh(2.0 * wave + gain * observations[:, self.joints])


class ScriptedNetwork:
    """Plays actions (n_members, n_steps, n_actions) and keeps what it observes."""

    def __init__(self, actions, status=None):
        self.actions = actions
        self.status = np.zeros(len(actions), dtype=np.uint8) if status is None else status
        self.observations = []

    def policy(self, genomes, n_threads=None):
        return self

    def reset(self):
        self.observations.clear()

    def act(self, observations):
        self.observations.append(observations.copy())
        return self.actions[:, len(self.observations) - 1]


def short(name: str, n_steps: int, **options):
    """A task with short episodes."""
    task = make_task(name, **options)
    task.n_steps = n_steps
    return task
