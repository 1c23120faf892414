"""Artificial neurons: z_j = min(max(sum_i w_ij z_i + x_j, 0), z_max). No state of their own."""

from cpython.pycapsule cimport PyCapsule_New

from conncore._block cimport LANES, in_t, out_t

STATE = ()
CONSTANTS = ("z_max",)
SPIKES = False


cdef void reset(Py_ssize_t n, double* state, const double* constants) noexcept nogil:
    pass


cdef void update(
    Py_ssize_t n,
    in_t z_max,     # IN
    in_t current,   # IN
    out_t z,        # OUT
) noexcept nogil:
    cdef Py_ssize_t j, k, lane
    cdef double x
    for j in range(n):
        for lane in range(LANES):
            k = j * LANES + lane
            x = current[k]
            x = 0.0 if x < 0.0 else x  # this order lets NaN pass, so that status reports it
            z[k] = z_max[lane] if x > z_max[lane] else x


cdef void step(
    Py_ssize_t n, Py_ssize_t n_neurons, double* state, const double* constants,
    const double* current, double* z
) noexcept nogil:
    update(n, constants, current, z)


NEURON_RESET = PyCapsule_New(<void*> reset, "conncore.neuron_reset", NULL)
NEURON_STEP = PyCapsule_New(<void*> step, "conncore.neuron_step", NULL)
