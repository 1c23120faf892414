"""Connectomes that do not ship with conncore: `fetch` downloads them by name.

A downloaded file is kept in the user's cache. Its SHA-256 must be the one that conncore knows.
Some licences must be accepted at the source first: `fetch` then says where to download the file
and which command reads it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from conncore.connectome import Connectome
from conncore.errors import ConnectomeError, UsageError, choose
from conncore.formats import read


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
        The file's address and its checksum; "" if conncore must not download it.
    """

    name: str
    title: str
    citation: str
    licence: str
    page: str
    read_with: str
    url: str = ""
    sha256: str = ""


@cache
def list_remote() -> Mapping[str, RemoteEntry]:
    """List the connectomes that `load` knows and that do not ship, by name."""
    text = files("conncore.data").joinpath("remote.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return {name: RemoteEntry(name=name, **table[name]) for name in sorted(table)}


def fetch(name: str) -> Connectome:
    """Download a connectome once, verify it, and read it.

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
    if not entry.url:
        raise UsageError(
            f"conncore does not download {name} ({entry.title}): accept its terms "
            f"({entry.licence}) at {entry.page}, download it there, then {entry.read_with}"
        )
    connectome = read(_download(entry))
    return replace(
        connectome,
        name=name,
        citation=entry.citation,
        licence=entry.licence,
        source=entry.url,
    )


def _download(entry: RemoteEntry) -> Path:
    import pooch

    pooch.get_logger().setLevel("ERROR")  # this function raises what goes wrong
    folder = pooch.os_cache("conncore")
    by_hand = f"download it from {entry.page} and {entry.read_with}"
    try:
        found = pooch.retrieve(entry.url, f"sha256:{entry.sha256}", Path(entry.url).name, folder)
    except ValueError:
        raise ConnectomeError(
            f"{entry.url}: is not the file that conncore knows (sha256 {entry.sha256[:12]}...); "
            f"{by_hand}"
        ) from None
    except OSError as error:  # the errors of requests are OSErrors
        raise ConnectomeError(f"{entry.url}: cannot be downloaded ({error}); {by_hand}") from None
    return Path(found)
