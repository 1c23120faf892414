"""The content of a file, read and unpacked in memory, once and within limits.

A file is looked at before it is read: its kind, its size and its first bytes. gzip, bzip2, xz, zip
and tar files are unpacked in memory and never onto the disk, so the paths inside an archive have no
effect. A file of n bytes may unpack to at most ``16 MiB + 64 n`` and give at most
``max(10^6, n)`` rows or edges. Real connectomes need far less, and it does not fill the memory.
"""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path, PurePosixPath

from conncore.errors import ConnectomeError, ConnectomeWarning
from conncore.formats._unpack import (
    PACKED,
    UNPACK,
    ZIP,
    Budget,
    brief,
    unpack,
    unpacked_name,
    untar,
    unzip,
)

#: The first bytes of the binary formats that conncore reads.
HDF5 = b"\x89HDF"
BINARY = (
    *PACKED,
    ZIP,
    HDF5,
    b"PAR1",
    b"ARROW1",
    b"FEA1",
    b"\xff\xff\xff\xff",
    b"\x93NUMPY",
    b"MATLAB",
)
#: The first bytes of the text that Git leaves in place of a large file.
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
#: A file of more bytes is looked at before it is read.
LARGE = 16 << 20
#: The most bytes of a file of text.
MOST_TEXT = 4 << 30
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
INSTALL = "pip install 'conncore[formats]'"


@dataclass(frozen=True)
class Source:
    """The unpacked content of one file.

    Parameters
    ----------
    label : str
        The file's name in messages: its path, and in an archive also its name there.
    name : str
        File name without its directory and without ".gz", ".bz2" or ".xz".
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

    def warn(self, message: str) -> None:
        """Say what a reader decided about the content of the file."""
        warnings.warn(f"{self.label}: {message}", ConnectomeWarning, stacklevel=2)

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

    Detection and the reader get the same object. Functions that take a path accept it, too. Nothing
    is read before a property asks for it.

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

    def look(self) -> int:
        """The size in bytes of the file, which is not opened.

        Raises
        ------
        ConnectomeError
            If there is no such file, or it is a directory, a device, a pipe or a socket.
        """
        with self._errors():
            status = self.path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise self.error("is a directory, not a connectome file")
        if not stat.S_ISREG(status.st_mode):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
            raise self.error(f"is {kind}; copy its content into a file and pass that")
        return status.st_size

    @cached_property
    def packed(self) -> bytes:
        """The bytes on the disk. Kind, size and first bytes are checked before the rest is read.

        Raises
        ------
        ConnectomeError
            If the file cannot be read, is a Git LFS pointer, or is large and of no format that
            conncore reads.
        """
        size = self.look()
        with self._errors(), self.path.open("rb") as stream:
            if size > LARGE:
                self._check_start(stream.read(4096), size)
                stream.seek(0)
            content = stream.read(size + 1)
        if len(content) > size:
            raise self.error(f"grew while it was read (it had {size} bytes); read it again")
        _refuse_pointer(str(self.path), content)
        return content

    def _check_start(self, start: bytes, size: int) -> None:
        """Refuse a large file by its first bytes."""
        if start.startswith(BINARY) or any(start[at : at + 4] == HDF5 for at in (512, 1024, 2048)):
            return
        if b"\0" in start:
            raise self.error(
                "holds neither text nor a binary format that conncore reads; give a file of "
                "another format"
            )
        if size > MOST_TEXT:
            raise self.error(
                f"holds {size} bytes of text, and conncore reads {MOST_TEXT} at most; convert it "
                "to Parquet, or gzip it"
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn an error of the system into one that names the file."""
        try:
            yield
        except FileNotFoundError:
            raise self.error("no such file") from None
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            reason = getattr(error, "strerror", None) or error
            raise self.error(f"cannot be read ({reason})") from None

    @cached_property
    def budget(self) -> Budget:
        """What this file may unpack to, at all levels together."""
        return Budget(str(self.path), len(self.packed))

    @cached_property
    def names(self) -> list[str]:
        """The names in a directory, sorted."""
        try:
            return sorted(os.listdir(self.path))
        except OSError as error:
            raise self.error(f"cannot be listed ({error.strerror})") from None

    @cached_property
    def source(self) -> Source:
        """The file, unpacked from gzip, bzip2 or xz, or from a zip archive of this file alone.

        Raises
        ------
        ConnectomeError
            If the file cannot be read or unpacked, or an archive holds several files.
        """
        path, packed = self.path, self.packed
        if packed.startswith(PACKED):
            content = unpack(packed, self.budget)
            return Source(str(path), unpacked_name(path.name), content, len(packed))
        if packed.startswith(ZIP) and path.suffix.lower() == ".zip":
            members = self.folder()
            if len(members) != 1:
                inside = brief(", ".join(sorted(members))) or "nothing"
                raise self.error(f"holds {inside}; name the format, or unpack it and give one file")
            return next(iter(members.values()))
        return Source(str(path), path.name, packed, len(packed))

    def folder(self, *words: str) -> Mapping[str, Source]:
        """The files of a directory, a zip archive or a packed tar archive, by name.

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
            return {unpacked_name(file.name): open_source(file) for file in wanted}
        if self.packed.startswith(ZIP):
            return self.unzip(words)
        if self.packed.startswith(PACKED) or self.path.suffix.lower() == ".tar":
            inside = untar(self.packed, self.budget, lambda name: _is_wanted(name, words))
            return self._members(inside)
        raise self.error("is neither a directory nor a zip or tar archive")

    def unzip(self, words: Sequence[str] = ()) -> dict[str, Source]:
        """The files of a zip archive, as `folder` gives them."""
        files = unzip(self.packed, self.budget, lambda name: _is_wanted(name, words))
        return self._members(files)

    @cached_property
    def parts(self) -> dict[str, Source]:
        """All files of a zip archive, unpacked once."""
        return self.unzip()

    def _members(self, files: Iterable[tuple[str, bytes]]) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for path, data in files:
            name = unpacked_name(PurePosixPath(path).name)
            label = f"{self.path}: {brief(path)}"
            _refuse_pointer(label, data)
            found[name] = Source(label, name, data, len(self.packed))
        return found


def open_file(path: str | PathLike[str]) -> OpenedFile:
    """The file at a path; an `OpenedFile` is returned as it is, with what it has read."""
    return path if isinstance(path, OpenedFile) else OpenedFile(path)


def open_source(path: str | PathLike[str]) -> Source:
    """The unpacked content of one file, see `OpenedFile.source`."""
    return open_file(path).source


def _refuse_pointer(label: str, content: bytes) -> None:
    if content.startswith(LFS_POINTER):
        raise ConnectomeError(
            f"{label}: is a Git LFS pointer, not the file itself; run `git lfs pull` in its "
            "repository, or download the file itself"
        )


def _is_wanted(name: str, words: Sequence[str]) -> bool:
    file = PurePosixPath(name)
    hidden = file.name.startswith(".") or "__MACOSX" in file.parts
    named = not words or any(word.lower() in file.name.lower() for word in words)
    return named and not hidden
