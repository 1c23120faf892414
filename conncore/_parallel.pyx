# cython: embedsignature=True
"""The one place with threads: run a function over blocks of members."""

import os

from cython.parallel cimport prange

from conncore._block cimport block_fn

from conncore.errors import ConncoreError

cdef extern from *:
    """
    #ifdef _OPENMP
    #define CC_OPENMP 1
    #else
    #define CC_OPENMP 0
    #endif
    """
    bint CC_OPENMP

cdef bint threads_started = False
cdef bint lost_threads = False


def has_openmp():
    """Whether this build runs blocks on several threads."""
    return bool(CC_OPENMP)


def _after_fork():
    """A forked child has lost libgomp's threads and would wait for them forever."""
    global lost_threads
    lost_threads = threads_started


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


cdef int for_each_block(
    block_fn work, void* args, Py_ssize_t n_blocks, int n_threads
) except -1:
    """Call work(args, block) for every block, on up to n_threads threads.

    Raises ConncoreError in a forked child of a process that has used threads.
    """
    global threads_started
    cdef Py_ssize_t block
    if n_threads <= 1 or n_blocks <= 1 or not CC_OPENMP:
        with nogil:
            for block in range(n_blocks):
                work(args, block)
        return 0
    if lost_threads:
        raise ConncoreError(
            "this process was forked after threads had been used, and OpenMP's threads are gone "
            "in it: start workers with multiprocessing.get_context('spawn') or 'forkserver', "
            "or pass n_threads=1"
        )
    threads_started = True
    if n_threads > n_blocks:  # libgomp would start all, and crash if it cannot
        n_threads = <int> n_blocks
    for block in prange(n_blocks, nogil=True, schedule="dynamic", num_threads=n_threads):
        work(args, block)
    return 0
