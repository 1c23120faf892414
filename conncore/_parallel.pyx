# cython: embedsignature=True
"""The one place with threads: run a function over blocks of members."""

import os
from threading import main_thread

from cython.parallel cimport parallel

from conncore._block cimport block_fn

from conncore.errors import ConncoreError, UsageError

cdef extern from *:
    """
    #ifdef _OPENMP
    #define CC_OPENMP 1
    #include <sched.h>
    #include <unistd.h>
    #else
    #define CC_OPENMP 0
    #define sched_yield()
    #define usleep(us) ((void)(us))
    #endif
    #include <time.h>
    static long long cc_now(void)
    {
        struct timespec t;
    #ifdef CLOCK_MONOTONIC_COARSE
        clock_gettime(CLOCK_MONOTONIC_COARSE, &t); /* steps of some ms, but fast */
    #else
        timespec_get(&t, TIME_UTC);
    #endif
        return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
    }
    #define cc_load(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
    #define cc_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
    #define cc_add(p, v) __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL)
    #define cc_exchange(p, v) __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL)
    """
    bint CC_OPENMP
    long long cc_now() nogil
    int cc_load(int* value) nogil
    Py_ssize_t cc_load_size "cc_load"(Py_ssize_t* value) nogil
    void cc_store(int* value, int new) nogil
    Py_ssize_t cc_add(Py_ssize_t* value, Py_ssize_t more) nogil
    int cc_exchange(int* value, int new) nogil
    void sched_yield() nogil
    void usleep(int microseconds) nogil

cdef extern from "Python.h":
    int PyErr_CheckSignals()  # leaves the exception set, for `watch_blocks` to return with
    unsigned long PyThread_get_thread_ident() nogil

cdef enum:
    LOOK = 20_000_000  # ns between two looks for a signal
    YIELDS = 1000      # waits of the owner that are short; later ones take WAIT
    WAIT = 500         # microseconds

cdef bint threads_started = False
cdef bint lost_threads = False
cdef unsigned long main_ident = main_thread().ident


def has_openmp():
    """Whether this build runs blocks on several threads."""
    return bool(CC_OPENMP)


def _after_fork():
    """A forked child has lost libgomp's threads and would wait for them forever."""
    global lost_threads, main_ident
    lost_threads = threads_started
    main_ident = main_thread().ident


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


cdef Watch watch_here():
    """A watch whose owner is this thread. Only Python's main thread runs signal handlers."""
    cdef Watch watch
    cdef unsigned long here = PyThread_get_thread_ident()
    watch.owner = here if here == main_ident else 0
    watch.looked = cc_now()
    watch.stopped = 0
    watch.next = watch.n_done = 0
    return watch


cdef bint stopped(void* pointer) noexcept nogil:
    """Whether work shall end now, because the handler of a signal raised. It is cheap."""
    cdef Watch* watch = <Watch*> pointer
    cdef long long now
    if cc_load(&watch.stopped):
        return True
    if watch.owner == 0 or PyThread_get_thread_ident() != watch.owner:
        return False
    now = cc_now()
    if 0 <= now - watch.looked < LOOK:  # a clock that was set back looks at once
        return False
    watch.looked = now
    with gil:
        if PyErr_CheckSignals():
            cc_store(&watch.stopped, 1)
    return cc_load(&watch.stopped)


cdef void take_blocks(
    block_fn work, void* args, Py_ssize_t n_blocks, Watch* watch
) noexcept nogil:
    """Take blocks until none are left. The owner then waits for the others, and looks."""
    cdef Py_ssize_t block, n_waits = 0
    while not stopped(watch):
        block = cc_add(&watch.next, 1)
        if block >= n_blocks:
            break
        work(args, block)
        cc_add(&watch.n_done, 1)
    if PyThread_get_thread_ident() == watch.owner:
        while cc_load_size(&watch.n_done) < n_blocks and not stopped(watch):
            n_waits += 1
            if n_waits < YIELDS:
                sched_yield()
            else:
                usleep(WAIT)


cdef int for_each_block(
    block_fn work, void* args, Py_ssize_t n_blocks, int n_threads
) except -1:
    """Call work(args, block) for every block, on up to n_threads threads.

    Raises ConncoreError in a forked child of a process that has used threads, and what the handler
    of a signal raises, such as KeyboardInterrupt. Blocks may then be undone.
    """
    cdef Watch watch = watch_here()
    return watch_blocks(work, args, n_blocks, n_threads, &watch)


cdef int watch_blocks(
    block_fn work, void* args, Py_ssize_t n_blocks, int n_threads, Watch* watch
) except -1:
    """`for_each_block` with a watch that the work may ask, by `stopped`, whether to end."""
    global threads_started
    if n_threads <= 1 or n_blocks <= 1 or not CC_OPENMP:
        with nogil:
            take_blocks(work, args, n_blocks, watch)
        return -1 if watch.stopped else 0
    if lost_threads:
        raise ConncoreError(
            "this process was forked after threads had been used, and OpenMP's threads are gone "
            "in it: start workers with multiprocessing.get_context('spawn') or 'forkserver', "
            "or pass n_threads=1"
        )
    threads_started = True
    if n_threads > n_blocks:  # libgomp would start all, and crash if it cannot
        n_threads = <int> n_blocks
    with nogil, parallel(num_threads=n_threads):
        take_blocks(work, args, n_blocks, watch)
    return -1 if watch.stopped else 0


cdef int take(int* busy) except -1:
    """Set `busy`, which the caller clears, or refuse a second thread."""
    if cc_exchange(busy, 1):
        raise UsageError(
            "these networks are in use by another thread; give each thread its own, from "
            "network.policy()"
        )
    return 0
