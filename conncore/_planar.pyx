"""Planar bodies on a floor in lanes: what the kernel needs of a tree of links."""

from libc.string cimport memset

import numpy as np

from conncore._bodies cimport Limb, Pair, Point, Tree
from conncore._episodes cimport Episodes
from conncore._population cimport pointer

cdef Limb blank_limb
cdef Point blank_point
cdef Pair blank_pair
memset(&blank_limb, 0, sizeof(Limb))
memset(&blank_point, 0, sizeof(Point))
memset(&blank_pair, 0, sizeof(Pair))
LIMB_FIELDS = tuple((<object> blank_limb).keys())
POINT_FIELDS = tuple((<object> blank_point).keys())
PAIR = np.dtype([
    ("one", np.intc), ("other", np.intc),
    *((name, float) for name in (<object> blank_pair).keys() if name not in ("one", "other")),
], align=True)
assert sizeof(Pair) == PAIR.itemsize
assert sizeof(Limb) == 8 * len(LIMB_FIELDS) and sizeof(Point) == 8 * len(POINT_FIELDS)
FULL_ROUNDS = 10  # of the contact solver; four usually suffice
MAX_ROUNDS = 100


cdef class PlanarBodies(Episodes):
    cdef Tree model
    cdef readonly object body

    def __init__(self, planar, episode, body, Py_ssize_t n_members, int n_substeps,
                 int n_threads, int full_rounds=FULL_ROUNDS, int max_rounds=MAX_ROUNDS):
        tree = body.parents, body.signs, body.offsets
        cdef int n_links = body.n_links
        cdef int n_points = len(body.points["link"])
        kernel = planar.kernel_for(body.parents.tolist(), n_points)
        self.make(tree, body.motors, kernel, episode, n_members, n_substeps, n_threads)
        self.body = body
        self._kernels = (planar, episode)
        arrays = self._arrays
        arrays["limbs"] = np.stack([body.links[name] for name in LIMB_FIELDS], axis=1)
        arrays["points"] = np.stack([body.points[name] for name in POINT_FIELDS], axis=1)
        arrays["point_links"] = body.points["link"].astype(np.intc)
        arrays["pairs"] = np.zeros(len(body.pairs["one"]), dtype=PAIR)
        for name in PAIR.names:
            arrays["pairs"][name] = body.pairs[name]
        self.model.n_links = n_links
        self.model.n_points = n_points
        self.model.n_pairs = len(arrays["pairs"])
        self.model.full_rounds = full_rounds
        self.model.max_rounds = max_rounds
        self.model.runge_kutta = body.runge_kutta
        self.model.timestep = body.timestep
        self.model.gravity = body.gravity
        self.model.height = body.height
        self.model.parents = self.args.parents
        self.model.limbs = <const Limb*> pointer(arrays["limbs"])
        self.model.points = <const Point*> pointer(arrays["points"])
        self.model.point_links = <const int*> pointer(arrays["point_links"])
        self.model.pairs = <const Pair*> pointer(arrays["pairs"])
        self.args.model = &self.model

    @property
    def met(self):
        # the kernel's last value of a lane
        return self._arrays["body"][:, -1].reshape(-1)[:self.n_members] > 0.0
