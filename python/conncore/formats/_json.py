"""Reads JSON within limits, and turns lists of records into tables."""

from __future__ import annotations

import json
import math
from typing import Any

from conncore.errors import ConnectomeError
from conncore.formats._files import Source
from conncore.formats._tables import Table, table_of_columns
from conncore.formats._unpack import UNPACK, brief


def parse_json(source: Source) -> Any:
    """The value in a JSON file.

    Raises
    ------
    ConnectomeError
        If it is not JSON, or unpacks to too much.
    """
    if len(source.content) > (16 << 20) + 8 * source.size:  # objects take more memory than text
        raise source.error(f"unpacks to more JSON than a file of its size may; {UNPACK}")
    try:
        return json.loads(source.text())
    except ConnectomeError:
        raise
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise source.error(f"{where}: this is not JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:  # endless numbers or nesting
        raise source.error(f"this JSON cannot be read ({brief(error)})") from None


def load_json(source: Source, keys: tuple[str, ...], optional: tuple[str, ...] = ()) -> list[Any]:
    """The values of these keys in a JSON file; None for a missing optional key."""
    content = parse_json(source)
    if not isinstance(content, dict):
        raise source.error("holds no JSON object")
    for key in keys:
        if key not in content:
            raise source.error(f"there is no key {key!r}")
    return [content.get(key) for key in (*keys, *optional)]


def records_table(source: Source, decimal: str = ".") -> Table:
    """The table in a JSON file that is a list of records, one object per row.

    A value that is a list of numbers, ``"syn": [2, 3]``, gives the columns "sum(syn)" and
    "len(syn)". A key that a record lacks has no value.
    """
    content = parse_json(source)
    if not isinstance(content, list) or not all(isinstance(record, dict) for record in content):
        raise source.error("is not a list of records; a table of edges has one object per edge")
    source.check_rows(len(content))
    titles = list(dict.fromkeys(key.strip() for record in content for key in record))
    if len(titles) * len(content) > 100 * source.most_rows:
        raise source.error(f"{len(titles)} keys are too many")
    if not titles:
        raise source.error("holds no record")
    records = [{key.strip(): value for key, value in record.items()} for record in content]
    columns: dict[str, list[str]] = {}
    for title in titles:
        values = [record.get(title) for record in records]
        if any(values) and all(value is None or _holds_numbers(value) for value in values):
            for form, function in (("sum", sum), ("len", len)):
                words = ["" if value is None else repr(function(value)) for value in values]
                columns[f"{form}({title})"] = words
        else:
            columns[title] = [_word(value) for value in values]
    return table_of_columns(
        source, columns, len(content), row_word="record", column_word="key", decimal=decimal
    )


def _holds_numbers(value: Any) -> bool:
    """Whether a value is a list of finite numbers."""
    return isinstance(value, list) and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in value
    )


def _word(value: Any) -> str:
    if value is None or value != value:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
