"""One step of the network of a block: encode, propagate, update the neurons, decode."""

from cpython.pycapsule cimport PyCapsule_New
from libc.string cimport memset

from conncore._block cimport (
    LANES, VECTORS, NetworkArgs, SparseMap, in_t, out_t, tanh_lane, vec,
)


cdef void propagate(
    const SparseMap* map, const double* values, const double* source, const double* start,
    double* target
) noexcept nogil:
    """target[row] = start[row] + sum of values[slots[k]] * source[indices[k]], in that order."""
    cdef const vec* w = <const vec*> values
    cdef const vec* x = <const vec*> source
    cdef const vec* b = <const vec*> start
    cdef vec* t = <vec*> target
    cdef vec total[VECTORS]
    cdef Py_ssize_t row, k, slot, i, p
    for row in range(map.n_rows):
        for p in range(VECTORS):
            total[p] = b[row * VECTORS + p]
        for k in range(map.indptr[row], map.indptr[row + 1]):
            slot = map.slots[k]
            i = map.indices[k]
            for p in range(VECTORS):
                total[p] = total[p] + w[slot * VECTORS + p] * x[i * VECTORS + p]
        for p in range(VECTORS):
            t[row * VECTORS + p] = total[p]


cdef void tanh_lanes(Py_ssize_t n, double* x) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n * LANES):
        x[i] = tanh_lane(x[i])


cdef void low_pass(Py_ssize_t n, const int* outputs, double trace, in_t z, out_t y) noexcept nogil:
    """y <- trace y + (1 - trace) z of the output neurons."""
    cdef Py_ssize_t i, lane
    cdef double gain = 1.0 - trace
    for i in range(n):
        for lane in range(LANES):
            y[i * LANES + lane] = (
                trace * y[i * LANES + lane] + gain * z[outputs[i] * LANES + lane]
            )


cdef void step_lanes(
    const NetworkArgs* net, Py_ssize_t block, const double* obs, double* actions
) noexcept nogil:
    """One step of a block; obs [n_obs][lane] in, actions [n_actions][lane] out.

    Spikes of step t arrive at t + 1: propagation reads the z of the step before.
    """
    cdef Py_ssize_t cells = net.n_neurons * LANES
    cdef double* z = net.z + block * cells
    cdef double* current = net.current + block * cells
    cdef double* drive = net.drive + block * net.n_inputs * LANES
    cdef double* y = net.y + block * net.n_outputs * LANES
    cdef Py_ssize_t i, p

    propagate(&net.encoder, net.encoder_weights + block * net.encoder.n_values * LANES, obs,
              net.encoder_bias + block * net.n_inputs * LANES, drive)
    tanh_lanes(net.n_inputs, drive)

    memset(current, 0, cells * sizeof(double))
    for i in range(net.n_inputs):
        for p in range(VECTORS):
            (<vec*> current)[net.inputs[i] * VECTORS + p] = (<vec*> drive)[i * VECTORS + p]
    propagate(&net.synapses, net.synapse_weights + block * net.synapses.n_values * LANES, z,
              current, current)
    net.neuron_step(net.n_neurons, net.state + block * net.n_state * cells,
                    net.constants + block * net.n_constants * LANES, current, z)

    low_pass(net.n_outputs, net.outputs, net.trace, z, y)
    propagate(&net.decoder, net.decoder_weights + block * net.decoder.n_values * LANES, y,
              net.decoder_bias + block * net.n_actions * LANES, actions)
    tanh_lanes(net.n_actions, actions)


cdef void act_block(void* args, Py_ssize_t block) noexcept nogil:
    """Read the block's rows of observations, step, and write its rows of actions."""
    cdef const NetworkArgs* net = <const NetworkArgs*> args
    cdef const double* rows = net.observations + block * LANES * net.n_obs
    cdef double* out = net.actions + block * LANES * net.n_actions
    cdef double* obs = net.obs_lanes + block * net.n_obs * LANES
    cdef double* actions = net.action_lanes + block * net.n_actions * LANES
    cdef Py_ssize_t i, lane
    for i in range(net.n_obs):
        for lane in range(LANES):
            obs[i * LANES + lane] = rows[lane * net.n_obs + i]
    step_lanes(net, block, obs, actions)
    for i in range(net.n_actions):
        for lane in range(LANES):
            out[lane * net.n_actions + i] = actions[i * LANES + lane]


cdef void reset_block(void* args, Py_ssize_t block) noexcept nogil:
    """Bring the block's neurons to rest and forget its activity."""
    cdef const NetworkArgs* net = <const NetworkArgs*> args
    cdef Py_ssize_t cells = net.n_neurons * LANES
    memset(net.z + block * cells, 0, cells * sizeof(double))
    memset(net.y + block * net.n_outputs * LANES, 0, net.n_outputs * LANES * sizeof(double))
    net.neuron_reset(net.n_neurons, net.state + block * net.n_state * cells,
                     net.constants + block * net.n_constants * LANES)


ACT = PyCapsule_New(<void*> act_block, "conncore.block_fn", NULL)
RESET = PyCapsule_New(<void*> reset_block, "conncore.block_fn", NULL)
STEP = PyCapsule_New(<void*> step_lanes, "conncore.network_step", NULL)
