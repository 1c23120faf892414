"""Connectomes that do not ship: fetched by name from where their authors put them, or not at all.

A fetched file is kept in the user's cache and is only used if it is, to the bit, the file whose
checksum conncore knows. Where a licence must be accepted first, `fetch` says where, and which
command reads the file then.
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
class Elsewhere:
    """A connectome that does not ship.

    Parameters
    ----------
    name : str
        What `load` takes.
    title : str
        One line about it.
    citation, licence : str
        What to cite, and under which licence the source gives it.
    page : str
        Where people find it.
    url, sha256 : str
        Where the file is fetched and what it must be; "" where it is not to be fetched.
    read_with : str
        How to read the file once it is there.
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
def elsewhere() -> Mapping[str, Elsewhere]:
    """The connectomes that `load` knows and that do not ship, by name."""
    text = files("conncore.data").joinpath("elsewhere.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return {name: Elsewhere(name=name, **table[name]) for name in sorted(table)}


def fetch(name: str) -> Connectome:
    """Fetch a connectome once, verify it, and read it.

    Parameters
    ----------
    name : str
        A name from `elsewhere`.

    Raises
    ------
    UsageError
        If the name is not known, or its terms must be accepted at the source.
    ConnectomeError
        If the file cannot be fetched, or is not the one that is known.
    """
    entry = elsewhere()[choose("connectome", name, elsewhere())]
    if not entry.url:
        raise UsageError(
            f"{name} ({entry.title}) is not fetched by conncore: accept its terms "
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


def _download(entry: Elsewhere) -> Path:
    import pooch

    pooch.get_logger().setLevel("ERROR")  # what goes wrong is raised
    folder = pooch.os_cache("conncore")
    by_hand = f"download it from {entry.page} and {entry.read_with}"
    try:
        found = pooch.retrieve(entry.url, f"sha256:{entry.sha256}", Path(entry.url).name, folder)
    except ValueError:
        raise ConnectomeError(
            f"{entry.url}: is not the file that conncore knows (sha256 {entry.sha256[:12]}...); "
            f"{by_hand}"
        ) from None
    except OSError as error:  # requests' own errors are among these
        raise ConnectomeError(f"{entry.url}: cannot be fetched ({error}); {by_hand}") from None
    return Path(found)
