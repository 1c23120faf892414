"""What the readers of `_worker_program` share; like that program it does not import conncore."""

from __future__ import annotations

import contextlib
import math
import time
from typing import Any

Facts = tuple[dict[str, Any], list[Any]]


def limit(request: dict[str, Any]) -> None:
    """Limit the memory and time of this process, if the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        seconds = math.ceil(time.process_time() + request["seconds"])
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        with open("/proc/self/status") as status:
            used = next(int(line.split()[1]) for line in status if line.startswith("VmData"))
        most = used * 1024 + request["memory"]
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def entries(matrix: Any, request: dict[str, Any]) -> list[Any]:
    """Row, column and value of the entries of a matrix that are not 0."""
    import numpy as np

    if not isinstance(matrix, np.ndarray):  # sparse
        matrix = matrix.tocoo()
        row, column, value = matrix.row, matrix.col, matrix.data
    else:
        row, column = np.nonzero(matrix)
        value = matrix[row, column]
    if len(value) > request["most_rows"]:
        raise ValueError(f"it holds {len(value)} entries, too many for its size")
    return [row.astype(np.int32), column.astype(np.int32), value.astype(np.float64)]


def word(value: Any) -> str:
    """A name: text as it is, and a whole number without a decimal point."""
    return str(int(value)) if not isinstance(value, str) and value == value // 1 else str(value)
