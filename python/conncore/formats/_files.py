"""What all readers share: the content of a file, unpacked in memory and within limits.

gzip and zip are unpacked in place, never onto the disk, so that the names inside an archive lead
nowhere. A file of n bytes may unpack to at most ``16 MiB + 64 n``, and give at most ``max(10^6,
n)`` rows or edges: far more than real connectomes need, and too little to fill the memory.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Protocol

from conncore.errors import ConnectomeError

GZIP, ZIP = b"\x1f\x8b", b"PK"
INSTALL = "pip install 'conncore[formats]'"


def brief(text: object) -> str:
    """What another library or an archive says, in one line that is not long."""
    words = " ".join(str(text).split())
    return words if len(words) <= 200 else f"{words[:200]}..."


@dataclass(frozen=True)
class Source:
    """The unpacked content of one file.

    Parameters
    ----------
    label : str
        What messages call it: its path, and within an archive its name there.
    name : str
        File name without directory and without the end that says how it was packed.
    content : bytes
        What it holds, unpacked.
    size : int
        Bytes on the disk (of the whole archive), which the limits go by.
    """

    label: str
    name: str
    content: bytes
    size: int

    @property
    def stem(self) -> str:
        """What a connectome read from it is called."""
        return self.name.rsplit(".", 1)[0] if "." in self.name[1:] else self.name

    @property
    def suffix(self) -> str:
        """The end of its name, in lower case."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def most_rows(self) -> int:
        """The most rows or edges that it may give."""
        return max(10**6, self.size)

    def error(self, message: str) -> ConnectomeError:
        """An error that names the file."""
        return ConnectomeError(f"{self.label}: {message}")

    def check_rows(self, n_rows: int) -> None:
        """Refuse more rows or edges than a file of this size holds in good faith."""
        if n_rows > self.most_rows:
            raise self.error(
                f"holds more than {self.most_rows} rows, too many for a file of {self.size} bytes; "
                "unpack it first if it is what it should be"
            )

    def text(self) -> str:
        """The content as UTF-8 text."""
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            raise self.error(f"line {line} is not UTF-8 text; save it as UTF-8") from None


def read_bytes(path: Path) -> bytes:
    """The content of a file as it is, or a `ConnectomeError` that names it."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConnectomeError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ConnectomeError(f"{path}: is a directory, not a connectome file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise ConnectomeError(f"{path}: cannot be read ({reason})") from None


def open_source(path: str | PathLike[str]) -> Source:
    """The content of a file, out of gzip or of a zip archive that holds this file alone."""
    path = Path(path)
    content = read_bytes(path)
    size = len(content)
    if content.startswith(GZIP):
        return Source(str(path), _unpacked_name(path.name), _gunzip(path, content), size)
    if content.startswith(ZIP) and path.suffix.lower() == ".zip":
        members = open_folder(path)
        if len(members) != 1:
            inside = brief(", ".join(sorted(members))) or "nothing"
            raise ConnectomeError(
                f"{path}: holds {inside}; name the format, or unpack it and give one file"
            )
        return next(iter(members.values()))
    return Source(str(path), path.name, content, size)


def _unpacked_name(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") else name


def _gunzip(path: Path, content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            return _read_all(path, stream, len(content), 0)
    except (OSError, EOFError, zlib.error) as error:
        raise ConnectomeError(
            f"{path}: cannot be unpacked ({brief(error)}); fetch it again"
        ) from None


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _read_all(path: Path, stream: _Stream, size: int, before: int) -> bytes:
    """All of a packed stream, as long as it stays within what the archive may unpack to."""
    most = (16 << 20) + 64 * size - before
    content = stream.read(most + 1)
    if len(content) > most:
        raise ConnectomeError(
            f"{path}: unpacks to more than {most + before} bytes, too many for a file of {size} "
            "bytes; unpack it first if it is what it should be"
        )
    return content


def list_directory(path: Path) -> list[str]:
    """The names in a directory, sorted."""
    try:
        return sorted(os.listdir(path))
    except OSError as error:
        raise ConnectomeError(f"{path}: cannot be listed ({error.strerror})") from None


def open_folder(path: str | PathLike[str], only: str = "") -> Mapping[str, Source]:
    """The files of a directory, a zip archive or a tar.gz archive, by their names in it.

    Parameters
    ----------
    path : path
        The directory or archive. Directories inside it do not count, hidden files are left out.
    only : str
        Read only files whose name contains this, in any case.
    """
    path = Path(path)
    if path.is_dir():
        files = [path / name for name in list_directory(path)]
        wanted = [file for file in files if file.is_file() and _is_wanted(file.name, only)]
        return {_unpacked_name(file.name): open_source(file) for file in wanted}
    content = read_bytes(path)
    if content.startswith(ZIP):
        return unzip(path, content, only)
    if content.startswith(GZIP):
        return _untar(path, content, only)
    raise ConnectomeError(f"{path}: is neither a directory nor a zip or tar.gz archive")


def _is_wanted(name: str, only: str) -> bool:
    file = PurePosixPath(name)
    hidden = file.name.startswith(".") or "__MACOSX" in file.parts
    return not hidden and only.lower() in file.name.lower()


def unzip(path: Path, content: bytes, only: str = "") -> dict[str, Source]:
    """The files of a zip archive, by their names without directories."""
    found: dict[str, Source] = {}
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                if info.is_dir() or not _is_wanted(info.filename, only):
                    continue
                with archive.open(info) as stream:
                    data = _read_all(path, stream, len(content), unpacked)
                unpacked += len(data)
                name = _unpacked_name(PurePosixPath(info.filename).name)
                if data.startswith(GZIP):
                    data = _gunzip(path, data)
                    unpacked += len(data)
                label = f"{path}: {brief(info.filename)}"
                found[name] = Source(label, name, data, len(content))
    except ConnectomeError:
        raise
    except Exception as error:  # damaged archives make zipfile raise almost anything
        raise ConnectomeError(f"{path}: is a damaged zip archive ({brief(error)})") from None
    return found


def _untar(path: Path, content: bytes, only: str) -> dict[str, Source]:
    found: dict[str, Source] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(_gunzip(path, content))) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is not None and _is_wanted(member.name, only):
                    name = PurePosixPath(member.name).name
                    label = f"{path}: {brief(member.name)}"
                    found[name] = Source(label, name, stream.read(), len(content))
    except ConnectomeError:
        raise
    except Exception as error:  # as above
        raise ConnectomeError(f"{path}: is a damaged tar archive ({brief(error)})") from None
    return found
