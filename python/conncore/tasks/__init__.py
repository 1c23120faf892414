"""Tasks: what networks are scored on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from conncore.errors import UsageError
from conncore.network.interface import JointMap
from conncore.registry import Registry, load
from conncore.tasks.base import Task, member_seeds

#: Where the class of each task is, "module:class". A module is imported when its task is made, so
#: that a simulator loads only where it is needed. These names take precedence over Gymnasium's.
TASKS: Registry[str | Callable[..., Task]] = Registry(
    "task",
    "conncore.tasks",
    {
        "swimmer6": "conncore.tasks.swimmer:Swimmer6",
        "Swimmer-v5": "conncore.tasks.swimmer:SwimmerV5",
        "dm-swimmer6": "conncore.tasks.swimmer:DmSwimmer6",
        "HalfCheetah-v5": "conncore.tasks.runners:HalfCheetahV5",
        "Walker2d-v5": "conncore.tasks.runners:Walker2dV5",
        "Hopper-v5": "conncore.tasks.runners:HopperV5",
        "body": "conncore.tasks.body:Body",
        "mnist": "conncore.tasks.mnist:Mnist",
    },
)

__all__ = ["TASKS", "JointMap", "Task", "make_task", "member_seeds", "register_task"]


def register_task(name: str, task: Callable[..., Task] | str) -> None:
    """Make `make_task`, the commands and run directories know a task of your own.

    Parameters
    ----------
    name : str
        The `name` of the task, as its `describe` returns it.
    task : class or function that returns a Task, or "module:name" of one
        Called with the options of `make_task`. ``make_task(name)`` must work without options.

    Raises
    ------
    UsageError
        If conncore has a task of this name.

    Examples
    --------
    >>> from conncore.tasks.swimmer import Swimmer6
    >>> class Worm(Swimmer6):
    ...     def describe(self):
    ...         return {"name": "worm"}
    >>> cc.register_task("worm", Worm)
    >>> cc.make_task("worm").n_obs
    10
    """
    TASKS.register(name, task)


def make_task(name: str | Callable[..., Any] = "swimmer6", **options: Any) -> Task:
    """Return the task called `name`.

    Parameters
    ----------
    name : str, class or callable
        One of `TASKS`; the XML file of a MuJoCo model, which becomes the task `body`; or any id
        registered with Gymnasium; or a class or function that returns a
        Gymnasium environment. "module:id" first imports the module, which Python must find in
        `sys.path`. The commands also look in the working directory.
    **options
        Parameters of the task's class, such as `engine` of bodies and `observe` of swimmers. A
        Gymnasium environment has `max_steps`, `action_scale` and `kwargs`; it gets all other
        options itself. `kwargs` is a mapping of more arguments of the environment, for names that
        are taken here: ``kwargs={"max_steps": 9}``.

    Raises
    ------
    UsageError
        If there is no such task, or the task has no such option or value.

    Examples
    --------
    >>> cc.make_task("swimmer6", observe="angles").n_obs
    5
    >>> cc.make_task("CartPole-v1", max_steps=200).n_steps
    200
    """
    if isinstance(name, str) and name.lower().endswith(".xml"):
        name, options = "body", {"model": name, **options}
    if not isinstance(name, str) or name not in TASKS:
        return _environment(name, options)
    found = TASKS[name]
    factory: Callable[..., Task] = load(found) if isinstance(found, str) else found  # type: ignore[assignment]
    known = inspect.signature(factory).parameters
    any_option = any(one.kind is one.VAR_KEYWORD for one in known.values())
    for option in options:
        if option not in known and not any_option:
            raise UsageError(f"task {name!r} has no option {option!r}; it has: {', '.join(known)}")
    task = factory(**options)
    if not isinstance(task, Task):
        raise UsageError(f"task {name!r} is a {type(task).__name__}; give a conncore.Task")
    if (said := task.describe().get("name")) != name:
        raise UsageError(f"task {name!r} describes itself as {said!r}; register it by that name")
    return task


def _environment(name: str | Callable[..., Any], options: dict[str, Any]) -> Task:
    from conncore.tasks.gymnasium import GymnasiumTask, UnknownEnvironmentError

    if not isinstance(name, str) and not callable(name):
        raise UsageError(f"the task is {name!r}; give a name, or a class or function")
    if options.get("rebuildable") is False:
        raise UsageError(
            f"task {name!r} was made from a Python class, function or object, which its settings "
            "do not hold; pass the task itself: task=make_task(...)"
        )
    try:
        return GymnasiumTask(name, **options)
    except UnknownEnvironmentError as error:
        raise UsageError(
            f"unknown task {name!r}; choose one of: {', '.join(TASKS)}, "
            f"or any id registered with Gymnasium ({error})"
        ) from error
