"""Random numbers of conncore.noise: a row per member, on several threads."""

import numpy as np

from libc.stdint cimport uint64_t

from conncore._parallel cimport for_each_block

cdef extern from "_philox.h":
    ctypedef struct cc_philox:
        pass
    ctypedef struct bitgen_t:
        pass
    bitgen_t cc_bit_generator(
        cc_philox* self, uint64_t seed, uint64_t stream, uint64_t member, uint64_t generation
    ) noexcept nogil
    void random_standard_normal_fill(bitgen_t* bits, Py_ssize_t n, double* out) noexcept nogil
    void random_standard_uniform_fill(bitgen_t* bits, Py_ssize_t n, double* out) noexcept nogil

cdef enum:
    N_BLOCK = 16384  # numbers of a block: about 0.2 ms, enough to pay for a thread
    N_PIECE = 1024  # numbers of a row at a time; they stay in the first cache


cdef struct Rows:
    uint64_t seed, stream, generation
    const uint64_t* members
    double* out
    Py_ssize_t n_rows, n_columns, n_rows_of_block
    bint is_normal
    # For children: out = parent + sigma * number, clipped to the bounds.
    const double* parents  # NULL: out is the numbers themselves
    const Py_ssize_t* chosen
    const double* sigma
    const double* lower
    const double* upper


cdef void fill_row(
    const Rows* rows,   # IN/OUT: its row of out
    Py_ssize_t row,
) noexcept nogil:
    cdef cc_philox philox
    cdef bitgen_t bits = cc_bit_generator(
        &philox, rows.seed, rows.stream, rows.members[row], rows.generation
    )
    cdef double* out = rows.out + row * rows.n_columns
    cdef const double* parent
    cdef double value
    cdef Py_ssize_t piece, first, last, column
    for piece in range((rows.n_columns - 1) // N_PIECE + 1):
        first = piece * N_PIECE
        last = min(first + N_PIECE, rows.n_columns)
        if rows.is_normal:
            random_standard_normal_fill(&bits, last - first, out + first)
        else:
            random_standard_uniform_fill(&bits, last - first, out + first)
        if rows.parents == NULL:
            continue
        parent = rows.parents + rows.chosen[row] * rows.n_columns
        for column in range(first, last):
            value = out[column] * rows.sigma[column] + parent[column]
            value = rows.lower[column] if value < rows.lower[column] else value
            out[column] = rows.upper[column] if value > rows.upper[column] else value


cdef void fill_block(void* args, Py_ssize_t block) noexcept nogil:
    cdef const Rows* rows = <const Rows*> args
    cdef Py_ssize_t row, first = block * rows.n_rows_of_block
    for row in range(first, min(first + rows.n_rows_of_block, rows.n_rows)):
        fill_row(rows, row)


cdef int fill(
    Rows* rows,     # IN/OUT
    out,            # OUT
    members,        # IN
    place,          # IN
    int n_threads,
) except -1:
    cdef double[:, ::1] filled = out
    cdef const uint64_t[::1] numbers = np.asarray(members, dtype=np.uint64)
    if numbers.shape[0] != filled.shape[0]:
        raise ValueError(f"{numbers.shape[0]} members for {filled.shape[0]} rows")
    if filled.shape[0] == 0 or filled.shape[1] == 0:
        return 0
    rows.seed, rows.stream, rows.generation = place
    rows.members = &numbers[0]
    rows.out = &filled[0, 0]
    rows.n_rows = filled.shape[0]
    rows.n_columns = filled.shape[1]
    rows.n_rows_of_block = max(1, N_BLOCK // rows.n_columns)
    cdef Py_ssize_t n_blocks = (rows.n_rows - 1) // rows.n_rows_of_block + 1
    for_each_block(fill_block, rows, n_blocks, n_threads)
    return 0


def fill_normal(
    out,            # OUT
    members,        # IN
    place,          # IN
    int n_threads,
):
    cdef Rows rows
    rows.parents = NULL
    rows.is_normal = True
    fill(&rows, out, members, place, n_threads)


def fill_uniform(
    out,        # OUT
    members,    # IN
    place,      # IN
):
    cdef Rows rows
    rows.parents = NULL
    rows.is_normal = False
    fill(&rows, out, members, place, 1)


def fill_children(
    out,                            # OUT
    members,                        # IN
    place,                          # IN
    const double[:, ::1] parents,   # IN
    const Py_ssize_t[::1] chosen,   # IN
    const double[::1] sigma,        # IN
    const double[::1] lower,        # IN
    const double[::1] upper,        # IN
    int n_threads,
):
    cdef Py_ssize_t row, n = out.shape[1]
    if not (parents.shape[1] == sigma.shape[0] == lower.shape[0] == upper.shape[0] == n):
        raise ValueError(f"parents, sigma and bounds need {n} parameters, as out")
    if chosen.shape[0] != out.shape[0]:
        raise ValueError(f"{chosen.shape[0]} chosen parents for {out.shape[0]} children")
    for row in range(chosen.shape[0]):
        if not 0 <= chosen[row] < parents.shape[0]:
            raise ValueError(f"parent {chosen[row]} of {parents.shape[0]}")
    cdef Rows rows
    if n == 0 or out.shape[0] == 0:
        return
    rows.is_normal = True
    rows.parents = &parents[0, 0]
    rows.chosen = &chosen[0]
    rows.sigma = &sigma[0]
    rows.lower = &lower[0]
    rows.upper = &upper[0]
    fill(&rows, out, members, place, n_threads)
