"""Tables of signs: a rule by transmitter, or the signs of single edges.

A sign is 1 or exc, -1 or inh, or 0 or nothing for unknown, as in edge tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from conncore.connectome.signs import TRANSMITTER_SIGNS
from conncore.errors import choose
from conncore.formats._edge_columns import signs_of
from conncore.formats._files import open_source
from conncore.formats._open_table import open_table


def read_sign_rule(path: str | PathLike[str]) -> dict[str, int]:
    """Read the sign of each transmitter from a table with the columns `transmitter` and `sign`.

    Parameters
    ----------
    path : path
        A .csv, .tsv, .txt, Parquet or Feather file.

    Returns
    -------
    dict of str to int
        From transmitter to sign, as `Connectome.sign_by_transmitter` takes it.

    Raises
    ------
    ConnectomeError
        With file and line, if the table cannot be understood or lists a transmitter twice.
    """
    table = open_table(open_source(path), ("transmitter", "sign"))
    title = table.need("transmitter")
    signs = signs_of(table, table.need("sign")).tolist()
    rule: dict[str, int] = {}
    for row, word in enumerate(table.words(title).tolist()):
        if word in rule:
            raise table.error(row, title, f"{word!r} has a sign already")
        rule[word] = signs[row]
    return rule


def open_sign_rule(name_or_file: str) -> tuple[str, Mapping[str, int]]:
    """Find a rule by its name, or read it from a file.

    Parameters
    ----------
    name_or_file : str
        A key of `TRANSMITTER_SIGNS` ("worm", "fly"), or a file that `read_sign_rule` reads.

    Returns
    -------
    name : str
        The name of the rule in `sign_source`: the key, or the file name.
    signs : mapping of str to int
        From transmitter to sign.

    Raises
    ------
    UsageError
        If it is neither a key nor a file name with an end such as ".csv".
    ConnectomeError
        If the file cannot be understood.
    """
    path = Path(name_or_file)
    if name_or_file not in TRANSMITTER_SIGNS and path.suffix:
        return path.name, read_sign_rule(path)
    return name_or_file, TRANSMITTER_SIGNS[
        choose("transmitter rule", name_or_file, TRANSMITTER_SIGNS)
    ]


def read_edge_signs(path: str | PathLike[str]) -> dict[tuple[str, str], int]:
    """Read the signs of single edges from a table with the columns `pre`, `post` and `sign`.

    Parameters
    ----------
    path : path
        A .csv, .tsv, .txt, Parquet or Feather file; `pre` and `post` are cell names.

    Returns
    -------
    dict of (str, str) to int
        From (pre, post) to sign, as `Connectome.sign_edges` takes it.

    Raises
    ------
    ConnectomeError
        With file and line, if the table cannot be understood or lists an edge twice.
    """
    table = open_table(open_source(path), ("pre", "post", "sign"))
    ends = [table.names(table.need(title)).tolist() for title in ("pre", "post")]
    values = signs_of(table, table.need("sign")).tolist()
    signs: dict[tuple[str, str], int] = {}
    for row, (pre, post) in enumerate(zip(*ends, strict=True)):
        if (pre, post) in signs:
            raise table.error(row, "pre", f"edge {pre!r} -> {post!r} has a sign already")
        signs[pre, post] = values[row]
    return signs
