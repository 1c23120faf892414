"""One network answers many inputs at once: products with its sparse maps, and tanh, in float32.

A sum adds its terms in the order of the map, for any number of columns and any instruction set.
"""

cdef extern from "_products.h" nogil:
    enum:
        FLOATS "CC_FLOATS"
        SUMS "CC_SUMS"
    void add_rows "cc_add_rows"(
        int rows,
        Py_ssize_t n,
        const int* senders,         # IN
        const float* values,        # IN
        Py_ssize_t width,
        Py_ssize_t n_columns,
        const float* source,        # IN
        const float* start,         # IN
        float* target,              # OUT
    )
    void tanh_row "cc_tanh_row"(
        Py_ssize_t n,
        float start,
        const float* sums,          # IN
        float* out,                 # OUT
    )
    void drive_cells "cc_drive"(
        Py_ssize_t n_rows,
        Py_ssize_t n,
        const int* places,          # IN
        const float* values,        # IN
        Py_ssize_t stride,
        const float* weights,       # IN
        const float* start,         # IN
        float* out,                 # OUT
    )


cdef enum:
    TILE = 64  # columns of the source, which stay in the first cache while all rows read them


def _unsafe_add_products(
    const int[::1] indptr,              # IN
    const int[::1] indices,             # IN
    const unsigned char[::1] alike,     # IN
    const float[::1] values,            # IN
    const float[:, ::1] source,         # IN
    const float[:, ::1] start,          # IN
    float[:, ::1] target,               # OUT
):
    """target[r] = start[r] + the sum of values[k] source[indices[k]], k from indptr[r] to
    indptr[r + 1].

    alike[r] tells whether row r has the same indices as row r - 1. start may be target. Checks
    nothing; releases the GIL.
    """
    cdef Py_ssize_t n_rows = target.shape[0], width = target.shape[1], c = 0, some, r, n
    cdef const int* senders = NULL
    cdef const float* value = NULL
    if n_rows == 0 or width == 0:
        return
    with nogil:
        while c < width:
            some = min(TILE, width - c)
            r = 0
            while r < n_rows:
                n = indptr[r + 1] - indptr[r]
                if n:
                    senders, value = &indices[indptr[r]], &values[indptr[r]]
                if r + 4 <= n_rows and alike[r + 1] and alike[r + 2] and alike[r + 3]:
                    add_rows(4, n, senders, value, width, some, &source[0, c], &start[r, c],
                             &target[r, c])
                    r += 4
                else:
                    add_rows(1, n, senders, value, width, some, &source[0, c], &start[r, c],
                             &target[r, c])
                    r += 1
            c += TILE


def _unsafe_add_rows(
    const float[::1] values,    # IN
    const float[:, ::1] rows,   # IN
    float[::1] target,          # IN/OUT
):
    """target += the sum of values[k] rows[k], in that order. Checks nothing."""
    cdef Py_ssize_t k, h
    for k in range(values.shape[0]):
        for h in range(target.shape[0]):
            target[h] += values[k] * rows[k, h]


def _unsafe_tanh(
    const float[:, ::1] sums,   # IN
    const float[::1] start,     # IN
    const int[::1] cells,       # IN
    float[:, ::1] drive,        # OUT
):
    """drive[cells[h]] = tanh(start[h] + sums[h]). Checks nothing; releases the GIL."""
    cdef Py_ssize_t h
    if drive.shape[1] == 0:
        return
    with nogil:
        for h in range(cells.shape[0]):
            tanh_row(drive.shape[1], start[h], &sums[h, 0], &drive[cells[h], 0])


def _unsafe_drive(
    const int[::1] indptr,          # IN
    const int[::1] places,          # IN
    const float[::1] values,        # IN
    const float[:, ::1] weights,    # IN
    const float[::1] start,         # IN
    const int[::1] cells,           # IN
    float[:, ::1] drive,            # OUT
):
    """drive[cells[h], c] = tanh(start[h] + the sum of values[k] weights[places[k], h]), k from
    indptr[c] to indptr[c + 1].

    weights has a multiple of 16 columns, and start as many. Checks nothing; releases the GIL.
    """
    cdef Py_ssize_t n_rows = cells.shape[0], width = drive.shape[1], c, h, first, some, n
    cdef const int* where = NULL
    cdef const float* value = NULL
    cdef float sums[SUMS * FLOATS]
    with nogil:
        for c in range(width):
            n = indptr[c + 1] - indptr[c]
            if n:
                where, value = &places[indptr[c]], &values[indptr[c]]
            first = 0
            while first < n_rows:
                some = min(SUMS * FLOATS, n_rows - first)
                drive_cells(some, n, where, value, weights.shape[1], &weights[0, first],
                            &start[first], sums)
                for h in range(some):
                    drive[cells[first + h], c] = sums[h]
                first += some
