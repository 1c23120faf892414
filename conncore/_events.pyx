"""Large networks, member by member: owns the arrays, checks them once, and runs the kernels."""

from cpython.pycapsule cimport PyCapsule_GetPointer

import numpy as np

from conncore._block cimport LANES, block_fn
from conncore._network cimport SparseMap, neuron_reset_t, neuron_step_t
from conncore._parallel cimport for_each_block, take

from conncore._population import (
    MAP_VALUES, check_state, check_steps, checked_rows, empty_aligned,
)
from conncore.errors import UsageError

IDLE_COST = 50  # a neuron's update costs about as much as 50 synapses, of which 2% are active


cdef double* doubles(array) except? NULL:
    return <double*> <size_t> array.ctypes.data


cdef float* floats(array) except? NULL:
    return <float*> <size_t> array.ctypes.data


cdef int* integers(array) except? NULL:
    return <int*> <size_t> array.ctypes.data


cdef void fill_map(
    SparseMap* target,  # OUT
    source,             # IN
):
    target.n_rows = source.n_rows
    target.n_values = source.n_values
    target.indptr = integers(source.indptr)
    target.indices = integers(source.indices)
    target.slots = NULL


cdef void split_rows(
    Py_ssize_t n_rows,
    const int* indptr,      # IN
    const int* targets,     # IN
    int bound,
    int* splits,            # OUT
    Py_ssize_t stride,
) noexcept nogil:
    """Find the first place of every row whose target is at least `bound`; targets ascend in a row.

    `splits` has `stride` places per row, of which this writes the first.
    """
    cdef Py_ssize_t row
    cdef int low, high, middle
    for row in range(n_rows):
        low, high = indptr[row], indptr[row + 1]
        while low < high:
            middle = low + (high - low) // 2
            if targets[middle] < bound:
                low = middle + 1
            else:
                high = middle
        splits[row * stride] = low


def find_bounds(targets, Py_ssize_t n_neurons, Py_ssize_t n_ranges):
    """(n_ranges + 1,) int32: first neuron of every range, and the end. Ranges are whole chunks and
    take about equal work."""
    n_chunks = (n_neurons + CHUNK - 1) // CHUNK
    if n_ranges == 1:
        return np.array([0, n_chunks * CHUNK], dtype=np.int32)
    received = np.bincount(targets // CHUNK, minlength=n_chunks)
    work = np.cumsum(received + IDLE_COST * CHUNK)
    shares = work[n_chunks - 1] * np.arange(1, n_ranges) / n_ranges
    inner = np.searchsorted(work, shares)
    return (np.concatenate(([0], inner, [n_chunks])) * CHUNK).astype(np.int32)


cdef class EventPopulation:
    cdef EventArgs args
    cdef readonly Py_ssize_t n_members
    cdef readonly Py_ssize_t n_ranges
    cdef readonly int n_threads
    cdef readonly int n_repeats
    cdef Py_ssize_t delay
    cdef Py_ssize_t oldest     # of the delay + 1 lists of senders, that which arrives next
    cdef readonly object topology
    cdef dict _arrays          # what args points into, a row per member
    cdef dict _shared          # what all members share
    cdef tuple _state_names
    cdef object _kernels       # keeps the modules, whose functions args calls, alive
    cdef int busy              # 1 while a thread uses the arrays
    cdef block_fn _step
    cdef block_fn _decode
    cdef block_fn _reset

    def __init__(self, topology, kernels, neuron, values, *, double trace, int n_threads,
                 int n_repeats=1, bint linear=False, int delay=1):
        if topology.rows != "pre":
            raise UsageError("topology: events need a row of synapses per presynaptic neuron")
        values = topology.check_values(values, len(neuron.CONSTANTS), trace, n_threads)
        self.n_members = values["constants"].shape[0]
        if topology.synapses.n_values and not topology.synapses.ascends:
            raise UsageError("topology: events need rows whose indices ascend, each once")
        check_steps(n_repeats, delay)
        self.delay = delay
        self.n_repeats = n_repeats
        self.args.linear = linear
        self._unsafe_init(topology, kernels, neuron, values, trace, n_threads)

    def _unsafe_init(self, topology, kernels, neuron, values, double trace, int n_threads):
        """The rest of __init__, for arguments already checked."""
        cdef EventArgs* args = &self.args
        cdef Py_ssize_t n_neurons = topology.n_neurons
        cdef Py_ssize_t n_padded = (n_neurons + CHUNK - 1) // CHUNK * CHUNK
        cdef Py_ssize_t n_state = len(neuron.STATE)
        self.topology = topology
        self.n_threads = n_threads
        # Each thread takes whole members; where members are fewer than threads, threads share one.
        self.n_ranges = 1 if self.n_members >= n_threads else min(n_threads, n_padded // CHUNK)
        self.n_ranges = max(self.n_ranges, 1)
        self._kernels = (kernels, neuron)
        self._state_names = tuple(neuron.STATE)
        self._share(topology, n_neurons)

        self._arrays = arrays = {}
        for name, array in values.items():
            # A copy: the caller may change the original.
            arrays[name] = array.astype(np.float32 if name in MAP_VALUES else np.float64, order="C")
        arrays["constants"] = np.repeat(values["constants"][:, :, None], LANES, axis=2)
        for name, size in (
            ("state", n_state * n_padded),
            ("y", topology.outputs.size),
            ("current", n_padded),
        ):
            arrays[name] = empty_aligned(self.n_members * size).reshape(self.n_members, size)
        n_lists = self.delay + 1  # those on their way, and the one that a step writes
        arrays["sent_z"] = empty_aligned(n_lists * self.n_members * n_padded)
        for name, size in (("sent", n_padded), ("n_sent", self.n_ranges)):
            arrays[name] = np.zeros(n_lists * self.n_members * size, dtype=np.int32)
        arrays["observations"] = np.zeros((self.n_members, topology.n_obs))
        arrays["actions"] = np.zeros((self.n_members, topology.n_actions))

        args.n_neurons = n_neurons
        args.n_padded = n_padded
        args.n_obs = topology.n_obs
        args.n_actions = topology.n_actions
        args.n_inputs = topology.inputs.size
        args.n_outputs = topology.outputs.size
        args.n_state = n_state
        args.n_constants = len(neuron.CONSTANTS)
        args.n_synapses = topology.synapses.n_values
        args.n_ranges = self.n_ranges
        args.trace = trace
        args.encoder_weights = floats(arrays["encoder_weights"])
        args.encoder_bias = doubles(arrays["encoder_bias"])
        args.synapse_weights = floats(arrays["synapse_weights"])
        args.decoder_weights = floats(arrays["decoder_weights"])
        args.decoder_bias = doubles(arrays["decoder_bias"])
        args.constants = doubles(arrays["constants"])
        args.state = doubles(arrays["state"])
        args.y = doubles(arrays["y"])
        args.current = doubles(arrays["current"])
        args.observations = doubles(arrays["observations"])
        args.actions = doubles(arrays["actions"])
        args.neuron_reset = <neuron_reset_t> PyCapsule_GetPointer(
            neuron.NEURON_RESET, "conncore.neuron_reset")
        args.neuron_step = <neuron_step_t> PyCapsule_GetPointer(
            neuron.NEURON_STEP, "conncore.neuron_step")
        self._step = <block_fn> PyCapsule_GetPointer(kernels.STEP, "conncore.block_fn")
        self._decode = <block_fn> PyCapsule_GetPointer(kernels.DECODE, "conncore.block_fn")
        self._reset = <block_fn> PyCapsule_GetPointer(kernels.RESET, "conncore.block_fn")
        self.reset()

    def _share(self, topology, Py_ssize_t n_neurons):
        """Set what all members share: the synapses, and the part of each row in each range."""
        cdef EventArgs* args = &self.args
        cdef Py_ssize_t part
        synapses = topology.synapses
        bounds = find_bounds(synapses.indices, n_neurons, self.n_ranges)
        order = np.argsort(topology.inputs, kind="stable")
        splits = np.empty((n_neurons, self.n_ranges + 1), dtype=np.int32)
        for part in range(self.n_ranges + 1):
            split_rows(n_neurons, integers(synapses.indptr), integers(synapses.indices),
                       bounds[part], integers(splits) + part, self.n_ranges + 1)
        self._shared = {
            "splits": splits,
            "bounds": bounds,
            "input_order": order.astype(np.int32),
            "output_order": np.argsort(topology.outputs, kind="stable").astype(np.int32),
            "input_bounds": np.searchsorted(topology.inputs[order], bounds).astype(np.int32),
        }
        fill_map(&args.encoder, topology.encoder)
        fill_map(&args.decoder, topology.decoder)
        args.targets = integers(synapses.indices)
        args.splits = integers(splits)
        args.bounds = integers(bounds)
        args.input_order = integers(self._shared["input_order"])
        args.input_bounds = integers(self._shared["input_bounds"])
        args.output_order = integers(self._shared["output_order"])
        args.inputs = integers(topology.inputs)
        args.outputs = integers(topology.outputs)

    def reset(self):
        take(&self.busy)
        try:
            self._arrays["n_sent"][:] = 0
            self._set_lists(0)
            for_each_block(self._reset, &self.args, self.n_members * self.n_ranges, self.n_threads)
        finally:
            self.busy = 0

    cdef _set_lists(self, Py_ssize_t oldest):
        """Point args to the list of senders that arrives next, and to the list to write."""
        cdef EventArgs* args = &self.args
        cdef Py_ssize_t size = self.n_members * args.n_padded
        cdef Py_ssize_t n_counts = self.n_members * self.n_ranges
        cdef Py_ssize_t free = (oldest + self.delay) % (self.delay + 1)
        cdef int* sent = integers(self._arrays["sent"])
        cdef int* n_sent = integers(self._arrays["n_sent"])
        cdef double* sent_z = doubles(self._arrays["sent_z"])
        self.oldest = oldest
        args.sent, args.sending = sent + oldest * size, sent + free * size
        args.sent_z, args.sending_z = sent_z + oldest * size, sent_z + free * size
        args.n_sent, args.n_sending = n_sent + oldest * n_counts, n_sent + free * n_counts

    def act(self, observations):
        cdef EventArgs* args = &self.args
        observations = checked_rows(observations)
        take(&self.busy)
        try:
            rows = self._arrays["observations"]
            if np.shape(observations) != rows.shape:
                raise UsageError(
                    f"observations have shape {np.shape(observations)}, need {rows.shape}")
            rows[:] = observations
            for _ in range(self.n_repeats):
                for_each_block(self._step, args, self.n_members * self.n_ranges, self.n_threads)
                for_each_block(self._decode, args, self.n_members, self.n_threads)
                self._set_lists((self.oldest + 1) % (self.delay + 1))
            return self._arrays["actions"].copy()
        finally:
            self.busy = 0

    def activity(self):
        take(&self.busy)
        try:
            return self._activity(self.delay - 1)
        finally:
            self.busy = 0

    cdef _activity(self, Py_ssize_t age):
        """Activity of the step `age` steps after the oldest one that has not arrived."""
        cdef EventArgs* args = &self.args
        cdef Py_ssize_t place = (self.oldest + age) % (self.delay + 1)
        cdef const int* sent = integers(self._arrays["sent"]) + place * self.n_members * args.n_padded
        cdef const double* sent_z = (
            doubles(self._arrays["sent_z"]) + place * self.n_members * args.n_padded)
        cdef const int* n_sent = (
            integers(self._arrays["n_sent"]) + place * self.n_members * self.n_ranges)
        z = np.zeros((self.n_members, args.n_neurons))
        cdef double* z_of = <double*> <size_t> z.ctypes.data
        cdef Py_ssize_t member, part, first, e
        for member in range(self.n_members):
            for part in range(self.n_ranges):
                first = member * args.n_padded + args.bounds[part]
                for e in range(first, first + n_sent[member * self.n_ranges + part]):
                    z_of[member * args.n_neurons + sent[e]] = sent_z[e]
        return z

    def state(self, name):
        if name not in self._state_names:
            raise UsageError(f"no state {name!r}; this neuron has {list(self._state_names)}")
        take(&self.busy)
        try:
            return self._state(name)
        finally:
            self.busy = 0

    cdef _state(self, name):
        return self._states()[:, :, self._state_names.index(name)].reshape(
            self.n_members, self.args.n_padded)[:, :self.args.n_neurons].copy()

    def _states(self):
        """State as (n_members, n_chunks, n_state, CHUNK), a view."""
        return self._arrays["state"].reshape(
            self.n_members, self.args.n_padded // CHUNK, self.args.n_state, CHUNK)

    def get_state(self):
        named = {name: self.state(name) for name in self._state_names}
        take(&self.busy)
        try:
            named["activity"] = self._activities()
            named["trace"] = self._arrays["y"].copy()
        finally:
            self.busy = 0
        return named

    def _activities(self):
        """Activity of all steps that have not arrived, oldest first, (n_members, delay * n)."""
        cdef Py_ssize_t age
        steps = []
        for age in range(self.delay):
            steps.append(self._activity(age))
        return np.concatenate(steps, axis=1)

    def set_state(self, values):
        cdef EventArgs* args = &self.args
        cdef Py_ssize_t n = args.n_neurons
        cdef Py_ssize_t k
        values = check_state(values, self._state_names, self.n_members, n, args.n_outputs,
                             self._kernels[1].SPIKES, self.delay)
        take(&self.busy)
        try:
            for k, name in enumerate(self._state_names):
                padded = np.zeros((self.n_members, args.n_padded))
                padded[:, :n] = values[name]
                rows = self._states()[:, :, k]
                rows[:] = padded.reshape(rows.shape)
            self._arrays["y"][:] = values["trace"]
            for k in range(self.delay):
                self._set_lists(k)
                self._set_sent(np.ascontiguousarray(values["activity"][:, k * n:(k + 1) * n]))
            self._set_lists(0)
        finally:
            self.busy = 0

    cdef _set_sent(self, activity):
        """List the active neurons of every member, as a step does."""
        cdef EventArgs* args = &self.args
        cdef const double* z = <const double*> <size_t> activity.ctypes.data
        cdef Py_ssize_t member, part, i, first, e
        for member in range(self.n_members):
            for part in range(self.n_ranges):
                first = member * args.n_padded + args.bounds[part]
                e = first
                for i in range(args.bounds[part], min(args.bounds[part + 1], args.n_neurons)):
                    if z[member * args.n_neurons + i] != 0.0:
                        args.sent[e] = <int> i
                        args.sent_z[e] = z[member * args.n_neurons + i]
                        e += 1
                args.n_sent[member * self.n_ranges + part] = <int> (e - first)

    @property
    def status(self):
        take(&self.busy)
        try:
            finite = np.isfinite(self._arrays["y"]).all(axis=1)
            finite &= np.isfinite(self._activities()).all(axis=1)
            for name in self._state_names:
                finite &= np.isfinite(self._state(name)).all(axis=1)
            return (~finite).astype(np.uint8)
        finally:
            self.busy = 0

    @property
    def nbytes(self):
        return sum(array.nbytes for array in self._arrays.values())

    @property
    def shared_nbytes(self):
        synapses = self.topology.synapses
        return synapses.indices.nbytes + synapses.indptr.nbytes + sum(
            array.nbytes for array in self._shared.values())

    def __reduce__(self):
        raise UsageError("networks in the core cannot be pickled or copied; send the Network and "
                         "its genomes, and call network.policy(genomes) there")

    def __repr__(self):
        return (f"<EventPopulation: {self.n_members} members on events, {self.args.n_neurons} "
                f"neurons, {self.topology.synapses.n_values} synapses, {self.nbytes / 1e6:.1f} MB>")
