"""The cells of a multiverse: combinations of choices, and the arms that they need."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conncore.errors import UsageError, need_count
from conncore.experiments.choices import settings_text
from conncore.experiments.study import Arm, describe

if TYPE_CHECKING:
    from conncore.tasks import Task

READ_AT = "read_at"
Choices = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]]
Settings = Mapping[str, Any]
Build = Callable[..., "tuple[Task, Sequence[Arm]]"]


@dataclass(frozen=True, eq=False)
class PlannedArm:
    """An arm that one or several cells need.

    Attributes
    ----------
    arm : Arm
    task : Task
    settings : mapping
        All settings that decide its numbers: `describe` of a study of this arm alone.
    """

    arm: Arm
    task: Task
    settings: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class PlannedCell:
    """One cell before its runs.

    Attributes
    ----------
    combinations : list of mapping
        The combinations of choices that this cell stands for. Several give the same runs where a
        choice has no effect, such as the length of a pretraining that no arm has.
    arms : mapping of str to str
        By name of an arm, the name of its `PlannedArm`.
    read_at : int or None
        Generation of the last stage at which curves are read; None for the last one.
    """

    combinations: list[Settings]
    arms: Mapping[str, str]
    read_at: int | None


def combine(choices: Choices) -> list[dict[str, Any]]:
    """Return all combinations of a grid, or of several grids, in order and without repeats.

    Parameters
    ----------
    choices : mapping of str to sequence, or sequence of such mappings
        By key, the values to combine.

    Raises
    ------
    UsageError
        There is no value for a key, a value is repeated, or a key is no name.
    """
    grids = [choices] if isinstance(choices, Mapping) else list(choices)
    found: list[dict[str, Any]] = []
    for grid in grids:
        for key, values in grid.items():
            if not str(key).isidentifier():
                raise UsageError(f"the choice {key!r} is no name; use letters, digits and _")
            if isinstance(values, str) or not isinstance(values, Sequence) or not len(values):
                raise UsageError(f"{key} is {values!r}; give a list of at least one value")
            if any(value in values[:place] for place, value in enumerate(values)):
                raise UsageError(f"{key} has a value twice; give each value once")
        for values in itertools.product(*grid.values()):
            combination = dict(zip(grid, values, strict=True))
            if combination not in found:
                found.append(combination)
    if not found:
        raise UsageError("the grid is empty; give choices with their values")
    return found


def plan(
    build: Build, combinations: Sequence[Settings]
) -> tuple[list[PlannedCell], dict[str, PlannedArm]]:
    """Return the cells and, by name, the arms that they need.

    Combinations with the same arms, read at the same generation, are one cell. An arm that a choice
    does not change is run once for all cells.

    Raises
    ------
    UsageError
        `build` refuses a combination, or `read_at` is after the last generation.
    """
    cells: dict[tuple[int | None, tuple[str, ...]], PlannedCell] = {}
    planned: dict[str, PlannedArm] = {}
    for combination in combinations:
        options = {key: value for key, value in combination.items() if key != READ_AT}
        try:
            task, arms = build(**options)
            read_at = _read_at(arms, combination.get(READ_AT))
        except UsageError as error:
            raise UsageError(f"{error} (in the cell {settings_text(combination)})") from None
        names = {}
        for arm in arms:
            settings = describe([arm], task)
            names[arm.name] = _name(arm.name, settings)
            planned.setdefault(names[arm.name], PlannedArm(arm, task, settings))
        cell = PlannedCell([], names, read_at)
        cells.setdefault((read_at, tuple(names.values())), cell).combinations.append(combination)
    return list(cells.values()), planned


def _read_at(arms: Sequence[Arm], generation: int | None) -> int | None:
    """Return the generation to read at, or None if it is the last one."""
    if generation is None:
        return None
    need_count(READ_AT, generation)
    if any(arm.stages[-1].optimizer.name == "halving" for arm in arms):
        raise UsageError(
            "read_at is for optimizers whose runs contain all shorter runs, but the budget of "
            "halving sets its rungs; choose generations instead"
        )
    last = {arm.stages[-1].generations for arm in arms}
    if generation > min(last):
        raise UsageError(
            f"read_at is {generation}, but the last stage has {min(last)} generations; "
            "give at most as many"
        )
    return None if last == {generation} else generation


def _name(arm: str, settings: Mapping[str, Any]) -> str:
    """Return a name for the runs of an arm; equal settings have equal names."""
    text = json.dumps(settings, sort_keys=True)
    return f"{arm}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
