"""Tasks: what networks are scored on."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from conncore.errors import UsageError
from conncore.tasks.base import JointMap, Task
from conncore.tasks.cheetah import HalfCheetahV5
from conncore.tasks.gymnasium import GymnasiumTask, UnknownEnvironmentError
from conncore.tasks.mnist import Mnist
from conncore.tasks.swimmer import DmSwimmer6, Swimmer6, SwimmerV5

# A new task is one entry here. These names come before Gymnasium's.
TASKS: dict[str, Callable[..., Task]] = {
    "swimmer6": Swimmer6,
    "Swimmer-v5": SwimmerV5,
    "dm-swimmer6": DmSwimmer6,
    "HalfCheetah-v5": HalfCheetahV5,
    "mnist": Mnist,
}

__all__ = ["TASKS", "JointMap", "Task", "make_task"]


def make_task(name: str = "swimmer6", **options: Any) -> Task:
    """Return the task called `name`.

    Parameters
    ----------
    name : str
        One of `TASKS`, or any id registered with Gymnasium.
    **options
        The task's own: `engine` and `observe` for swimmers, `max_steps` for Gymnasium's,
        `batch`, `hold`, `score`, `pool` and `data` for mnist.

    Raises
    ------
    UsageError
        If there is no such task, or it has no such option or value.

    Examples
    --------
    >>> make_task("swimmer6", observe="angles").n_obs
    5
    """
    factory = TASKS.get(name) or functools.partial(GymnasiumTask, name)
    known = inspect.signature(factory).parameters
    for option in options:
        if option not in known:
            raise UsageError(f"task {name!r} has no option {option!r}; it has: {', '.join(known)}")
    try:
        return factory(**options)
    except UnknownEnvironmentError as error:
        raise UsageError(
            f"unknown task {name!r}; choose one of: {', '.join(TASKS)}, "
            f"or any id registered with Gymnasium ({error})"
        ) from None
