from conncore._block cimport block_fn

# Looks for Ctrl-C during work without Python. Start one with `watch_here` before each use.
cdef struct Watch:
    unsigned long owner     # the thread that looks, if it is Python's main thread; else 0
    long long looked        # when it last looked, in ns
    int stopped             # whether a signal handler raised
    Py_ssize_t next         # the first block that no thread has taken
    Py_ssize_t n_done       # blocks

cdef int for_each_block(block_fn work, void* args, Py_ssize_t n_blocks, int n_threads) except -1
cdef int watch_blocks(
    block_fn work, void* args, Py_ssize_t n_blocks, int n_threads, Watch* watch
) except -1
cdef Watch watch_here()
cdef bint stopped(void* watch) noexcept nogil
cdef int take(int* busy) except -1
