"""The chain of conncore.nulls.rewiring: swaps and reversals, with all edges in a hash table.

Open addressing with linear probing, at most a quarter full; a removed edge leaves no gap in its
run. The steps of a chunk are known in advance, so their memory is prefetched some steps before.
"""

import numpy as np

from conncore._block cimport prefetch

cdef unsigned long long GOLDEN = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio (Knuth)

cdef enum:
    EDGES_AHEAD = 48    # steps before the edges of a step are prefetched,
    SLOTS_AHEAD = 24    # the slots that these edges have or would have,
    CLOSING_AHEAD = 12  # and the slot of the edge that closes a triangle

cdef struct Edge:
    int head
    int tail

cdef struct Graph:
    Edge* edges                 # by head, which no step changes
    unsigned long long* slots   # head * n_cells + tail + 1 of an edge; 0 is free
    const int* groups           # of the cells
    const int* starts           # [cell] and the end: where its edges begin
    unsigned long long n_cells, mask
    int shift


cdef inline unsigned long long key_of(const Graph* graph, int head, int tail) noexcept nogil:
    return head * graph.n_cells + tail + 1


cdef inline unsigned long long home(const Graph* graph, unsigned long long key) noexcept nogil:
    return (key * GOLDEN) >> graph.shift


cdef inline unsigned long long find(const Graph* graph, int head, int tail) noexcept nogil:
    """Where an edge is, or the free slot where it would go."""
    cdef unsigned long long key = key_of(graph, head, tail), i = home(graph, key)
    while graph.slots[i] != 0 and graph.slots[i] != key:
        i = (i + 1) & graph.mask
    return i


cdef inline bint has(const Graph* graph, int head, int tail) noexcept nogil:
    return graph.slots[find(graph, head, tail)] != 0


cdef inline void add(Graph* graph, Py_ssize_t e, int tail) noexcept nogil:
    """Give edge e, which is not in the table, this target."""
    cdef int head = graph.edges[e].head
    graph.edges[e].tail = tail
    graph.slots[find(graph, head, tail)] = key_of(graph, head, tail)


cdef inline void remove(Graph* graph, Py_ssize_t e) noexcept nogil:
    """Free its slot, then move up those behind it that a search would no longer reach."""
    cdef unsigned long long gap = find(graph, graph.edges[e].head, graph.edges[e].tail)
    cdef unsigned long long i = gap, key
    while True:
        i = (i + 1) & graph.mask
        key = graph.slots[i]
        if key == 0:
            break
        if ((i - home(graph, key)) & graph.mask) >= ((i - gap) & graph.mask):
            graph.slots[gap] = key
            gap = i
    graph.slots[gap] = 0


cdef inline void swap(Graph* graph, Py_ssize_t e, Py_ssize_t f) noexcept nogil:
    cdef int a = graph.edges[e].head, b = graph.edges[e].tail
    cdef int c = graph.edges[f].head, d = graph.edges[f].tail
    if a == d or c == b or has(graph, a, d) or has(graph, c, b):
        return
    remove(graph, e)
    remove(graph, f)
    add(graph, e, d)
    add(graph, f, b)


cdef inline Py_ssize_t follower(const Graph* graph, Py_ssize_t e, double which) noexcept nogil:
    """An edge from the target of edge e; -1 if there is none."""
    cdef int b = graph.edges[e].tail
    cdef int start = graph.starts[b], end = graph.starts[b + 1]
    if start == end:
        return -1
    return start + <Py_ssize_t> (which * (end - start))


cdef inline void reverse(Graph* graph, Py_ssize_t e, double which) noexcept nogil:
    cdef Py_ssize_t f = follower(graph, e, which), g
    if f < 0:
        return
    cdef int a = graph.edges[e].head, b = graph.edges[e].tail, c = graph.edges[f].tail
    if c == a or not has(graph, c, a):
        return
    if not (graph.groups[a] == graph.groups[b] and graph.groups[b] == graph.groups[c]):
        return
    if has(graph, a, c) or has(graph, b, a) or has(graph, c, b):
        return
    g = graph.starts[c]
    while graph.edges[g].tail != a:
        g += 1
    remove(graph, e)
    remove(graph, f)
    remove(graph, g)
    add(graph, e, c)
    add(graph, f, a)
    add(graph, g, b)


cdef inline void prefetch_slot(const Graph* graph, int head, int tail) noexcept nogil:
    prefetch(graph.slots + home(graph, key_of(graph, head, tail)))


cdef void walk(
    Graph* graph,
    Py_ssize_t n,
    const long long* first,     # IN
    const long long* second,    # IN
    const double* kinds,        # IN
    double reversals,
) noexcept nogil:
    """Earlier steps may still change what is prefetched: then a step waits for its memory."""
    cdef Py_ssize_t k, ahead, f
    cdef Edge one, other
    for k in range(-EDGES_AHEAD, n):
        ahead = k + EDGES_AHEAD
        if ahead < n:
            prefetch(graph.edges + first[ahead])
            prefetch(graph.edges + second[ahead])
        ahead = k + SLOTS_AHEAD
        if 0 <= ahead < n:
            one, other = graph.edges[first[ahead]], graph.edges[second[ahead]]
            if kinds[ahead] >= reversals:
                prefetch_slot(graph, one.head, one.tail)
                prefetch_slot(graph, other.head, other.tail)
                prefetch_slot(graph, one.head, other.tail)
                prefetch_slot(graph, other.head, one.tail)
            else:
                f = follower(graph, first[ahead], kinds[ahead] / reversals)
                if f >= 0:
                    prefetch(graph.edges + f)
        ahead = k + CLOSING_AHEAD
        if 0 <= ahead < n and kinds[ahead] < reversals:
            f = follower(graph, first[ahead], kinds[ahead] / reversals)
            if f >= 0:
                prefetch_slot(graph, graph.edges[f].tail, graph.edges[first[ahead]].head)
        if k < 0:
            continue
        if kinds[k] >= reversals:
            swap(graph, first[k], second[k])
        else:
            reverse(graph, first[k], kinds[k] / reversals)


cdef class Chain:
    """See _rewiring.pyi."""

    cdef Graph graph
    cdef object _edges
    cdef tuple _arrays

    def __init__(self, heads, tails, groups, starts):
        cdef Graph* graph = &self.graph
        cdef Py_ssize_t e, n_edges = heads.size
        edges = np.empty((n_edges, 2), np.int32)
        edges[:, 0], edges[:, 1] = heads, tails
        bits = max(2, (4 * n_edges).bit_length())
        slots = np.zeros(1 << bits, np.uint64)
        groups = np.ascontiguousarray(groups, np.int32)
        starts = np.ascontiguousarray(starts, np.int32)
        self._edges, self._arrays = edges, (slots, groups, starts)  # they keep the memory
        graph.edges = <Edge*> <size_t> edges.ctypes.data
        graph.slots = <unsigned long long*> <size_t> slots.ctypes.data
        graph.groups = <const int*> <size_t> groups.ctypes.data
        graph.starts = <const int*> <size_t> starts.ctypes.data
        graph.n_cells = groups.size
        graph.mask = (1 << bits) - 1
        graph.shift = 64 - bits
        with nogil:
            for e in range(n_edges):
                add(graph, e, graph.edges[e].tail)

    @property
    def tails(self):
        return self._edges[:, 1].astype(np.int64)

    def walk(self, first, second, kinds, double reversals):
        cdef Py_ssize_t n = first.size
        first = np.ascontiguousarray(first, np.int64)
        second = np.ascontiguousarray(second, np.int64)
        kinds = np.ascontiguousarray(kinds, np.float64)
        cdef const long long* firsts = <const long long*> <size_t> first.ctypes.data
        cdef const long long* seconds = <const long long*> <size_t> second.ctypes.data
        cdef const double* which = <const double*> <size_t> kinds.ctypes.data
        with nogil:
            walk(&self.graph, n, firsts, seconds, which, reversals)
