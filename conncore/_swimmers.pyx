"""Swimming bodies in lanes: what the kernel needs of a planar chain of links."""

from libc.string cimport memset

import numpy as np

from conncore._bodies cimport Chain, Link
from conncore._episodes cimport Episodes
from conncore._population cimport pointer

cdef Link blank
memset(&blank, 0, sizeof(Link))
LINK_FIELDS = tuple((<object> blank).keys())
assert sizeof(Link) == 8 * len(LINK_FIELDS)


cdef class Swimmers(Episodes):
    cdef Chain model
    cdef readonly object chain

    def __init__(self, swimmer, episode, chain, Py_ssize_t n_members, int n_substeps,
                 int n_threads):
        cdef int n_links = chain.n_links
        body = np.arange(-1, n_links - 1), np.ones(n_links), chain.links["offset"]
        kernel = *swimmer.swim_for(n_links), 2 * (n_links + 2)
        self.make(body, chain.motors, kernel, episode, n_members, n_substeps, n_threads)
        self.chain = chain
        self._kernels = (swimmer, episode)
        links = np.empty((n_links, len(LINK_FIELDS)))
        for k, name in enumerate(LINK_FIELDS):
            links[:, k] = chain.links[name]
        self._arrays["links"] = links
        self._arrays["coupling"] = np.ascontiguousarray(chain.coupling)
        self.model.n_links = n_links
        self.model.runge_kutta = chain.runge_kutta
        self.model.timestep = chain.timestep
        self.model.inverse_mass = chain.inverse_mass
        self.model.links = <const Link*> pointer(self._arrays["links"])
        self.model.coupling = pointer(self._arrays["coupling"])
        self.args.model = &self.model
