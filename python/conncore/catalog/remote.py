"""Connectomes that do not ship with conncore: `fetch` downloads them by name.

A downloaded file is kept in the user's cache. Its SHA-256 must be the one that conncore knows. A
download that broke off goes on where it stopped.
Some licences must be accepted at the source first: `fetch` then says where to download the file
and which command reads it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from conncore.catalog.download import download
from conncore.catalog.entries import RemoteEntry, RemoteFile
from conncore.connectome import Connectome
from conncore.errors import UsageError, choose
from conncore.formats import read


@cache
def list_remote() -> Mapping[str, RemoteEntry]:
    """List the connectomes that `load` knows and that do not ship, by name."""
    text = files("conncore.data").joinpath("remote.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    entries = {}
    for name in sorted(table):
        files_of = tuple(RemoteFile(**file) for file in table[name].pop("files", ()))
        entries[name] = RemoteEntry(name=name, files=files_of, **table[name])
    return entries


def fetch(name: str) -> Connectome:
    """Download a connectome once, verify it, and read it.

    A download shows its progress, the licence and the citation on stderr.

    Parameters
    ----------
    name : str
        A name from `list_remote`.

    Returns
    -------
    Connectome

    Raises
    ------
    UsageError
        If the name is not known, or its terms must be accepted at the source.
    ConnectomeError
        If the download fails, or the file has another checksum.
    """
    entry = list_remote()[choose("connectome", name, list_remote())]
    if not entry.url and not entry.files:
        raise UsageError(
            f"conncore does not download {name} ({entry.title}): accept its terms "
            f"({entry.licence}) at {entry.page}, download it there, then {entry.read_with}"
        )
    if entry.files:
        for file in entry.files:
            folder = download(entry, file, name).parent
        connectome, source = read(folder, entry.format), entry.page
    else:
        file = RemoteFile(Path(entry.url).name, entry.url, entry.sha256, 0)
        connectome, source = read(download(entry, file)), entry.url
    return replace(
        connectome,
        name=name,
        citation=entry.citation,
        licence=entry.licence,
        source=source,
    )
