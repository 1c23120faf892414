"""The content of a file, read and unpacked in memory, once and within limits.

gzip, zip and tar archives are unpacked in memory and never onto the disk, so the paths inside an
archive have no effect. A file of n bytes may unpack to at most ``16 MiB + 64 n`` and give at most
``max(10^6, n)`` rows or edges. Real connectomes need far less, and it does not fill the memory.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Protocol

from conncore.errors import ConnectomeError

GZIP, ZIP = b"\x1f\x8b", b"PK"
UNPACK = "if you trust it, unpack it yourself and pass the unpacked file"
INSTALL = "pip install 'conncore[formats]'"


def brief(text: object) -> str:
    """The message of another library, or a name inside an archive, as one short line."""
    words = " ".join(str(text).split())
    return words if len(words) <= 200 else f"{words[:200]}..."


@dataclass(frozen=True)
class Source:
    """The unpacked content of one file.

    Parameters
    ----------
    label : str
        The file's name in messages: its path, and in an archive also its name there.
    name : str
        File name without its directory and without ".gz".
    content : bytes
        The unpacked content.
    size : int
        Bytes on the disk (of the whole archive). The limits depend on it.
    """

    label: str
    name: str
    content: bytes
    size: int

    @property
    def stem(self) -> str:
        """The name of a connectome that is read from this file: the file name without its end."""
        return self.name.rsplit(".", 1)[0] if "." in self.name[1:] else self.name

    @property
    def suffix(self) -> str:
        """The end of the file name, such as ".csv", in lower case."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def most_rows(self) -> int:
        """The most rows or edges that this file may give."""
        return max(10**6, self.size)

    def error(self, message: str) -> ConnectomeError:
        """An error that names the file."""
        return ConnectomeError(f"{self.label}: {message}")

    def check_rows(self, n_rows: int) -> None:
        """Refuse more than `most_rows` rows or edges."""
        if n_rows > self.most_rows:
            raise self.error(
                f"holds more than {self.most_rows} rows, too many for a file of {self.size} bytes; "
                f"{UNPACK}"
            )

    def text(self) -> str:
        """The content as UTF-8 text."""
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            raise self.error(f"line {line} is not UTF-8 text; save it as UTF-8") from None


class OpenedFile(PathLike[str]):
    """A file, an archive or a directory that is read and unpacked at most once.

    Detection and the reader get the same object. Functions that
    take a path accept it, too. Nothing is read before a property asks for it.

    Parameters
    ----------
    path : path
        The file or directory.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)

    def __fspath__(self) -> str:
        return str(self.path)

    __str__ = __fspath__

    def error(self, message: str) -> ConnectomeError:
        """An error that names the file."""
        return ConnectomeError(f"{self.path}: {message}")

    @cached_property
    def packed(self) -> bytes:
        """The bytes on the disk.

        Raises
        ------
        ConnectomeError
            If the file cannot be read.
        """
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            raise self.error("no such file") from None
        except IsADirectoryError:
            raise self.error("is a directory, not a connectome file") from None
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            reason = getattr(error, "strerror", None) or error
            raise self.error(f"cannot be read ({reason})") from None

    @cached_property
    def names(self) -> list[str]:
        """The names in a directory, sorted."""
        try:
            return sorted(os.listdir(self.path))
        except OSError as error:
            raise self.error(f"cannot be listed ({error.strerror})") from None

    @cached_property
    def source(self) -> Source:
        """The file, unpacked from gzip or from a zip archive that holds this file alone.

        Raises
        ------
        ConnectomeError
            If the file cannot be read or unpacked, or an archive holds several files.
        """
        path, packed = self.path, self.packed
        if packed.startswith(GZIP):
            content = _gunzip(path, packed)
            return Source(str(path), _unpacked_name(path.name), content, len(packed))
        if packed.startswith(ZIP) and path.suffix.lower() == ".zip":
            members = self.folder()
            if len(members) != 1:
                inside = brief(", ".join(sorted(members))) or "nothing"
                raise self.error(f"holds {inside}; name the format, or unpack it and give one file")
            return next(iter(members.values()))
        return Source(str(path), path.name, packed, len(packed))

    def folder(self, *words: str) -> Mapping[str, Source]:
        """The files of a directory, a zip archive or a tar.gz archive, by name.

        Names are those inside the archive or directory, without the path there. Hidden files and
        the content of subdirectories of a directory are left out.

        Parameters
        ----------
        *words : str
            Unpack only files whose name contains one of these, in any case; all if none is given.

        Raises
        ------
        ConnectomeError
            If the file is neither, or cannot be read or unpacked.
        """
        if self.path.is_dir():
            files = [self.path / name for name in self.names]
            wanted = [file for file in files if file.is_file() and _is_wanted(file.name, words)]
            return {_unpacked_name(file.name): open_source(file) for file in wanted}
        if self.packed.startswith(ZIP):
            return unzip(self.path, self.packed, words)
        if self.packed.startswith(GZIP):
            return _untar(self.path, self.packed, words)
        raise self.error("is neither a directory nor a zip or tar.gz archive")


def open_file(path: str | PathLike[str]) -> OpenedFile:
    """The file at a path; an `OpenedFile` is returned as it is, with what it has read."""
    return path if isinstance(path, OpenedFile) else OpenedFile(path)


def open_source(path: str | PathLike[str]) -> Source:
    """The unpacked content of one file, see `OpenedFile.source`."""
    return open_file(path).source


def _unpacked_name(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") else name


def _gunzip(path: Path, content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            return _read_all(path, stream, len(content), 0)
    except (OSError, EOFError, zlib.error) as error:
        raise ConnectomeError(
            f"{path}: cannot be unpacked ({brief(error)}); download it again"
        ) from None


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _read_all(path: Path, stream: _Stream, size: int, before: int) -> bytes:
    """All of a packed stream, if it stays within the limit of the archive."""
    most = (16 << 20) + 64 * size - before
    content = stream.read(most + 1)
    if len(content) > most:
        raise ConnectomeError(
            f"{path}: unpacks to more than {most + before} bytes, too many for a file of {size} "
            f"bytes; {UNPACK}"
        )
    return content


def _is_wanted(name: str, words: Sequence[str]) -> bool:
    file = PurePosixPath(name)
    hidden = file.name.startswith(".") or "__MACOSX" in file.parts
    named = not words or any(word.lower() in file.name.lower() for word in words)
    return named and not hidden


def unzip(path: Path, content: bytes, words: Sequence[str] = ()) -> dict[str, Source]:
    """The files of a zip archive, by name without the path inside the archive."""
    found: dict[str, Source] = {}
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                if info.is_dir() or not _is_wanted(info.filename, words):
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
    except Exception as error:  # zipfile raises almost anything on damaged archives
        raise ConnectomeError(f"{path}: is a damaged zip archive ({brief(error)})") from None
    return found


def _untar(path: Path, content: bytes, words: Sequence[str]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(_gunzip(path, content))) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is not None and _is_wanted(member.name, words):
                    name = PurePosixPath(member.name).name
                    label = f"{path}: {brief(member.name)}"
                    found[name] = Source(label, name, stream.read(), len(content))
    except ConnectomeError:
        raise
    except Exception as error:  # tarfile does so too
        raise ConnectomeError(f"{path}: is a damaged tar archive ({brief(error)})") from None
    return found
