"""Episodes of Gymnasium's own environments, for tasks that must equal them."""

from __future__ import annotations

import gymnasium
import numpy as np


def gymnasium_rollout(name, qpos, qvel, actions, may_end=False, **options):
    """Observations, the first included, and rewards of an episode from this state."""
    env = gymnasium.make(name, **options)
    env.reset(seed=0)
    env.unwrapped.set_state(qpos, qvel)
    observations, rewards = [env.unwrapped._get_obs()], []
    for action in actions:
        observation, reward, terminated, _, _ = env.step(action)
        observations.append(observation)
        rewards.append(reward)
        if terminated:
            assert may_end
            break
    env.close()
    return np.array(observations), rewards


def sampled_actions(name, n_members, n_steps, hold):
    """Actions that Gymnasium samples, each held for `hold` steps."""
    space = gymnasium.make(name).action_space
    space.seed(1)
    held = np.array([[space.sample() for _ in range(n_steps // hold)] for _ in range(n_members)])
    return np.repeat(held, hold, axis=1)
