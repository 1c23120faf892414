"""A task that gives a network its sizes and is never evaluated."""

from __future__ import annotations

from typing import Any

from conncore.tasks import Task


class Sizes(Task):
    """A task with these numbers of observations and actions."""

    name = "sizes"
    n_steps = 1

    def __init__(self, n_obs: int, n_actions: int) -> None:
        self.n_obs = n_obs
        self.n_actions = n_actions

    def evaluate(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a network of these sizes is timed, not scored")

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "n_obs": self.n_obs, "n_actions": self.n_actions}
