from conncore._block cimport block_fn

cdef int for_each_block(block_fn work, void* args, Py_ssize_t n_blocks, int n_threads) except -1
