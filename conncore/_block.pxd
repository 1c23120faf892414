# The shape of the core: one lane is one member, LANES members are a block.
#
# Every per-member quantity is stored [block][item][lane], float64. A network step works on one
# block at a time and touches nothing outside it, so results cannot depend on threads, on the lane
# a member sits in, or on its neighbours.

cdef extern from "_simd.h" nogil:
    enum:
        LANES "CC_LANES"
        VECTORS "CC_VECTORS"
    ctypedef double vec "cc_vec"
    # Pointers that do not overlap any other argument of the same function (C's restrict).
    ctypedef double* out_t "cc_out"
    ctypedef const double* in_t "cc_in"
    double tanh_lane "cc_tanh"(double x)
    bint any_lane "cc_any"(const double* lanes)
    void prefetch "cc_prefetch"(const void* address)

# A neuron model: state [n_state][n_neurons][lane], constants [n_constants][lane],
# current and z (activity or spikes) [n_neurons][lane].
ctypedef void (*neuron_reset_t)(Py_ssize_t n_neurons, double* state,
                                const double* constants) noexcept nogil
ctypedef void (*neuron_step_t)(Py_ssize_t n_neurons, double* state, const double* constants,
                               const double* current, double* z) noexcept nogil

# Rows of a sparse linear map whose values differ by member: target row r sums
# values[indptr[r]:indptr[r + 1]] times source[indices[...]].
cdef struct SparseMap:
    Py_ssize_t n_rows
    Py_ssize_t n_values
    const int* indptr
    const int* indices

cdef struct NetworkArgs:
    Py_ssize_t n_neurons
    Py_ssize_t n_inputs
    Py_ssize_t n_outputs
    Py_ssize_t n_obs
    Py_ssize_t n_actions
    Py_ssize_t n_state
    Py_ssize_t n_constants
    double trace                 # output activity y <- trace y + (1 - trace) z
    SparseMap encoder            # observations -> inputs
    SparseMap synapses           # neurons -> neurons, a row per postsynaptic neuron
    SparseMap decoder            # outputs -> actions
    const int* inputs            # neuron of each input
    const int* outputs           # neuron of each output
    # [block][item][lane]
    const double* encoder_weights
    const double* encoder_bias
    const double* synapse_weights
    const double* decoder_weights
    const double* decoder_bias
    const double* constants
    double* state
    double* z
    double* y
    # [block][item][lane] scratch of one step
    double* drive
    double* current
    double* obs_lanes
    double* action_lanes
    # [member][item], padded to whole blocks
    const double* observations
    double* actions
    neuron_reset_t neuron_reset
    neuron_step_t neuron_step

# Work on one block; kernels export such functions in capsules of this name.
ctypedef void (*block_fn)(void* args, Py_ssize_t block) noexcept nogil

# One member is one network, for networks too large for lanes: 16 neurons in a row take the place
# of the lanes, LANES * ROWS neurons are a chunk, and only neurons with z != 0 send.
cdef enum:
    ROWS = 16
    CHUNK = ROWS * LANES

cdef struct EventArgs:
    Py_ssize_t n_neurons
    Py_ssize_t n_padded          # neurons, filled up to whole chunks
    Py_ssize_t n_obs
    Py_ssize_t n_actions
    Py_ssize_t n_inputs
    Py_ssize_t n_outputs
    Py_ssize_t n_state
    Py_ssize_t n_constants
    Py_ssize_t n_weights         # per member
    Py_ssize_t n_ranges          # parts of the neurons that threads work on
    double trace
    SparseMap encoder
    SparseMap decoder
    const int* targets           # postsynaptic neuron of each synapse, a row per presynaptic one
    const unsigned short* codes  # which of the member's weights a synapse has; NULL: its own
    const int* splits            # [n_ranges + 1][n_neurons]: where in its row a range begins
    const int* bounds            # [n_ranges + 1]: first neuron of a range, whole chunks
    const int* input_order       # inputs by their neuron
    const int* input_bounds      # [n_ranges + 1]: where in input_order a range begins
    const int* inputs
    const int* outputs
    # [member][item]; constants [member][constant][lane], state [member][chunk][state][row][lane]
    const double* encoder_weights
    const double* encoder_bias
    const double* synapse_weights
    const double* decoder_weights
    const double* decoder_bias
    const double* constants
    double* state
    double* z
    double* y
    double* current              # zero between steps
    # [member][neuron] and [member][range]: who sent in the step before, and who sends now. A range
    # writes its own part of the lists, beginning at its first neuron, in ascending order.
    int* sent
    double* sent_z
    int* n_sent
    int* sending
    double* sending_z
    int* n_sending
    const double* observations
    double* actions
    neuron_reset_t neuron_reset
    neuron_step_t neuron_step
