"""One step of a large network: neurons that are active send along their row of synapses.

A member's neurons are split into ranges of whole chunks. A range adds what its own neurons
receive, senders in ascending order. The order of every sum is therefore that of kernels/network,
for any number of ranges and threads.
"""

from cpython.pycapsule cimport PyCapsule_New
from libc.string cimport memset

from conncore._block cimport LANES, in_t, lowest_bit, out_t, pack, prefetch, tanh_lane
from conncore._events cimport CHUNK, ROWS, EventArgs
from conncore._network cimport SparseMap

cdef enum:
    AHEAD = 4            # while sender e sends, the row of sender e + AHEAD is prefetched,
    FAR_AHEAD = 16       # and the bounds of the row of sender e + FAR_AHEAD
    FETCHED = 512        # synapses of a row; the processor prefetches the rest of a longer row
    LINE = 64            # bytes


cdef void fetch(const void* first, const void* end) noexcept nogil:
    cdef const char* line = <const char*> first
    while line < <const char*> end:
        prefetch(line)
        line += LINE


cdef void fetch_row(
    const EventArgs* net,   # IN
    const float* weights,   # IN
    int start,
    int end,
) noexcept nogil:
    """Prefetch a row's synapses: rows are short and far apart, so each would wait for memory."""
    end = min(end, start + FETCHED)
    fetch(net.targets + start, net.targets + end)
    fetch(weights + start, weights + end)


cdef void send(
    int start,
    int end,
    const int* targets,     # IN
    const float* weights,   # IN
    double z,
    out_t current,          # IN/OUT
) noexcept nogil:
    cdef int k
    for k in range(start, end):
        current[targets[k]] += weights[k] * z


cdef void receive(
    const EventArgs* net,   # IN/OUT: current of the range
    Py_ssize_t member,
    Py_ssize_t part,
) noexcept nogil:
    """Add to `current` of the range's neurons what the senders of all ranges send."""
    cdef Py_ssize_t stride = net.n_ranges + 1
    cdef const int* starts = net.splits + part
    cdef const float* weights = net.synapse_weights + member * net.n_synapses
    cdef double* current = net.current + member * net.n_padded
    cdef const int* cells
    cdef const int* place
    cdef const double* z
    cdef Py_ssize_t other, first, n, e
    for other in range(net.n_ranges):
        first = member * net.n_padded + net.bounds[other]
        cells = net.sent + first
        z = net.sent_z + first
        n = net.n_sent[member * net.n_ranges + other]
        for e in range(-FAR_AHEAD, n):
            if e + FAR_AHEAD < n:
                prefetch(starts + cells[e + FAR_AHEAD] * stride)
            if 0 <= e + AHEAD < n:
                place = starts + cells[e + AHEAD] * stride
                fetch_row(net, weights, place[0], place[1])
            if e >= 0:
                place = starts + cells[e] * stride
                send(place[0], place[1], net.targets, weights, z[e], current)


cdef double map_row(
    const SparseMap* map,   # IN
    Py_ssize_t row,
    const float* values,    # IN
    in_t source,            # IN
    double total,
) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(map.indptr[row], map.indptr[row + 1]):
        total += values[k] * source[map.indices[k]]
    return total


cdef void encode(
    const EventArgs* net,   # IN/OUT: current of the range's input neurons
    Py_ssize_t member,
    Py_ssize_t part,
) noexcept nogil:
    """Write the drive of the range's input neurons to `current`."""
    cdef const float* values = net.encoder_weights + member * net.encoder.n_values
    cdef const double* bias = net.encoder_bias + member * net.n_inputs
    cdef const double* obs = net.observations + member * net.n_obs
    cdef double* current = net.current + member * net.n_padded
    cdef Py_ssize_t place
    cdef int i
    for place in range(net.input_bounds[part], net.input_bounds[part + 1]):
        i = net.input_order[place]
        current[net.inputs[i]] = tanh_lane(map_row(&net.encoder, i, values, obs, bias[i]))


cdef Py_ssize_t list_active(
    int first,
    int end,
    const double* z,    # IN
    int* cells,         # OUT
    double* values,     # OUT
) noexcept nogil:
    """List the neurons from first to end with z != 0, whose z begin at `z`; return how many."""
    cdef int row = first
    cdef unsigned int active
    cdef Py_ssize_t n = 0
    while row < end:
        active = pack(z + row - first)
        if end - row < LANES:
            active &= (<unsigned int> 1 << (end - row)) - 1
        while active:
            cells[n] = row + lowest_bit(active)
            values[n] = z[cells[n] - first]
            active &= active - 1
            n += 1
        row += LANES
    return n


cdef void step_range(void* args, Py_ssize_t block) noexcept nogil:
    """Encode, propagate and update the neurons of one range of one member."""
    cdef const EventArgs* net = <const EventArgs*> args
    cdef Py_ssize_t member = block // net.n_ranges
    cdef Py_ssize_t part = block % net.n_ranges
    cdef Py_ssize_t offset = member * net.n_padded
    cdef const double* constants = net.constants + member * net.n_constants * LANES
    cdef double* current = net.current + offset
    cdef int* cells = net.sending + offset + net.bounds[part]
    cdef double* values = net.sending_z + offset + net.bounds[part]
    cdef double z[CHUNK]
    cdef int first = net.bounds[part], row, end, n = 0

    encode(net, member, part)
    receive(net, member, part)
    while first < net.bounds[part + 1]:
        net.neuron_step(ROWS, ROWS, net.state + (offset + first) * net.n_state, constants,
                        current + first, z)
        for row in range(ROWS):  # of constant size: a vector or two
            memset(current + first + row * LANES, 0, LANES * sizeof(double))
        end = <int> min(first + CHUNK, net.n_neurons)
        n += list_active(first, end, z, cells + n, values + n)
        first += CHUNK
    net.n_sending[member * net.n_ranges + part] = n


cdef void low_pass(
    const EventArgs* net,   # IN
    Py_ssize_t member,
    double* y,              # IN/OUT
) noexcept nogil:
    """y <- trace y + (1 - trace) z of the outputs. Outputs and active neurons both ascend."""
    cdef double gain = 1.0 - net.trace, z
    cdef const int* cells
    cdef Py_ssize_t part, first, n, e, place = 0
    cdef int i
    for part in range(net.n_ranges):
        first = member * net.n_padded + net.bounds[part]
        cells = net.sending + first
        n = net.n_sending[member * net.n_ranges + part]
        e = 0
        while place < net.n_outputs:
            i = net.output_order[place]
            if net.outputs[i] >= net.bounds[part + 1]:
                break
            while e < n and cells[e] < net.outputs[i]:
                e += 1
            z = net.sending_z[first + e] if e < n and cells[e] == net.outputs[i] else 0.0
            y[i] = net.trace * y[i] + gain * z
            place += 1


cdef void decode(void* args, Py_ssize_t member) noexcept nogil:
    """Low-pass the output neurons of a member and write its actions."""
    cdef const EventArgs* net = <const EventArgs*> args
    cdef double* y = net.y + member * net.n_outputs
    cdef const float* values = net.decoder_weights + member * net.decoder.n_values
    cdef const double* bias = net.decoder_bias + member * net.n_actions
    cdef double total
    cdef Py_ssize_t i
    low_pass(net, member, y)
    for i in range(net.n_actions):
        total = map_row(&net.decoder, i, values, y, bias[i])
        if net.linear:
            total = -1.0 if total < -1.0 else (1.0 if total > 1.0 else total)
        else:
            total = tanh_lane(total)
        net.actions[member * net.n_actions + i] = total


cdef void reset_range(void* args, Py_ssize_t block) noexcept nogil:
    """Bring a range's neurons to rest and empty its list of senders. The first range resets y."""
    cdef const EventArgs* net = <const EventArgs*> args
    cdef Py_ssize_t member = block // net.n_ranges
    cdef Py_ssize_t part = block % net.n_ranges
    cdef Py_ssize_t offset = member * net.n_padded
    cdef Py_ssize_t first = net.bounds[part]
    cdef Py_ssize_t n = net.bounds[part + 1] - first
    memset(net.current + offset + first, 0, n * sizeof(double))
    if part == 0:
        memset(net.y + member * net.n_outputs, 0, net.n_outputs * sizeof(double))
    while first < net.bounds[part + 1]:
        net.neuron_reset(ROWS, net.state + (offset + first) * net.n_state,
                         net.constants + member * net.n_constants * LANES)
        first += CHUNK
    net.n_sent[block] = 0


STEP = PyCapsule_New(<void*> step_range, "conncore.block_fn", NULL)
DECODE = PyCapsule_New(<void*> decode, "conncore.block_fn", NULL)
RESET = PyCapsule_New(<void*> reset_range, "conncore.block_fn", NULL)
