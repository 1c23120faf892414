"""Grids of choices in TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conncore.errors import UsageError, choose, need_count
from conncore.experiments.choices import read_value

_KEYS = ("seeds", "set", "choices")
_OF_COMPARE = ("nulls",)


@dataclass(frozen=True)
class Grid:
    """The content of a grid file.

    Attributes
    ----------
    choices : list of mapping of str to list
        One mapping per grid: the values of each choice. A choice of the table ``[set]`` has one.
    seeds : int or None
    options : mapping
        "nulls", for a comparison.
    """

    choices: list[dict[str, list[Any]]]
    seeds: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def read_grid(file: Path, compare: bool = False) -> Grid:
    """Read a grid from a TOML file.

    ::

        seeds = 5

        [set]            # the same in all cells
        generations = 60

        [choices]        # all combinations; several [[choices]] are several grids
        observe = ["angles", "angles+velocities"]
        read_at = [20, 60]

    Parameters
    ----------
    file : Path
    compare : bool
        Whether the file may also name null models.

    Raises
    ------
    UsageError
        The file cannot be read, or holds an unknown key or value.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the grid {file} cannot be read: {error.strerror}") from None
    except ValueError as error:  # no TOML, or no text
        raise UsageError(f"the grid {file} is no TOML file: {error}") from None
    try:
        return _grid(content, (*_KEYS, *_OF_COMPARE) if compare else _KEYS)
    except UsageError as error:
        raise UsageError(f"the grid {file}: {error}") from None


def _grid(content: Mapping[str, Any], known: tuple[str, ...]) -> Grid:
    for key in content:
        choose("key", key, known)
    seeds = content.get("seeds")
    if seeds is not None:
        need_count("seeds", seeds)
    fixed = _table("set", content.get("set", {}))
    tables = content.get("choices", {})
    grids = []
    for table in tables if isinstance(tables, list) else [tables]:
        grid = {key: [read_value(key, value)] for key, value in fixed.items()}
        for key, values in _table("choices", table).items():
            if not isinstance(values, list):
                raise UsageError(f"{key} is {values!r}; give a list of values, or move it to [set]")
            grid[key] = [read_value(key, value) for value in values]
        grids.append(grid)
    options = {key: content[key] for key in _OF_COMPARE if key in content}
    nulls = options.get("nulls", [])
    if not isinstance(nulls, list) or not all(isinstance(name, str) for name in nulls):
        raise UsageError(f"nulls is {nulls!r}; give a list of names")
    return Grid(grids, seeds, options)


def _table(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} is {value!r}; write it as a table, [{name}]")
    return value
