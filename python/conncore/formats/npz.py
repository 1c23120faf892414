"""Connectomes as .npz files: every field exact, no pickles. Run directories use them."""

from __future__ import annotations

import io
import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from conncore.connectome import Connectome
from conncore.connectome.body import BodyMap
from conncore.connectome.labels import Labels
from conncore.formats._arrays import load_arrays
from conncore.formats._files import open_file
from conncore.formats._unpack import TooLargeError, brief
from conncore.storage import write_atomically

VERSION = 2
ARRAYS = ("pre", "post", "weight", "sign", "gap_pre", "gap_post", "gap_weight")
TEXTS = ("name", "citation", "licence", "source")
WORDS = ("names", "classes", "transmitters")
BODY_WORDS = ("cell_class", "role", "side")


def save_npz(connectome: Connectome, path: str | PathLike[str]) -> None:
    """Write a connectome and replace an existing file. A failed write leaves no partial file.

    Parameters
    ----------
    connectome : Connectome
        The connectome.
    path : path
        The exact name of the file.
    """
    # Text goes into JSON, because NumPy's strings have a fixed width and lose NULs at the end.
    text: dict[str, object] = {"version": VERSION}
    text.update((field, getattr(connectome, field)) for field in TEXTS)
    text.update((field, list(getattr(connectome, field))) for field in WORDS)
    text["sign_sources"] = connectome.sign_source.words
    arrays = {field: getattr(connectome, field) for field in ARRAYS}
    arrays["sign_source"] = connectome.sign_source.codes
    if connectome.body is not None:
        text["body"] = {field: list(getattr(connectome.body, field)) for field in BODY_WORDS}
        arrays["segment"] = connectome.body.segment
    words: dict[str, tuple[str, ...] | None] = {}  # None: the attribute holds numbers
    for k, (key, column) in enumerate(connectome.attributes.items()):
        words[key] = column.words if isinstance(column, Labels) else None
        arrays[f"attribute_{k}"] = column.codes if isinstance(column, Labels) else column
    text["attributes"] = words
    arrays["text"] = np.frombuffer(json.dumps(text).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    if sum(array.nbytes for array in arrays.values()) > 32 * buffer.tell():
        buffer = io.BytesIO()  # so small that it would exceed the limit of archives
        np.savez(buffer, **arrays)
    write_atomically(Path(path), buffer.getvalue())


def load_npz(path: str | PathLike[str]) -> Connectome:
    """Read a connectome that `save_npz` wrote.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    Connectome

    Raises
    ------
    ConnectomeError
        If the file is missing, damaged, of another version or not a connectome.
    """
    file = open_file(path)
    _ = file.packed  # raises if the file is missing
    try:
        arrays = load_arrays(file)
        text = json.loads(bytes(arrays.pop("text")))
        version = text["version"]
    except TooLargeError:
        raise
    except Exception as error:  # json, and values of other types, raise many errors
        raise file.error(
            f"is not a connectome written by conncore, or is damaged ({brief(error)})"
        ) from None
    if version != VERSION:
        raise file.error(f"has format version {version}; this conncore reads version {VERSION}")
    try:
        body = None
        if "body" in text:
            body = BodyMap(
                **{field: text["body"][field] for field in BODY_WORDS},
                segment=arrays["segment"],
            )
        attributes: dict[str, Any] = {}
        for k, (key, words) in enumerate(text.get("attributes", {}).items()):
            values = arrays[f"attribute_{k}"]
            attributes[key] = values if words is None else Labels(values, words)
        return Connectome(
            **{field: text[field] for field in (*TEXTS, *WORDS)},
            **{field: arrays[field] for field in ARRAYS},  # type: ignore[arg-type]
            sign_source=Labels(arrays["sign_source"], text["sign_sources"]),
            body=body,
            attributes=attributes,
        )
    except KeyError as error:
        raise file.error(f"lacks the field {error}; write it again") from None
    except Exception as error:  # fields of a damaged file may hold anything
        raise file.error(str(error)) from None
