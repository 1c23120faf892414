"""The chain of conncore.nulls.rewiring: swaps and reversals, with all edges in a hash table.

Open addressing with linear probing, at most half full; a removed edge leaves no gap in its run.
"""

import numpy as np

cdef unsigned long long GOLDEN = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio (Knuth)


cdef class Chain:
    """See _rewiring.pyi."""

    cdef const long long[::1] heads, groups, starts
    cdef long long[::1] tails_
    cdef unsigned long long[::1] keys  # of an edge: head * n_cells + tail + 1; 0 is free
    cdef int[::1] places  # number of the edge in that slot
    cdef unsigned long long n_cells, mask
    cdef int shift

    def __init__(self, heads, tails, groups, starts):
        cdef Py_ssize_t e
        self.heads = np.ascontiguousarray(heads, np.int64)
        self.tails_ = np.array(tails, np.int64)
        self.groups = np.ascontiguousarray(groups, np.int64)
        self.starts = np.ascontiguousarray(starts, np.int64)
        self.n_cells = self.groups.shape[0]
        bits = max(1, (2 * self.heads.shape[0]).bit_length())
        self.mask = (1 << bits) - 1
        self.shift = 64 - bits
        self.keys = np.zeros(1 << bits, np.uint64)
        self.places = np.empty(1 << bits, np.int32)
        with nogil:
            for e in range(self.heads.shape[0]):
                self.add(self.heads[e], self.tails_[e], e)

    @property
    def tails(self):
        return np.array(self.tails_)

    cdef inline unsigned long long home(self, unsigned long long key) noexcept nogil:
        return (key * GOLDEN) >> self.shift

    cdef inline Py_ssize_t slot(self, long long head, long long tail) noexcept nogil:
        """Where an edge is, or the free slot where it would go."""
        cdef unsigned long long key = head * self.n_cells + tail + 1
        cdef unsigned long long i = self.home(key)
        while self.keys[i] != 0 and self.keys[i] != key:
            i = (i + 1) & self.mask
        return i

    cdef inline bint has(self, long long head, long long tail) noexcept nogil:
        return self.keys[self.slot(head, tail)] != 0

    cdef inline void add(self, long long head, long long tail, Py_ssize_t e) noexcept nogil:
        cdef Py_ssize_t i = self.slot(head, tail)
        self.keys[i] = head * self.n_cells + tail + 1
        self.places[i] = <int> e

    cdef void remove(self, long long head, long long tail) noexcept nogil:
        """Free its slot, then move up those behind it that a search would no longer reach."""
        cdef unsigned long long gap = self.slot(head, tail), i = gap
        while True:
            i = (i + 1) & self.mask
            if self.keys[i] == 0:
                break
            if ((i - self.home(self.keys[i])) & self.mask) >= ((i - gap) & self.mask):
                self.keys[gap] = self.keys[i]
                self.places[gap] = self.places[i]
                gap = i
        self.keys[gap] = 0

    cdef void swap(self, Py_ssize_t e, Py_ssize_t f) noexcept nogil:
        cdef long long a = self.heads[e], b = self.tails_[e], c = self.heads[f], d = self.tails_[f]
        if a == d or c == b or self.has(a, d) or self.has(c, b):
            return
        self.remove(a, b)
        self.remove(c, d)
        self.add(a, d, e)
        self.add(c, b, f)
        self.tails_[e] = d
        self.tails_[f] = b

    cdef void reverse(self, Py_ssize_t e, double which) noexcept nogil:
        cdef long long a = self.heads[e], b = self.tails_[e], c
        cdef Py_ssize_t f, g
        if self.starts[b] == self.starts[b + 1]:
            return
        f = self.starts[b] + <Py_ssize_t> (which * (self.starts[b + 1] - self.starts[b]))
        c = self.tails_[f]
        g = self.slot(c, a)
        if self.keys[g] == 0 or c == a:
            return
        if not (self.groups[a] == self.groups[b] and self.groups[b] == self.groups[c]):
            return
        g = self.places[g]
        if self.has(a, c) or self.has(b, a) or self.has(c, b):
            return
        self.remove(a, b)
        self.remove(b, c)
        self.remove(c, a)
        self.add(a, c, e)
        self.add(b, a, f)
        self.add(c, b, g)
        self.tails_[e] = c
        self.tails_[f] = a
        self.tails_[g] = b

    def walk(
        self,
        const long long[::1] first,     # IN
        const long long[::1] second,    # IN
        const double[::1] kinds,        # IN
        double reversals,
    ):
        cdef Py_ssize_t k
        with nogil:
            for k in range(first.shape[0]):
                if kinds[k] >= reversals:
                    self.swap(first[k], second[k])
                else:
                    self.reverse(first[k], kinds[k] / reversals)
