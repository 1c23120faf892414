"""What conncore knows of a connectome that does not ship with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """One file of a connectome that has several.

    Parameters
    ----------
    name : str
        Its name in the cache, which the reader knows.
    url, sha256 : str
        Its address and its checksum.
    bytes : int
        Its size.
    """

    name: str
    url: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class RemoteEntry:
    """A connectome that does not ship with conncore.

    Parameters
    ----------
    name : str
        The name that `load` takes.
    title : str
        One line about it.
    citation, licence : str
        What to cite, and the licence of the source.
    page : str
        The web page where people find it.
    read_with : str
        How to read the file once it is downloaded.
    url, sha256 : str
        The file's address and its checksum; "" if there are several files, or conncore must not
        download it.
    format : str or None
        The format of the folder with all `files`.
    files : tuple of RemoteFile
        The files, if there are several.
    """

    name: str
    title: str
    citation: str
    licence: str
    page: str
    read_with: str
    url: str = ""
    sha256: str = ""
    format: str | None = None
    files: tuple[RemoteFile, ...] = ()
