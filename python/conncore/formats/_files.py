"""What all readers of files share."""

from __future__ import annotations

from pathlib import Path

from conncore.errors import ConnectomeError


def read_bytes(path: Path) -> bytes:
    """The content of a file, or a `ConnectomeError` that names it."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConnectomeError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ConnectomeError(f"{path}: is a directory, not a connectome file") from None
    except OSError as error:
        raise ConnectomeError(f"{path}: cannot be read ({error.strerror})") from None
