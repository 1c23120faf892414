"""Artificial neurons: z_j = tanh(gain (sum_i w_ij z_i + x_j)). No state of their own."""

from cpython.pycapsule cimport PyCapsule_New

from conncore._block cimport LANES, in_t, out_t, tanh_lane

STATE = ()
CONSTANTS = ("gain",)
SPIKES = False


cdef void reset(Py_ssize_t n, double* state, const double* constants) noexcept nogil:
    pass


cdef void update(
    Py_ssize_t n,
    in_t gain,      # IN
    in_t current,   # IN
    out_t z,        # OUT
) noexcept nogil:
    cdef Py_ssize_t j, k, lane
    for j in range(n):
        for lane in range(LANES):
            k = j * LANES + lane
            z[k] = tanh_lane(gain[lane] * current[k])


cdef void step(
    Py_ssize_t n, Py_ssize_t n_neurons, double* state, const double* constants,
    const double* current, double* z
) noexcept nogil:
    update(n, constants, current, z)


NEURON_RESET = PyCapsule_New(<void*> reset, "conncore.neuron_reset", NULL)
NEURON_STEP = PyCapsule_New(<void*> step, "conncore.neuron_step", NULL)
