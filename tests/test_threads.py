"""The one limit on the threads of BLAS, which several threads may need at the same time."""

from __future__ import annotations

from contextlib import ExitStack

import numpy  # noqa: F401  # loads the BLAS whose threads are counted
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from conncore.threads import one_blas_thread


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_the_last_user_lifts_the_limit():
    with threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip("this BLAS cannot set its threads")
        first, second = ExitStack(), ExitStack()
        first.enter_context(one_blas_thread())
        second.enter_context(one_blas_thread())
        assert blas_threads() == {1}
        first.close()
        assert blas_threads() == {1}
        second.close()
        assert blas_threads() == {2}
        with pytest.raises(KeyError), one_blas_thread():
            raise KeyError
        assert blas_threads() == {2}
