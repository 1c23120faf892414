"""Sorting edges by their cells in linear time: the two passes of a counting sort."""

import numpy as np


cdef bint ascends(
    const int* keys,    # IN
    Py_ssize_t n,
) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(1, n):
        if keys[k] < keys[k - 1]:
            return False
    return True


cdef void counting_sort(
    const int* keys,    # IN
    Py_ssize_t n,
    Py_ssize_t n_keys,
    const int* before,  # IN
    int* first,         # OUT: scratch
    int* after,         # OUT
) noexcept nogil:
    """Sort the items of `before` (NULL: 0 to n - 1) by key into `after`, equal keys in their order.

    first is scratch, n_keys + 1 long.
    """
    cdef Py_ssize_t k, key
    cdef int item
    for key in range(n_keys + 1):
        first[key] = 0
    for k in range(n):
        first[keys[k] + 1] += 1
    for key in range(n_keys):
        first[key + 1] += first[key]
    for k in range(n):
        item = <int> k if before == NULL else before[k]
        after[first[keys[item]]] = item
        first[keys[item]] += 1


cdef const int* integers(array) except? NULL:
    return <const int*> <size_t> array.ctypes.data


def _unsafe_lexical_order(
    major,                  # IN
    minor,                  # IN
    Py_ssize_t n_major,
    Py_ssize_t n_minor,
):
    cdef Py_ssize_t n = major.size
    major = np.ascontiguousarray(major, dtype=np.int32)
    minor = np.ascontiguousarray(minor, dtype=np.int32)
    order = np.empty(n, dtype=np.int32)
    scratch = np.empty(max(n_major, n_minor) + 1, dtype=np.int32)
    by_minor = np.empty(0, dtype=np.int32)
    cdef const int* majors = integers(major)
    cdef const int* minors = integers(minor)
    cdef const int* before = NULL
    cdef int* first = <int*> integers(scratch)
    cdef int* after
    cdef bint in_order
    with nogil:
        in_order = ascends(minors, n)
    if not in_order:
        by_minor = np.empty(n, dtype=np.int32)
        after = <int*> integers(by_minor)
        with nogil:
            counting_sort(minors, n, n_minor, NULL, first, after)
        before = after
    after = <int*> integers(order)
    with nogil:
        counting_sort(majors, n, n_major, before, first, after)
    return order
