"""What may be wrong with a connectome for a given task.

As in `conncore.checks.findings`, a function returns "" where there is nothing to report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from conncore.checks.phrases import count, names_of, some
from conncore.connectome import Connectome
from conncore.connectome.graph import reached
from conncore.connectome.select import ends as cells_of
from conncore.connectome.select import with_role
from conncore.errors import UsageError

#: Names of the cells that sense and of those that act, "inputs" and "outputs", where given.
Ends = Mapping[str, Sequence[str] | None]


class Joints(Protocol):
    """The joints of a body."""

    @property
    def n_joints(self) -> int:
        """Number of joints in the chain."""


class CheckedTask(Protocol):
    """What the checks need of a task; every `conncore.tasks.Task` has it."""

    @property
    def name(self) -> str:
        """The task's name, for messages."""

    @property
    def n_obs(self) -> int:
        """Number of values in an observation."""

    @property
    def n_actions(self) -> int:
        """Number of values in an action."""

    @property
    def joints(self) -> Joints | None:
        """The body's joints, or None if the body has no chain of joints."""


def no_anatomy(c: Connectome, task: CheckedTask, ends: Ends) -> str:
    if any(ends.values()):
        return ""  # chosen cells are for dense input/output
    if task.joints is None:
        return f"task {task.name} has no chain of joints: use dense input/output"
    if c.body is None:
        return (
            "there is no body map: use dense input/output, or give role, segment and side of "
            "the cells"
        )
    missing = [role for role in ("motor", "muscle") if role not in c.body.role]
    return f"the body map has no cell with role {' or '.join(missing)}" if missing else ""


def all_cells(c: Connectome, task: CheckedTask, ends: Ends) -> str:
    all_ends = [end for end in ("inputs", "outputs") if not ends.get(end)]
    if c.body is not None or not all_ends:
        return ""
    n_inputs, n_outputs = (len(ends.get(end) or c.names) for end in ("inputs", "outputs"))
    n_parameters = n_inputs * (task.n_obs + 1) + (n_outputs + 1) * task.n_actions
    return (
        f"dense input/output takes all {c.n_cells} cells as {' and '.join(all_ends)}, "
        f"{n_parameters} parameters; to use fewer cells, give inputs and outputs or a body map"
    )


def _links(c: Connectome, task: CheckedTask, role: str, side: str = "") -> set[int]:
    """The links of the task's body that have cells of this role and side."""
    assert c.body is not None
    assert task.joints is not None
    segments = [
        int(c.body.segment[i]) for i in with_role(c, role) if not side or c.body.side[i] == side
    ]
    return {s * (task.joints.n_joints + 1) // c.body.n_segments for s in segments}


def deaf_joints(c: Connectome, task: CheckedTask, ends: Ends) -> str:
    """The motor neurons of the links in front of a joint and behind it observe the joint."""
    if c.body is None or task.joints is None:
        return ""
    links, last = _links(c, task, "motor"), task.joints.n_joints - 1
    observed = {link - 1 for link in links} | {min(link, last) for link in links}
    rest = sorted(set(range(last + 1)) - observed)
    if not rest:
        return ""
    return f"{count(len(rest), 'joint')} that no motor neuron observes: {some(map(str, rest))}"


def idle_joints(c: Connectome, task: CheckedTask, ends: Ends) -> str:
    """The muscles of a link drive its joint; the last two links share the last joint."""
    if c.body is None or task.joints is None:
        return ""
    last = task.joints.n_joints - 1
    idle = []
    for side in ("dorsal", "ventral"):
        driven = {min(link, last) for link in _links(c, task, "muscle", side)}
        idle += [f"{joint} ({side})" for joint in sorted(set(range(last + 1)) - driven)]
    return f"joints without muscles: {some(idle)}" if idle else ""


def out_of_reach(c: Connectome, task: CheckedTask, ends: Ends) -> str:
    try:
        inputs, outputs = cells_of(c, **ends)
    except UsageError as error:
        return str(error)
    lost = outputs[~reached(c, inputs)[outputs]]
    if not lost.size:
        return ""
    return f"{count(lost.size, 'output')} that no input reaches: {names_of(c, lost)}"


#: What to look for in a connectome for a task, by name.
TASK_FINDINGS: Mapping[str, Callable[[Connectome, CheckedTask, Ends], str]] = {
    "anatomical input/output": no_anatomy,
    "dense input/output": all_cells,
    "deaf joints": deaf_joints,
    "idle joints": idle_joints,
    "outputs out of reach": out_of_reach,
}
