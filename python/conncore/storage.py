"""Write files so that a kill or a full disk never leaves half a file."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import CheckpointError, ConncoreError, UsageError

if TYPE_CHECKING:
    from filelock import BaseFileLock

#: Version of the layout of npz files. A file with another version is refused.
FORMAT = 1


def write_atomically(file: Path, content: bytes) -> None:
    """Write `content` to `file`. A kill leaves either the old file or the new one."""
    # A short name, because that of the file may be as long as the system allows.
    name = hashlib.sha256(os.fsencode(file.name)).hexdigest()[:16]
    temporary = file.with_name(f".{name}.tmp")
    try:
        with open(temporary, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(file.parent)


def sync_directory(path: Path) -> None:
    """Write the entries of a directory to the disk, if the system can do that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_errors(path: Path, advice: str) -> Iterator[None]:
    """Turn an `OSError` into a `ConncoreError` of one line that ends with `advice`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConncoreError(f"cannot write {path}: {reason}; {advice}") from error


def downloads() -> ModuleType:
    """Return pooch, which downloads and caches files; it takes a while to import.

    Raises
    ------
    UsageError
        pooch is not installed.
    """
    try:
        import pooch
    except ModuleNotFoundError:
        raise UsageError(
            "pooch is not installed and downloads need it: pip install 'conncore[download]'"
        ) from None
    module: ModuleType = pooch
    return module


def lock_directory(path: Path) -> BaseFileLock:
    """Lock a directory for this process. `release` of what this returns ends the lock.

    Raises
    ------
    UsageError
        Another process holds the lock.
    """
    from filelock import FileLock, Timeout  # takes a while to import

    # The lock ends with the process, even if it is killed. The empty file may remain.
    lock = FileLock(path / ".lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"{path} is in use by another process; wait for it or stop it first"
        ) from None
    return lock


def pack_npz(**arrays: NDArray[Any]) -> bytes:
    """Return the bytes of an npz file; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    added = {"format": np.array(FORMAT), "digest": np.array(_digest(arrays))}
    np.savez(buffer, **added, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def read_npz(file: Path, advice: str) -> dict[str, NDArray[Any]]:
    """Return all arrays of a file that `pack_npz` made.

    Raises
    ------
    CheckpointError
        The file cannot be read, is damaged, or has another format. The message ends with `advice`.
    """
    try:
        content = io.BytesIO(file.read_bytes())
        with zipfile.ZipFile(content) as archive:
            # NumPy reads only the bytes that an array's header asks for; testzip checks all bytes.
            bad = archive.testzip()
        if bad is not None:
            raise ValueError(f"{bad} has a wrong checksum")
        content.seek(0)
        with np.load(content, allow_pickle=False) as loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    except OSError as error:
        raise CheckpointError(f"cannot read {file}: {error.strerror}; {advice}") from None
    except Exception as error:  # damaged bytes can make zipfile and NumPy raise almost anything
        raise CheckpointError(f"{file} is damaged ({error}); {advice}") from None
    if "format" not in arrays or arrays["format"].shape != ():
        raise CheckpointError(f"{file} is damaged: 'format' is missing; {advice}")
    if arrays["format"].item() != FORMAT:
        raise CheckpointError(
            f"{file} has format {arrays['format']}, but this conncore reads format {FORMAT}; "
            f"{advice}"
        )
    return arrays


def check_digest(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Raise a ValueError if arrays from `read_npz` are not those that `pack_npz` was given.

    Files of early versions have no digest, and pass.
    """
    rest = {name: array for name, array in arrays.items() if name not in ("format", "digest")}
    if "digest" in arrays and arrays["digest"].tolist() != _digest(rest):
        raise ValueError("it was changed after conncore wrote it")


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        digest.update(f"{name} {array.dtype.descr} {array.shape} ".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
