# The shape of the core: one lane is one member, LANES members are a block.
#
# Every per-member quantity is stored [block][item][lane]: the values of sparse maps in float32,
# because reading them is what a step waits for, all else in float64. A network step works on one
# block at a time and touches nothing outside it, so results cannot depend on threads, on the lane
# a member sits in, or on its neighbours.

cdef extern from "_simd.h" nogil:
    enum:
        LANES "CC_LANES"
        VECTORS "CC_VECTORS"
    ctypedef double vec "cc_vec"
    ctypedef unsigned short spikes_t "cc_spikes"  # the lanes in which a cell spikes, a bit each
    void add_where "cc_add_where"(spikes_t spikes, const float* w, vec* total)
    void add_product "cc_add_product"(const float* w, const vec* x, vec* total)
    spikes_t pack "cc_pack"(const double* z)
    # Pointers that do not overlap any other argument of the same function (C's restrict).
    ctypedef double* out_t "cc_out"
    ctypedef const double* in_t "cc_in"
    double tanh_lane "cc_tanh"(double x)

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
    const float* encoder_weights
    const double* encoder_bias
    const float* synapse_weights
    const float* decoder_weights
    const double* decoder_bias
    const double* constants
    double* state
    double* z
    double* y
    spikes_t* spikes             # z again, [block][neuron]; NULL for cells that do not spike
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
