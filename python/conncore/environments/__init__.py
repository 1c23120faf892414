"""Tasks as Gymnasium environments. ``import conncore.environments`` registers them with Gymnasium.

>>> import gymnasium
>>> import conncore.environments
>>> env = gymnasium.make("conncore/Swimmer6-v0")
>>> envs = gymnasium.make_vec("conncore/Swimmer6-v0", num_envs=1024)

If the id names the module, Gymnasium imports it: "conncore.environments:conncore/Swimmer6-v0".
"""

from __future__ import annotations

from gymnasium.envs.registration import register

#: The task of each environment; its class lists observations, actions, rewards and starts.
ENVIRONMENTS: dict[str, str] = {
    "conncore/Swimmer6-v0": "swimmer6",
    "conncore/Swimmer-v0": "Swimmer-v5",
    "conncore/DmSwimmer6-v0": "dm-swimmer6",
    "conncore/HalfCheetah-v0": "HalfCheetah-v5",
    "conncore/Walker2d-v0": "Walker2d-v5",
    "conncore/Hopper-v0": "Hopper-v5",
}

__all__ = ["ENVIRONMENTS"]

for _id, _task in ENVIRONMENTS.items():
    register(
        id=_id,
        entry_point="conncore.environments.single:BodyEnv",
        vector_entry_point="conncore.environments.vector:BodyVectorEnv",
        max_episode_steps=1000,
        kwargs={"task": _task},
    )
