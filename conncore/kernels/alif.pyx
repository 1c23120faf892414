"""Adaptive integrate-and-fire: a spike raises the cell's own threshold, v_th + a, for a while.

v <- gamma v + input; a spike where v >= v_th + a, then v <- 0; a <- gamma_s a + beta s.
"""

from cpython.pycapsule cimport PyCapsule_New
from libc.string cimport memset

from conncore._block cimport LANES, in_t, out_t

STATE = ("v", "a")
CONSTANTS = ("gamma", "v_th", "gamma_s", "beta")
SPIKES = True  # z is 0 or 1


cdef void reset(Py_ssize_t n, double* state, const double* constants) noexcept nogil:
    memset(state, 0, 2 * n * LANES * sizeof(double))


cdef void update(
    Py_ssize_t n,
    in_t gamma,     # IN
    in_t v_th,      # IN
    in_t gamma_s,   # IN
    in_t beta,      # IN
    in_t current,   # IN
    out_t v,        # IN/OUT
    out_t a,        # IN/OUT
    out_t z,        # OUT
) noexcept nogil:
    cdef Py_ssize_t j, k, lane
    cdef double v_new, threshold, spike
    for j in range(n):
        for lane in range(LANES):
            k = j * LANES + lane
            v_new = gamma[lane] * v[k] + current[k]
            threshold = v_th[lane] + a[k]
            spike = 1.0 if v_new >= threshold else 0.0
            z[k] = spike
            v[k] = 0.0 if v_new >= threshold else v_new
            a[k] = gamma_s[lane] * a[k] + beta[lane] * spike


cdef void step(
    Py_ssize_t n, Py_ssize_t n_neurons, double* state, const double* constants,
    const double* current, double* z
) noexcept nogil:
    update(n, constants, constants + LANES, constants + 2 * LANES, constants + 3 * LANES,
           current, state, state + n_neurons * LANES, z)


NEURON_RESET = PyCapsule_New(<void*> reset, "conncore.neuron_reset", NULL)
NEURON_STEP = PyCapsule_New(<void*> step, "conncore.neuron_step", NULL)
