"""Errors that users meet: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable


class ConncoreError(Exception):
    """Base of all errors raised on purpose; the command line exits with status 1."""

    exit_status = 1


class UsageError(ConncoreError, ValueError):
    """A wrong argument, option or input; the command line exits with status 2."""

    exit_status = 2


class ConnectomeError(UsageError):
    """A connectome file or record that cannot be used as it is."""


class CheckpointError(UsageError):
    """A run directory or checkpoint that cannot be continued or read."""


def choose(what: str, name: str, known: Iterable[str]) -> str:
    """Return `name` if it is one of `known`, else raise a `UsageError` that lists them."""
    names = sorted(known)
    if name not in names:
        raise UsageError(f"unknown {what} {name!r}; choose one of: {', '.join(names)}")
    return name
