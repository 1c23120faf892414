"""The number of threads that a call uses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

from conncore.errors import need_count

_users = Lock()  # for the two variables below
_n_users = 0
_limit: Any = None

MAX_THREADS = 1024  # a larger number is a typing error


def resolve_threads(n_threads: int | None) -> int:
    """Return the number of threads to use.

    Parameters
    ----------
    n_threads : int or None
        From 1 to 1024, or None for every core that this process may run on.

    Raises
    ------
    UsageError
        If `n_threads` is neither None nor a whole number from 1 to 1024.
    """
    if n_threads is None:
        if hasattr(os, "sched_getaffinity"):  # containers and taskset allow fewer than all
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    return need_count("n_threads", n_threads, 1, MAX_THREADS)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep NumPy's matrix products on one thread: more threads may change the order of sums.

    The limit is one for the whole process. Threads that need it at the same time share it, and the
    last one lifts it.
    """
    global _limit, _n_users
    with _users:
        if _n_users == 0:
            _limit = _blas().limit(limits=1, user_api="blas")
        _n_users += 1
    try:
        yield
    finally:
        with _users:
            _n_users -= 1
            if _n_users == 0:
                _limit.restore_original_limits()


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries, which takes about 1 ms
