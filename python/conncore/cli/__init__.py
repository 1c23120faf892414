"""The ``conncore`` command."""

from conncore.cli.app import main

__all__ = ["main"]
