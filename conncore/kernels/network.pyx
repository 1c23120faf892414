"""One step of the network of a block: encode, propagate, update the neurons, decode."""

from cpython.pycapsule cimport PyCapsule_New
from libc.string cimport memcpy, memset

from conncore._block cimport (
    LANES, VECTORS, add_product, add_where, in_t, out_t, pack, prefetch, spikes_t, tanh_lane, vec,
)
from conncore._network cimport NetworkArgs, SparseMap

cdef enum:
    AT_ONCE = 16  # neurons
    LINE = 64     # bytes
    AHEAD = 128   # synapses from the added one to the prefetched one: two small pages, at whose
                  # ends the processor's own prefetching stops


cdef void propagate(
    const SparseMap* map,   # IN
    Py_ssize_t first,
    Py_ssize_t n,
    const float* values,    # IN
    const double* source,   # IN
    const double* start,    # IN
    double* target,         # OUT
    bint streams,
) noexcept nogil:
    """target = rows first to first + n of the map (see SparseMap). Prefetches values that stream
    from memory."""
    cdef const vec* x = <const vec*> source
    cdef const vec* b
    cdef vec* t = <vec*> target
    cdef vec total[VECTORS]
    cdef Py_ssize_t i, k, p
    for i in range(n):
        b = <const vec*> start + map.starts[first + i] * VECTORS
        for p in range(VECTORS):
            total[p] = b[p]
        for k in range(map.indptr[first + i], map.indptr[first + i + 1]):
            if streams:
                prefetch(values + (map.slots[k] + AHEAD) * LANES)
            add_product(values + map.slots[k] * LANES, x + map.indices[k] * VECTORS, total)
        for p in range(VECTORS):
            t[i * VECTORS + p] = total[p]


cdef void propagate_spikes(
    const SparseMap* map,       # IN
    Py_ssize_t first,
    Py_ssize_t n,
    const float* values,        # IN
    const spikes_t* spikes,     # IN
    const double* start,        # IN
    double* target,             # OUT
    bint streams,
) noexcept nogil:
    """Like propagate, for z of 0 or 1: reads 2 bytes per neuron, not 128."""
    cdef const vec* b
    cdef vec* t = <vec*> target
    cdef vec total[VECTORS]
    cdef Py_ssize_t i, k, p
    for i in range(n):
        b = <const vec*> start + map.starts[first + i] * VECTORS
        for p in range(VECTORS):
            total[p] = b[p] + 0.0  # turns -0 into 0, as add_where needs
        for k in range(map.indptr[first + i], map.indptr[first + i + 1]):
            if streams:
                prefetch(values + (map.slots[k] + AHEAD) * LANES)
            add_where(spikes[map.indices[k]], values + map.slots[k] * LANES, total)
        for p in range(VECTORS):
            t[i * VECTORS + p] = total[p]


cdef void pack_spikes(
    Py_ssize_t n,
    const double* z,    # IN
    spikes_t* spikes,   # OUT
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        spikes[i] = pack(z + i * LANES)


cdef void tanh_lanes(
    Py_ssize_t n,
    double* x,      # IN/OUT
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n * LANES):
        x[i] = tanh_lane(x[i])


cdef void clip_lanes(
    Py_ssize_t n,
    double* x,      # IN/OUT
) noexcept nogil:
    """Bring x into [-1, 1]; NaN stays NaN."""
    cdef Py_ssize_t i
    for i in range(n * LANES):
        x[i] = -1.0 if x[i] < -1.0 else (1.0 if x[i] > 1.0 else x[i])


cdef void low_pass(
    Py_ssize_t n,
    const int* outputs,     # IN
    double trace,
    in_t z,                 # IN
    out_t y,                # IN/OUT
) noexcept nogil:
    """y <- trace y + (1 - trace) z of the output neurons."""
    cdef Py_ssize_t i, lane
    cdef double gain = 1.0 - trace
    for i in range(n):
        for lane in range(LANES):
            y[i * LANES + lane] = (
                trace * y[i * LANES + lane] + gain * z[outputs[i] * LANES + lane]
            )


cdef void low_pass_spikes(
    Py_ssize_t n,
    const int* outputs,         # IN
    double trace,
    const spikes_t* spikes,     # IN
    out_t y,                    # IN/OUT
) noexcept nogil:
    """Like low_pass, for z of 0 or 1."""
    cdef Py_ssize_t i, lane
    cdef double gain = 1.0 - trace
    cdef unsigned int active
    for i in range(n):
        active = spikes[outputs[i]]
        for lane in range(LANES):
            y[i * LANES + lane] = (
                trace * y[i * LANES + lane] + (gain if active & (1 << lane) else 0.0)
            )


cdef void fetch_state(Py_ssize_t n_state, Py_ssize_t stride, const double* state) noexcept nogil:
    """Prefetch the state of AT_ONCE neurons."""
    cdef Py_ssize_t i, k
    for i in range(n_state):
        for k in range(AT_ONCE * LANES * 8 // LINE):
            prefetch(state + i * stride + k * (LINE // 8))


cdef void step_spiking(
    const NetworkArgs* net,     # IN/OUT: state and spikes of the block
    Py_ssize_t block,
    const double* drive,        # IN
    double* y,                  # IN/OUT
) noexcept nogil:
    """Like step_neurons, a few neurons at a time: their current and z stay in the first cache, and
    the next step reads one bit per lane."""
    cdef Py_ssize_t n = net.n_neurons
    cdef double* state = net.state + block * net.n_state * n * LANES
    cdef const double* constants = net.constants + block * net.n_constants * LANES
    cdef const float* weights = net.synapse_weights + block * net.synapses.n_values * LANES
    cdef spikes_t* rows = net.spikes + block * (net.delay + 1) * n
    cdef spikes_t* spikes = rows + net.places[block] * n
    cdef spikes_t* new_spikes = rows + net.delay * n
    cdef double room[(2 * AT_ONCE + 1) * LANES]
    cdef double* current = <double*> ((<size_t> room + LINE - 1) // LINE * LINE)
    cdef double* z = current + AT_ONCE * LANES
    cdef Py_ssize_t first = 0, count
    while first < n:
        count = n - first if n - first < AT_ONCE else AT_ONCE
        if net.streams:
            fetch_state(net.n_state, n * LANES, state + (first + 2 * AT_ONCE) * LANES)
        propagate_spikes(&net.synapses, first, count, weights, spikes, drive, current,
                         net.streams)
        net.neuron_step(count, n, state + first * LANES, constants, current, z)
        pack_spikes(count, z, new_spikes + first)
        first += AT_ONCE
    memcpy(spikes, new_spikes, n * sizeof(spikes_t))
    low_pass_spikes(net.n_outputs, net.outputs, net.trace, spikes, y)
    net.places[block] = (net.places[block] + 1) % net.delay


cdef void step_neurons(
    const NetworkArgs* net,     # IN/OUT: state, z and current of the block
    Py_ssize_t block,
    const double* drive,        # IN
    double* y,                  # IN/OUT
) noexcept nogil:
    """Update synapses, neurons and the outputs' low-pass once.

    The z of step t arrives at t + delay, and then gives its place to the z of that step.
    """
    cdef Py_ssize_t n = net.n_neurons
    cdef Py_ssize_t cells = n * LANES
    cdef double* z = net.z + (block * net.delay + net.places[block]) * cells
    cdef double* current = net.current + block * cells
    cdef const float* weights = net.synapse_weights + block * net.synapses.n_values * LANES
    propagate(&net.synapses, 0, n, weights, z, drive, current, net.streams)
    net.neuron_step(n, n, net.state + block * net.n_state * cells,
                    net.constants + block * net.n_constants * LANES, current, z)
    low_pass(net.n_outputs, net.outputs, net.trace, z, y)
    net.places[block] = (net.places[block] + 1) % net.delay


cdef void step_lanes(
    const NetworkArgs* net,     # IN/OUT: state, activity and scratch of the block
    Py_ssize_t block,
    const double* obs,          # IN: [n_obs][lane]
    double* actions,            # OUT: [n_actions][lane]
) noexcept nogil:
    """One step of a block."""
    cdef double* drive = net.drive + block * (net.n_inputs + 1) * LANES
    cdef double* y = net.y + block * net.n_outputs * LANES
    cdef Py_ssize_t repeat

    propagate(&net.encoder, 0, net.n_inputs,
              net.encoder_weights + block * net.encoder.n_values * LANES, obs,
              net.encoder_bias + block * net.n_inputs * LANES, drive, False)
    tanh_lanes(net.n_inputs, drive)
    for repeat in range(net.n_repeats):
        if net.spikes == NULL:
            step_neurons(net, block, drive, y)
        else:
            step_spiking(net, block, drive, y)
    propagate(&net.decoder, 0, net.n_actions,
              net.decoder_weights + block * net.decoder.n_values * LANES, y,
              net.decoder_bias + block * net.n_actions * LANES, actions, False)
    if net.linear:
        clip_lanes(net.n_actions, actions)
    else:
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
    """Bring the block's neurons to rest and clear their activity."""
    cdef const NetworkArgs* net = <const NetworkArgs*> args
    cdef Py_ssize_t cells = net.n_neurons * LANES
    if net.spikes == NULL:
        memset(net.z + block * net.delay * cells, 0, net.delay * cells * sizeof(double))
    else:
        memset(net.spikes + block * (net.delay + 1) * net.n_neurons, 0,
               net.delay * net.n_neurons * sizeof(spikes_t))
    net.places[block] = 0
    memset(net.drive + (block * (net.n_inputs + 1) + net.n_inputs) * LANES, 0,
           LANES * sizeof(double))
    memset(net.y + block * net.n_outputs * LANES, 0, net.n_outputs * LANES * sizeof(double))
    net.neuron_reset(net.n_neurons, net.state + block * net.n_state * cells,
                     net.constants + block * net.n_constants * LANES)


ACT = PyCapsule_New(<void*> act_block, "conncore.block_fn", NULL)
RESET = PyCapsule_New(<void*> reset_block, "conncore.block_fn", NULL)
STEP = PyCapsule_New(<void*> step_lanes, "conncore.network_step", NULL)
