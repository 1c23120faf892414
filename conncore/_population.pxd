from conncore._block cimport block_fn
from conncore._network cimport NetworkArgs

cdef double* pointer(array) except? NULL

cdef class Population:
    cdef NetworkArgs args
    cdef readonly Py_ssize_t n_members
    cdef readonly Py_ssize_t n_blocks
    cdef readonly int n_threads
    cdef readonly object topology
    cdef dict _arrays          # what args points into
    cdef bint _streams         # whether a step of all blocks reads more weights than a cache holds
    cdef tuple _state_names
    cdef object _kernels       # keeps the modules, whose functions args calls, alive
    cdef int busy              # 1 while a thread uses the arrays
    cdef block_fn _act
    cdef block_fn _reset
