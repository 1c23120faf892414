# Networks in lanes: `_population.Population` owns them, kernels/network.pyx runs them.

from conncore._block cimport spikes_t

# A neuron model's functions. state is [n_state][n_neurons][lane], constants [n_constants][lane],
# current and z (activity, or spikes of 0 and 1) [n_neurons][lane].
ctypedef void (*neuron_reset_t)(
    Py_ssize_t n_neurons,
    double* state,                  # OUT
    const double* constants,        # IN
) noexcept nogil

# One step of n of the neurons. The pointers are at the first of the n; two state variables of a
# neuron lie n_neurons * LANES apart.
ctypedef void (*neuron_step_t)(
    Py_ssize_t n,
    Py_ssize_t n_neurons,
    double* state,                  # IN/OUT
    const double* constants,        # IN
    const double* current,          # IN
    double* z,                      # OUT
) noexcept nogil

# Rows of a sparse linear map whose values differ by member. Target row r is start[starts[r]] plus
# the sum of values[slots[k]] times source[indices[k]] over k in indptr[r]:indptr[r + 1]. Entries
# that share a value share its slot, so that a few shared values stay in the first cache.
cdef struct SparseMap:
    Py_ssize_t n_rows
    Py_ssize_t n_values
    const int* indptr
    const int* indices
    const int* slots
    const int* starts

cdef struct NetworkArgs:
    Py_ssize_t n_neurons
    Py_ssize_t n_inputs
    Py_ssize_t n_outputs
    Py_ssize_t n_obs
    Py_ssize_t n_actions
    Py_ssize_t n_state
    Py_ssize_t n_constants
    Py_ssize_t n_repeats         # updates of synapses and neurons in one step; the drive is held
    Py_ssize_t delay             # steps from z to its arrival
    bint streams                 # synapse weights come from memory, not from a cache
    bint linear                  # actions are the decoder's sums within [-1, 1], not their tanh
    double trace                 # output activity y <- trace y + (1 - trace) z
    SparseMap encoder            # observations -> inputs
    SparseMap synapses           # drive + neurons -> neurons, a row per postsynaptic neuron
    SparseMap decoder            # outputs -> actions
    const int* outputs           # neuron of each output
    # [block][item][lane]
    const float* encoder_weights
    const double* encoder_bias
    const float* synapse_weights
    const float* decoder_weights
    const double* decoder_bias
    const double* constants
    double* state
    double* z                    # [block][step][neuron] of the last `delay` steps; NULL for neurons
                                 # that spike
    double* y
    spikes_t* spikes             # z of neurons that spike, [block][step][neuron], and a row that is
                                 # scratch of a step. NULL for other neurons
    Py_ssize_t* places           # [block]: where in z or spikes the oldest step is, which arrives next
    # [block][item][lane] scratch of one step
    double* drive                # of each input, then a row of zeros for all other neurons
    double* current              # NULL for neurons that spike
    double* obs_lanes
    double* action_lanes
    # [member][item], padded to whole blocks
    const double* observations
    double* actions
    neuron_reset_t neuron_reset
    neuron_step_t neuron_step

# One step of the networks of a block, for a caller that holds observations and actions in lanes.
ctypedef void (*network_step_t)(
    const NetworkArgs* net,         # IN/OUT: state, activity and scratch of the block
    Py_ssize_t block,
    const double* obs,              # IN: [n_obs][lane]
    double* actions,                # OUT: [n_actions][lane]
) noexcept nogil
