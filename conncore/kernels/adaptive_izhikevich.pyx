"""Izhikevich's simple model with an adaptive threshold, as that of alif.pyx.

v += dt (0.04 v^2 + 5 v + 140 - u + scale input); u += dt a (b v - u);
a spike z where v >= 30 + th, then v <- c, u += d; th <- gamma_s th + beta z.
"""

from cpython.pycapsule cimport PyCapsule_New

from conncore._block cimport LANES, in_t, out_t

STATE = ("v", "u", "th")
CONSTANTS = ("a", "b", "c", "d", "scale", "dt", "gamma_s", "beta")
SPIKES = True  # z is 0 or 1


cdef void reset(Py_ssize_t n, double* state, const double* constants) noexcept nogil:
    """v = c and u = b c, as in Izhikevich's published program; th = 0."""
    cdef const double* b = constants + LANES
    cdef const double* c = constants + 2 * LANES
    cdef Py_ssize_t j, lane
    for j in range(n):
        for lane in range(LANES):
            state[j * LANES + lane] = c[lane]
            state[(n + j) * LANES + lane] = b[lane] * c[lane]
            state[(2 * n + j) * LANES + lane] = 0.0


cdef void update(
    Py_ssize_t n,
    in_t a,         # IN
    in_t b,         # IN
    in_t c,         # IN
    in_t d,         # IN
    in_t scale,     # IN
    in_t dt,        # IN
    in_t gamma_s,   # IN
    in_t beta,      # IN
    in_t current,   # IN
    out_t v,        # IN/OUT
    out_t u,        # IN/OUT
    out_t th,       # IN/OUT
    out_t z,        # OUT
) noexcept nogil:
    cdef Py_ssize_t j, k, lane
    cdef double v_old, v_new, u_new, threshold
    for j in range(n):
        for lane in range(LANES):
            k = j * LANES + lane
            v_old = v[k]
            v_new = v_old + dt[lane] * (
                0.04 * v_old * v_old + 5.0 * v_old + 140.0 - u[k]
                + scale[lane] * current[k]
            )
            u_new = u[k] + dt[lane] * (a[lane] * (b[lane] * v_new - u[k]))
            threshold = 30.0 + th[k]
            z[k] = 1.0 if v_new >= threshold else 0.0
            u[k] = u_new + d[lane] if v_new >= threshold else u_new
            v[k] = c[lane] if v_new >= threshold else v_new
            th[k] = gamma_s[lane] * th[k] + beta[lane] * z[k]


cdef void step(
    Py_ssize_t n, Py_ssize_t n_neurons, double* state, const double* constants,
    const double* current, double* z
) noexcept nogil:
    update(n, constants, constants + LANES, constants + 2 * LANES, constants + 3 * LANES,
           constants + 4 * LANES, constants + 5 * LANES, constants + 6 * LANES,
           constants + 7 * LANES, current, state, state + n_neurons * LANES,
           state + 2 * n_neurons * LANES, z)


NEURON_RESET = PyCapsule_New(<void*> reset, "conncore.neuron_reset", NULL)
NEURON_STEP = PyCapsule_New(<void*> step, "conncore.neuron_step", NULL)
