"""Sums along synapses for many columns at once, in float32: a sparse matrix times a dense one."""


cdef void add_row(
    Py_ssize_t n, float value, const float* source, float* target
) noexcept nogil:
    cdef Py_ssize_t c
    for c in range(n):
        target[c] += value * source[c]


def _unsafe_add_products(
    const int[::1] indptr, const int[::1] indices, const float[::1] values,
    const float[:, ::1] source, float[:, ::1] target
):
    """target[r] += the sum of values[k] source[indices[k]], k from indptr[r] to indptr[r + 1].

    In that order, whatever the number of columns. Checks nothing; other threads go on meanwhile.
    """
    cdef Py_ssize_t n_columns = source.shape[1], r, k
    if n_columns == 0:
        return
    with nogil:
        for r in range(target.shape[0]):
            for k in range(indptr[r], indptr[r + 1]):
                add_row(n_columns, values[k], &source[indices[k], 0], &target[r, 0])
