"""A data frame of pandas, polars or pyarrow as a table."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.formats._files import Source
from conncore.formats._tables import Table, table_of_columns, text_of

FRAME = Source("data frame", "frame", b"", 1 << 40)


def is_frame(value: Any) -> bool:
    """Whether a value is a data frame of pandas, polars or pyarrow."""
    return not isinstance(value, (str, PathLike)) and (
        hasattr(value, "column_names") or (hasattr(value, "columns") and hasattr(value, "shape"))
    )


def frame_table(frame: Any) -> Table:
    """The columns of a data frame: numbers as arrays, all else as text, without values as ""."""
    columns = {}
    titles = [str(title) for title in _titles(frame)]
    for title, values in zip(titles, _columns(frame), strict=True):
        columns[title] = values if values.dtype.kind in "iufb" else [*map(text_of, values.tolist())]
    if len(columns) < len(titles):
        twice = next(title for title in titles if titles.count(title) > 1)
        raise FRAME.error(f"there is the column {twice!r} twice")
    return table_of_columns(FRAME, columns, int(frame.shape[0]))


def frame_matrix(frame: Any) -> tuple[list[str], list[str], NDArray[np.float64]] | None:
    """Names of rows and columns, and values, if the frame is a square of numbers; else None."""
    columns = _columns(frame)
    n_rows, n_columns = frame.shape
    if n_rows != n_columns or not all(values.dtype.kind in "iufb" for values in columns):
        return None
    titles = [str(title) for title in _titles(frame)]
    index = getattr(frame, "index", None)
    if index is None or type(index).__name__ == "RangeIndex":
        rows = titles
    else:
        rows = [str(name) for name in index]
    return rows, titles, np.column_stack(columns).astype(np.float64)


def _titles(frame: Any) -> list[Any]:
    return list(getattr(frame, "column_names", None) or frame.columns)


def _columns(frame: Any) -> list[NDArray[Any]]:
    if hasattr(frame, "column_names"):  # pyarrow; its to_numpy turns integers with gaps into floats
        return [np.asarray(_plain(column.to_pylist())) for column in frame.columns]
    places = range(frame.shape[1])
    if hasattr(frame, "iloc"):
        return [frame.iloc[:, k].to_numpy() for k in places]
    return [np.asarray(_plain(frame[:, k].to_list())) for k in places]


def _plain(values: list[Any]) -> Any:
    """A list as NumPy takes it; a list with gaps stays a list of Python's objects."""
    if None in values and not all(isinstance(v, float) or v is None for v in values):
        return np.array(values, np.object_)
    return [np.nan if v is None else v for v in values]
