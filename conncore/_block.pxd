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
    # One machine vector with operators; a block has PARTS of them per item.
    enum:
        PARTS "CC_PARTS"
    ctypedef double wide "cc_wide"
    ctypedef long long mask "cc_mask"
    wide splat "cc_splat"(double x)
    wide absolute "cc_abs"(wide x)
    wide minimum "cc_min"(wide a, wide b)
    mask less "cc_less"(wide a, wide b)
    wide select "cc_select"(mask condition, wide yes, wide no)
    bint any_lane "cc_any"(mask condition)
    bint any_negative "cc_any_negative"(wide x)
    void sincos "cc_sincos"(wide x, wide* sine, wide* cosine)
    void prefetch "cc_prefetch"(const void* address)
    int lowest_bit "__builtin_ctz"(unsigned int bits)  # of bits that are not all 0

# A neuron model: state [n_state][n_neurons][lane], constants [n_constants][lane],
# current and z (activity or spikes) [n_neurons][lane]. A step updates n of them: its pointers
# are at the first, and n_neurons lie between two of a cell's state variables.
ctypedef void (*neuron_reset_t)(Py_ssize_t n_neurons, double* state,
                                const double* constants) noexcept nogil
ctypedef void (*neuron_step_t)(Py_ssize_t n, Py_ssize_t n_neurons, double* state,
                               const double* constants, const double* current,
                               double* z) noexcept nogil

# Rows of a sparse linear map whose values differ by member: target row r is start[starts[r]] plus
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
    Py_ssize_t n_repeats         # of neurons and synapses in one step, with the same drive
    bint streams                 # synapse weights come from memory, not from a cache
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
    double* z                    # NULL for cells that spike
    double* y
    spikes_t* spikes             # z of cells that spike, [block][2][neuron], the second a step's
                                 # scratch; NULL for others
    # [block][item][lane] scratch of one step
    double* drive                # of each input, and a row of zeros for all other cells
    double* current              # NULL for cells that spike
    double* obs_lanes
    double* action_lanes
    # [member][item], padded to whole blocks
    const double* observations
    double* actions
    neuron_reset_t neuron_reset
    neuron_step_t neuron_step

# One link of a planar chain, its joint in front of it; SI units (see tasks/chain.py).
cdef struct Link:
    double centre            # from the link's anchor to its centre of mass, along its axis
    double length            # from its anchor to the next link's
    double moment            # first moment: mass times centre, and mass behind times length
    double drag_along        # fluid: force = v (drag |v| + viscous); torque likewise
    double viscous_along
    double drag_across
    double viscous_across
    double drag_turning
    double viscous_turning
    double armature
    double offset            # joint angle = phi - phi of the link in front - offset
    double lower             # limits of the joint angle
    double upper
    double middle            # of the limits, as a difference of phi
    double half_range
    double impedance_min     # soft limit: solimp, solref, dof_invweight0 of MuJoCo
    double impedance_max
    double inverse_width
    double midpoint
    double inverse_weight
    double stiffness
    double damping

cdef struct Chain:
    int n_links
    bint runge_kutta
    double timestep
    double inverse_mass
    const Link* links
    const double* coupling   # [n_links][n_links], symmetric

# Advances one part of a block: state [2 (n_links + 2)][lane] holds positions, then velocities
# (absolute angles), torques are [n_links][lane], work is scratch.
ctypedef void (*swim_t)(const Chain* chain, wide* state, const wide* torques, int n_substeps,
                        wide* work) noexcept nogil

cdef struct Motor:
    int link                 # turns this link against the one in front of it
    double gear
    double lower             # of the control
    double upper

ctypedef void (*network_step_t)(const NetworkArgs* net, Py_ssize_t block, const double* obs,
                                double* actions) noexcept nogil

# What a policy sees and what it earns, for a body whose state is qpos then qvel of MuJoCo.
cdef struct Scoring:
    int n_obs
    const int* obs_index     # into the state
    const double* obs_divisor
    bint round_actions       # to float32
    float control_cost       # times the sum of squared actions, in float32
    double control_step      # seconds
    double full_speed        # 0: earn the root's x velocity; else the head's speed over this

cdef struct EpisodeArgs:
    Chain chain
    swim_t swim
    int n_substeps
    int n_actions
    Py_ssize_t n_steps
    Py_ssize_t n_work
    const double* offsets    # of the n_links angles
    const Motor* motors
    Scoring scoring
    NetworkArgs* network
    network_step_t network_step
    const double* script     # [block][step][action][lane], in place of a network
    # [block][item][lane]
    double* body             # absolute positions and velocities
    double* body_before
    double* state            # qpos, qvel
    double* torques
    double* work
    double* obs
    double* actions
    double* fitness
    double* failed           # 0 or 1

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
    Py_ssize_t n_synapses
    Py_ssize_t n_ranges          # parts of the neurons that threads work on
    double trace
    SparseMap encoder            # without slots: every entry has its own value
    SparseMap decoder
    const int* targets           # postsynaptic neuron of each synapse, a row per presynaptic one
    const int* splits            # [n_neurons][n_ranges + 1]: where in its row a range begins
    const int* bounds            # [n_ranges + 1]: first neuron of a range, whole chunks
    const int* input_order       # inputs by their neuron
    const int* input_bounds      # [n_ranges + 1]: where in input_order a range begins
    const int* inputs
    const int* outputs           # neuron of each output
    const int* output_order      # outputs by their neuron
    # [member][item]; constants [member][constant][lane], state [member][chunk][state][row][lane]
    const float* encoder_weights
    const double* encoder_bias
    const float* synapse_weights
    const float* decoder_weights
    const double* decoder_bias
    const double* constants
    double* state
    double* y
    double* current              # zero between steps
    # [member][neuron] and [member][range]: who sent in the step before, and who sends now, with
    # its z, which stands nowhere else. A range writes its own part of the lists, beginning at its
    # first neuron, in ascending order.
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
