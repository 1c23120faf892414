"""Tasks: what networks are scored on."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from conncore.errors import UsageError
from conncore.network.interface import JointMap
from conncore.tasks.base import Task, member_seeds

#: Where the class of each task is, "module:class". A module is imported when its task is made, so
#: that a simulator loads only where it is needed. These names take precedence over Gymnasium's.
TASKS: dict[str, str] = {
    "swimmer6": "conncore.tasks.swimmer:Swimmer6",
    "Swimmer-v5": "conncore.tasks.swimmer:SwimmerV5",
    "dm-swimmer6": "conncore.tasks.swimmer:DmSwimmer6",
    "HalfCheetah-v5": "conncore.tasks.cheetah:HalfCheetahV5",
    "mnist": "conncore.tasks.mnist:Mnist",
}

__all__ = ["TASKS", "JointMap", "Task", "make_task", "member_seeds"]


def make_task(name: str = "swimmer6", **options: Any) -> Task:
    """Return the task called `name`.

    Parameters
    ----------
    name : str
        One of `TASKS`, or any id registered with Gymnasium.
    **options
        Parameters of the task's class, such as `engine` and `observe` of swimmers; `max_steps` for
        Gymnasium's environments.

    Raises
    ------
    UsageError
        If there is no such task, or the task has no such option or value.

    Examples
    --------
    >>> make_task("swimmer6", observe="angles").n_obs
    5
    """
    factory = _class(TASKS[name]) if name in TASKS else _environment(name)
    known = inspect.signature(factory).parameters
    for option in options:
        if option not in known:
            raise UsageError(f"task {name!r} has no option {option!r}; it has: {', '.join(known)}")
    return factory(**options)


def _class(place: str) -> Callable[..., Task]:
    module, _, name = place.partition(":")
    found: Callable[..., Task] = getattr(importlib.import_module(module), name)
    return found


def _environment(name: str) -> Callable[..., Task]:
    from conncore.tasks.gymnasium import GymnasiumTask, UnknownEnvironmentError

    def make(max_steps: int | None = None) -> Task:
        try:
            return GymnasiumTask(name, max_steps)
        except UnknownEnvironmentError as error:
            raise UsageError(
                f"unknown task {name!r}; choose one of: {', '.join(TASKS)}, "
                f"or any id registered with Gymnasium ({error})"
            ) from None

    return make
