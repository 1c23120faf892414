"""Small tables of text, with the line of each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from conncore.errors import ConnectomeError


def read_table(path: Path, needed: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Line number and stripped fields, by column, of each row of a CSV that is not blank.

    Raises
    ------
    ConnectomeError
        With file and line, if the file cannot be read, lacks a column, names one twice or has
        ragged rows.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConnectomeError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectomeError(f"{path}: cannot be read ({error})") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, [field.strip() for field in row]) for row in reader]
    except csv.Error as error:
        message = f"{path}: line {reader.line_num} cannot be split into fields ({error})"
        raise ConnectomeError(message) from None
    rows = [(line, row) for line, row in rows if any(row)]
    header = rows[0][1] if rows else []
    if not set(needed) <= set(header) or len(set(header)) < len(header):
        raise ConnectomeError(
            f"{path}: the first line must name each column once, {', '.join(needed)} among them"
        )
    for line, row in rows:
        if len(row) != len(header):
            raise ConnectomeError(
                f"{path}: line {line} has {len(row)} fields, but there are {len(header)} columns"
            )
    return [(line, dict(zip(header, row, strict=True))) for line, row in rows[1:]]
