"""Unpacks gzip, bzip2, xz, zip and tar files in memory; one budget holds for all levels.

A file of n bytes may unpack to ``16 MiB + 64 n`` bytes. Each byte that appears is spent, at every
level: a gzip file inside a zip archive spends its packed bytes and its content.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from conncore.errors import ConnectomeError, visible

GZIP, ZIP, XZ = b"\x1f\x8b", b"PK", b"\xfd7zXZ\0"
#: The first bytes of bzip2: "BZh", the size of a block, and the marks of a block or of the end.
BZIP2 = tuple(
    b"BZh%d%s" % (size, mark) for size in range(1, 10) for mark in (b"1AY&SY", b"\x17rE8P\x90")
)
#: The first bytes of a packed file, and the ends of its name.
PACKED = (GZIP, XZ, *BZIP2)
PACKED_SUFFIXES = (".gz", ".bz2", ".xz")
UNPACK = "if you trust it, unpack it yourself and pass the unpacked file"
_CHUNK = 1 << 20
#: A tar archive may describe all its members together with so many words.
_MOST_HEADERS = 1000


def brief(text: object) -> str:
    """The message of another library, or a name inside an archive, as one short line."""
    words = visible(" ".join(str(text).split()))
    return words if len(words) <= 200 else f"{words[:200]}..."


class TooLargeError(ConnectomeError):
    """A file that unpacks to more than its budget."""


class Stream(Protocol):
    """What gives unpacked bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class Budget:
    """The bytes that one file may still unpack to.

    Parameters
    ----------
    label : str
        The file's name in messages.
    size : int
        Bytes on the disk.
    """

    def __init__(self, label: str, size: int) -> None:
        self.label = label
        self.size = size
        self.most = self.left = (16 << 20) + 64 * size

    def need(self, n_bytes: int) -> None:
        """Refuse the file if `n_bytes` more are too many."""
        if not 0 <= n_bytes <= self.left:
            raise TooLargeError(
                f"{self.label}: unpacks to more than {self.most} bytes, too many for a file of "
                f"{self.size} bytes; {UNPACK}"
            )

    def spend(self, n_bytes: int) -> None:
        """Take bytes that have appeared off the budget."""
        self.need(n_bytes)
        self.left -= n_bytes

    def read(self, begin: Callable[[], AbstractContextManager[Stream]]) -> bytes:
        """All of a packed stream, if the budget holds it.

        Parameters
        ----------
        begin : callable
            Returns the stream at its start. It is called again for a stream that unpacks to
            unusually many bytes: they are counted before they are kept.
        """
        kept, n_kept = io.BytesIO(), 0
        usual, left = (32 << 20) + 16 * self.size, self.left
        with begin() as stream:
            while chunk := stream.read(min(_CHUNK, self.left + 1)):
                self.spend(len(chunk))
                n_kept += kept.write(chunk)
                if n_kept > usual:
                    usual = self.most
                    _count(begin, left, self)
        return kept.getvalue()


def _count(begin: Callable[[], AbstractContextManager[Stream]], left: int, budget: Budget) -> None:
    n_bytes = 0
    with begin() as stream:
        while chunk := stream.read(_CHUNK):
            n_bytes += len(chunk)
            if n_bytes > left:
                budget.need(n_bytes)


def unpack(content: bytes, budget: Budget) -> bytes:
    """The content of a gzip, bzip2 or xz file; other files as they are."""
    if not content.startswith(PACKED):
        return content
    try:
        return budget.read(lambda: _stream(io.BytesIO(content)))
    except ConnectomeError:
        raise
    except (OSError, EOFError, ValueError, MemoryError, zlib.error, lzma.LZMAError) as error:
        raise ConnectomeError(
            f"{budget.label}: cannot be unpacked ({brief(error)}); download it again"
        ) from None


def _stream(file: io.BytesIO) -> Any:
    start = file.getvalue()[:6]
    if start.startswith(GZIP):
        return gzip.open(file)
    return lzma.open(file, format=lzma.FORMAT_XZ) if start == XZ else bz2.open(file)


def unpacked_name(name: str) -> str:
    """A file's name without ".gz", ".bz2" or ".xz"."""
    stem, dot, end = name.rpartition(".")
    return stem if f"{dot}{end}".lower() in PACKED_SUFFIXES else name


def unzip(
    content: bytes, budget: Budget, is_wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    """The path and content of each wanted file in a zip archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                if info.is_dir() or not is_wanted(info.filename):
                    continue
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    # The other methods of zipfile give any number of bytes at once.
                    raise ConnectomeError(
                        f"{budget.label}: {brief(info.filename)} is not packed with deflate; "
                        f"{UNPACK}"
                    )
                budget.need(info.file_size)
                data = budget.read(lambda info=info: archive.open(info))  # type: ignore[misc]
                yield info.filename, unpack(data, budget)
    except ConnectomeError:
        raise
    except Exception as error:  # zipfile raises almost anything on damaged archives
        raise ConnectomeError(
            f"{budget.label}: is a damaged zip archive ({brief(error)})"
        ) from None


def untar(
    content: bytes, budget: Budget, is_wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    """The path and content of each wanted file in a packed tar archive."""
    try:
        # "r:" takes plain tar alone; "r" would unpack further levels without a limit.
        with tarfile.open(fileobj=io.BytesIO(unpack(content, budget)), mode="r:") as archive:
            headers: Any = archive
            while (member := archive.next()) is not None:
                headers.members.clear()  # each keeps a copy of the headers
                budget.spend(tarfile.BLOCKSIZE)  # also ends an archive that runs in circles
                if len(archive.pax_headers) > _MOST_HEADERS:
                    raise ValueError("it has too many headers")
                if not member.isreg() or not is_wanted(member.name):
                    continue
                budget.need(member.size)  # a sparse member gives more bytes than it holds
                data = budget.read(lambda member=member: archive.extractfile(member))  # type: ignore
                yield member.name, unpack(data, budget)
    except ConnectomeError:
        raise
    except Exception as error:  # tarfile does so too
        raise ConnectomeError(
            f"{budget.label}: is a damaged tar archive ({brief(error)})"
        ) from None
