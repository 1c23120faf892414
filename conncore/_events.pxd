# Networks too large for lanes: `_events.EventPopulation` owns them, kernels/events.pyx runs them.
# Members run one by one. The neurons of one member take the place of the lanes, so that the neuron
# models stay the same: a chunk is ROWS rows of LANES neurons. Only neurons with z != 0 send.

from conncore._block cimport LANES
from conncore._network cimport SparseMap, neuron_reset_t, neuron_step_t

cdef enum:
    ROWS = 16
    CHUNK = ROWS * LANES

cdef struct EventArgs:
    Py_ssize_t n_neurons
    Py_ssize_t n_padded          # n_neurons, rounded up to whole chunks
    Py_ssize_t n_obs
    Py_ssize_t n_actions
    Py_ssize_t n_inputs
    Py_ssize_t n_outputs
    Py_ssize_t n_state
    Py_ssize_t n_constants
    Py_ssize_t n_synapses
    Py_ssize_t n_ranges          # parts of the neurons that threads work on
    bint linear                  # as in NetworkArgs
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
    # [member][neuron] and [member][range]: the neurons that sent `delay` steps before and those that
    # send now, with their z, which is stored nowhere else. A range writes its own part of the
    # lists, in ascending order, from the place of its first neuron on.
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
