from conncore._block cimport block_fn
from conncore._episode cimport EpisodeArgs

cdef class Episodes:
    cdef EpisodeArgs args
    cdef readonly Py_ssize_t n_members
    cdef readonly Py_ssize_t n_blocks
    cdef readonly int n_threads
    cdef dict _arrays          # what args points into
    cdef object _kernels       # keeps the modules, whose functions args calls, alive
    cdef block_fn _step
    cdef block_fn _reset
    cdef block_fn _run
    cdef int make(self, body, motors, kernel, episode, Py_ssize_t n_members, int n_substeps,
                  int n_threads) except -1
