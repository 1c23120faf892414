"""Parts by name: those of conncore, those of other packages, and those that a program registers."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Generic, TypeVar

from conncore.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A mapping of names to parts of one kind, such as tasks.

    It has the parts of conncore, then those that this process registered, then those that
    installed packages offer as entry points of `group`. An entry point is loaded when its part is
    looked up. The names of conncore cannot be taken.

    Parameters
    ----------
    kind : str
        What the parts are, for messages: "task".
    group : str
        Group of entry points, such as "conncore.tasks".
    own : mapping of str to T
        The parts of conncore.
    """

    def __init__(self, kind: str, group: str, own: Mapping[str, T]) -> None:
        self.kind = kind
        self.group = group
        self.own = dict(own)
        self.added: dict[str, T] = {}

    def register(self, name: str, part: T) -> None:
        """Add a part. A name that this process has registered before gets the new part.

        Raises
        ------
        UsageError
            If the name is no text, or a part of conncore has it.
        """
        if not isinstance(name, str) or not name or ":" in name:
            raise UsageError(f"the name of a {self.kind} is {name!r}; give a text without ':'")
        if name in self.own:
            raise UsageError(f"conncore has a {self.kind} {name!r}; choose another name")
        self.added[name] = part

    def __getitem__(self, name: str) -> T:
        for known in (self.own, self.added):
            if name in known:
                return known[name]
        point = _entry_points(self.group)[name]
        try:
            part: T = point.load()
        except Exception as error:
            raise UsageError(
                f"{self.kind} {name!r} of the package {_package(point)} cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error
        return part

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.added or name in _entry_points(self.group)

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from (name for name in self.added if name not in self.own)
        yield from (n for n in _entry_points(self.group) if n not in self.own | self.added)

    def __len__(self) -> int:
        return len(list(iter(self)))


def load(place: str) -> object:
    """Return the object at "module:name"."""
    module, _, name = place.partition(":")
    found: object = getattr(importlib.import_module(module), name)
    return found


@cache
def _entry_points(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # takes 30 ms to import

    return {point.name: point for point in entry_points(group=group)}


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
