"""Leaky integrate-and-fire: v <- gamma v + input; a spike where v >= v_th, then v <- 0."""

from cpython.pycapsule cimport PyCapsule_New
from libc.string cimport memset

from conncore._block cimport LANES, in_t, out_t

STATE = ("v",)
CONSTANTS = ("gamma", "v_th")
SPIKES = True  # z is 0 or 1


cdef void reset(Py_ssize_t n, double* state, const double* constants) noexcept nogil:
    memset(state, 0, n * LANES * sizeof(double))


cdef void update(
    Py_ssize_t n,
    in_t gamma,     # IN
    in_t v_th,      # IN
    in_t current,   # IN
    out_t v,        # IN/OUT
    out_t z,        # OUT
) noexcept nogil:
    cdef Py_ssize_t j, k, lane
    cdef double v_new
    for j in range(n):
        for lane in range(LANES):
            k = j * LANES + lane
            v_new = gamma[lane] * v[k] + current[k]
            z[k] = 1.0 if v_new >= v_th[lane] else 0.0
            v[k] = 0.0 if v_new >= v_th[lane] else v_new


cdef void step(
    Py_ssize_t n, Py_ssize_t n_neurons, double* state, const double* constants,
    const double* current, double* z
) noexcept nogil:
    update(n, constants, constants + LANES, current, state, z)


NEURON_RESET = PyCapsule_New(<void*> reset, "conncore.neuron_reset", NULL)
NEURON_STEP = PyCapsule_New(<void*> step, "conncore.neuron_step", NULL)
