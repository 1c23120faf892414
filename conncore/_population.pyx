"""Networks of many members in lanes: owns the arrays, checks them once, and runs the kernels."""

from cpython.pycapsule cimport PyCapsule_GetPointer

import numpy as np

from conncore._block cimport LANES, block_fn, spikes_t
from conncore._network cimport NetworkArgs, SparseMap, neuron_reset_t, neuron_step_t
from conncore._parallel cimport for_each_block, take

from conncore.errors import UsageError, real_array

CACHE = 8 * 2**20  # bytes; larger arrays do not stay in the fast caches from one step to the next
ALIGNMENT = 64  # bytes: a cache line, and the widest vector
MAP_VALUES = ("encoder_weights", "synapse_weights", "decoder_weights")


def empty_aligned(Py_ssize_t count, dtype=np.float64):
    """Uninitialised (count,) of `dtype`, aligned to a cache line."""
    cdef Py_ssize_t itemsize = np.dtype(dtype).itemsize
    raw = np.empty(count + ALIGNMENT // itemsize, dtype=dtype)
    cdef Py_ssize_t skip = (-raw.ctypes.data % ALIGNMENT) // itemsize
    return raw[skip:skip + count]


def empty_lanes(Py_ssize_t n_blocks, Py_ssize_t n_items, dtype=np.float64):
    """Uninitialised (n_blocks, n_items, LANES) of `dtype`, aligned to a cache line."""
    return empty_aligned(n_blocks * n_items * LANES, dtype).reshape(n_blocks, n_items, LANES)


def to_lanes(values, dtype=np.float64):
    """(n_members, n_items) to (n_blocks, n_items, LANES) of `dtype`; the last block is filled up
    with its last member, whose copies nobody reads."""
    n_members, n_items = values.shape
    n_blocks = (n_members + LANES - 1) // LANES
    lanes = empty_lanes(n_blocks, n_items, dtype)
    whole = n_members // LANES
    lanes[:whole] = values[:whole * LANES].reshape(whole, LANES, n_items).transpose(0, 2, 1)
    if whole < n_blocks:
        rest = n_members - whole * LANES
        lanes[whole, :, :rest] = values[whole * LANES:].T
        lanes[whole, :, rest:] = values[n_members - 1][:, None]
    return lanes


def from_lanes(lanes, Py_ssize_t n_members):
    """(n_blocks, n_items, LANES) to (n_members, n_items), a copy."""
    n_blocks, n_items, _ = lanes.shape
    return lanes.transpose(0, 2, 1).reshape(n_blocks * LANES, n_items)[:n_members].copy()


cdef double* pointer(array) except? NULL:
    return <double*> <size_t> array.ctypes.data


def shared_slots(values):
    """(slots, distinct values) of (n_members, n_values), so that equal columns are stored once."""
    slots = np.arange(values.shape[1], dtype=np.intc)
    sample = values[0, :1000]  # enough to recognize most maps without shared values
    if 2 * np.unique(sample).size > sample.size:
        return slots, values
    _, first, inverse = np.unique(values[0], return_index=True, return_inverse=True)
    distinct = values[:, first]
    if np.array_equal(distinct[:, inverse], values):
        return inverse.astype(np.intc), distinct
    return slots, values


cdef void fill_map(
    SparseMap* target,      # OUT
    source,                 # IN
    slots,                  # IN
    Py_ssize_t n_values,
    starts,                 # IN
):
    target.n_rows = source.n_rows
    target.n_values = n_values
    target.slots = <const int*> <size_t> slots.ctypes.data
    target.starts = <const int*> <size_t> starts.ctypes.data
    target.indptr = <const int*> <size_t> source.indptr.ctypes.data
    target.indices = <const int*> <size_t> source.indices.ctypes.data


def checked_rows(observations):
    """Observations as an array of real numbers; one of float64 at no cost."""
    if type(observations) is np.ndarray and observations.dtype == np.float64:
        return observations
    return real_array("observations", observations)


def check_steps(int n_repeats, int delay):
    for name, number in (("n_repeats", n_repeats), ("delay", delay)):
        if number < 1:
            raise UsageError(f"{name} is {number}, must be at least 1")


def check_state(values, names, Py_ssize_t n_members, Py_ssize_t n_neurons, Py_ssize_t n_outputs,
                bint spikes, Py_ssize_t delay):
    """What `set_state` takes as arrays, (n_members, n) float64."""
    needed = (*names, "activity", "trace")
    if set(values) != set(needed):
        raise UsageError(f"state has {sorted(values)}, needs {sorted(needed)}")
    checked = {}
    for name in needed:
        array = np.asarray(real_array(f"state {name!r}", values[name]), dtype=np.float64)
        size = n_outputs if name == "trace" else n_neurons
        shape = (n_members, delay * size if name == "activity" else size)
        if array.shape != shape:
            raise UsageError(f"state {name!r} has shape {array.shape}, needs {shape}")
        checked[name] = array
    if spikes and not np.isin(checked["activity"], (0.0, 1.0)).all():
        raise UsageError("state 'activity' of neurons that spike must be 0 or 1")
    return checked


cdef class Population:
    def __init__(self, topology, kernels, neuron, values, *, double trace, int n_threads,
                 int n_repeats=1, bint linear=False, int delay=1):
        if topology.rows != "post":
            raise UsageError("topology: lanes need a row of synapses per postsynaptic neuron")
        values = topology.check_values(values, len(neuron.CONSTANTS), trace, n_threads)
        self.n_members = values["constants"].shape[0]
        check_steps(n_repeats, delay)
        self.args.delay = delay
        self.args.linear = linear
        self._unsafe_init(topology, kernels, neuron, values, trace, n_threads, n_repeats)

    def _unsafe_init(self, topology, kernels, neuron, values, double trace, int n_threads,
                     int n_repeats):
        """The rest of __init__, for arguments already checked."""
        self.topology = topology
        self.n_threads = n_threads
        self.n_blocks = (self.n_members + LANES - 1) // LANES
        self._kernels = (kernels, neuron)
        self._state_names = tuple(neuron.STATE)
        cdef Py_ssize_t n_neurons = topology.n_neurons
        self._arrays = arrays = {}
        for name, array in values.items():
            is_map = name in MAP_VALUES
            if is_map:
                arrays[name + " slots"], array = shared_slots(array)
            arrays[name] = to_lanes(array, np.float32 if is_map else np.float64)
        for name, size in (
            ("state", len(neuron.STATE) * n_neurons),
            ("y", topology.outputs.size),
            ("drive", topology.inputs.size + 1),
            ("obs_lanes", topology.n_obs),
            ("action_lanes", topology.n_actions),
        ):
            arrays[name] = empty_lanes(self.n_blocks, size)
        padded = self.n_blocks * LANES
        arrays["observations"] = np.zeros((padded, topology.n_obs))
        arrays["actions"] = np.zeros((padded, topology.n_actions))

        cdef NetworkArgs* args = &self.args
        args.n_neurons = n_neurons
        args.n_inputs = topology.inputs.size
        args.n_outputs = topology.outputs.size
        args.n_obs = topology.n_obs
        args.n_actions = topology.n_actions
        args.n_state = len(neuron.STATE)
        args.n_constants = len(neuron.CONSTANTS)
        args.n_repeats = n_repeats
        args.trace = trace
        starts = np.arange(max(topology.inputs.size, topology.n_actions), dtype=np.intc)
        drive_rows = np.full(n_neurons, topology.inputs.size, dtype=np.intc)
        drive_rows[topology.inputs.astype(np.intp)] = starts[:topology.inputs.size]
        arrays["starts"], arrays["drive rows"] = starts, drive_rows
        fill_map(&args.encoder, topology.encoder, arrays["encoder_weights slots"],
                 arrays["encoder_weights"].shape[1], starts)
        fill_map(&args.synapses, topology.synapses, arrays["synapse_weights slots"],
                 arrays["synapse_weights"].shape[1], drive_rows)
        fill_map(&args.decoder, topology.decoder, arrays["decoder_weights slots"],
                 arrays["decoder_weights"].shape[1], starts)
        args.outputs = <const int*> <size_t> topology.outputs.ctypes.data
        self._streams = arrays["synapse_weights"].nbytes + arrays["state"].nbytes > CACHE
        args.encoder_weights = <const float*> pointer(arrays["encoder_weights"])
        args.encoder_bias = pointer(arrays["encoder_bias"])
        args.synapse_weights = <const float*> pointer(arrays["synapse_weights"])
        args.decoder_weights = <const float*> pointer(arrays["decoder_weights"])
        args.decoder_bias = pointer(arrays["decoder_bias"])
        args.constants = pointer(arrays["constants"])
        args.state = pointer(arrays["state"])
        args.y = pointer(arrays["y"])
        args.z = args.current = NULL
        args.spikes = NULL
        if neuron.SPIKES:
            arrays["spikes"] = np.empty((self.n_blocks, args.delay + 1, n_neurons), dtype=np.uint16)
            args.spikes = <spikes_t*> pointer(arrays["spikes"])
        else:
            for name, size in (("z", args.delay * n_neurons), ("current", n_neurons)):
                arrays[name] = empty_lanes(self.n_blocks, size)
            args.z = pointer(arrays["z"])
            args.current = pointer(arrays["current"])
        arrays["places"] = np.zeros(self.n_blocks, dtype=np.intp)
        args.places = <Py_ssize_t*> <size_t> arrays["places"].ctypes.data
        args.drive = pointer(arrays["drive"])
        args.obs_lanes = pointer(arrays["obs_lanes"])
        args.action_lanes = pointer(arrays["action_lanes"])
        args.observations = pointer(arrays["observations"])
        args.actions = pointer(arrays["actions"])
        args.neuron_reset = <neuron_reset_t> PyCapsule_GetPointer(
            neuron.NEURON_RESET, "conncore.neuron_reset")
        args.neuron_step = <neuron_step_t> PyCapsule_GetPointer(
            neuron.NEURON_STEP, "conncore.neuron_step")
        self._act = <block_fn> PyCapsule_GetPointer(kernels.ACT, "conncore.block_fn")
        self._reset = <block_fn> PyCapsule_GetPointer(kernels.RESET, "conncore.block_fn")
        self.reset()

    def reset(self):
        take(&self.busy)
        try:
            for_each_block(self._reset, &self.args, self.n_blocks, self.n_threads)
        finally:
            self.busy = 0

    def act(self, observations):
        observations = checked_rows(observations)
        take(&self.busy)
        try:
            rows = self._arrays["observations"]
            shape = (self.n_members, rows.shape[1])
            if np.shape(observations) != shape:
                raise UsageError(f"observations have shape {np.shape(observations)}, need {shape}")
            rows[:self.n_members] = observations
            rows[self.n_members:] = rows[self.n_members - 1]
            self.args.streams = self._streams
            for_each_block(self._act, &self.args, self.n_blocks, self.n_threads)
            return self._arrays["actions"][:self.n_members].copy()
        finally:
            self.busy = 0

    def activity(self):
        take(&self.busy)
        try:
            return self._activity(self.args.delay - 1)
        finally:
            self.busy = 0

    def _activity(self, Py_ssize_t age):
        """Activity of the step `age` steps after the oldest one that has not arrived."""
        rows = (self._arrays["places"] + age) % self.args.delay
        blocks = np.arange(self.n_blocks)
        if self.args.spikes == NULL:
            steps = self._arrays["z"].reshape(
                self.n_blocks, self.args.delay, self.args.n_neurons, LANES)
            return from_lanes(steps[blocks, rows], self.n_members)
        bits = self._arrays["spikes"][blocks, rows][:, :, None] >> np.arange(LANES, dtype=np.uint16)
        return from_lanes((bits & 1).astype(np.float64), self.n_members)

    def state(self, name):
        take(&self.busy)
        try:
            if name not in self._state_names:
                raise UsageError(f"no state {name!r}; this neuron has {list(self._state_names)}")
            n_neurons = self.args.n_neurons
            start = self._state_names.index(name) * n_neurons
            return from_lanes(self._arrays["state"][:, start:start + n_neurons], self.n_members)
        finally:
            self.busy = 0

    def get_state(self):
        cdef Py_ssize_t age
        named = {name: self.state(name) for name in self._state_names}
        take(&self.busy)
        try:
            steps = []
            for age in range(self.args.delay):
                steps.append(self._activity(age))
            named["activity"] = np.concatenate(steps, axis=1)
        finally:
            self.busy = 0
        named["trace"] = from_lanes(self._arrays["y"], self.n_members)
        return named

    def set_state(self, values):
        cdef Py_ssize_t n = self.args.n_neurons
        cdef Py_ssize_t k
        spikes = self.args.spikes != NULL
        values = check_state(values, self._state_names, self.n_members, n, self.args.n_outputs,
                             spikes, self.args.delay)
        take(&self.busy)
        try:
            for k, name in enumerate(self._state_names):
                self._arrays["state"][:, k * n:(k + 1) * n] = to_lanes(values[name])
            self._arrays["y"][:] = to_lanes(values["trace"])
            z = to_lanes(values["activity"])
            if spikes:
                bits = z.astype(np.uint16) << np.arange(LANES, dtype=np.uint16)
                rows = self._arrays["spikes"][:, :self.args.delay].reshape(self.n_blocks, -1)
                np.bitwise_or.reduce(bits, axis=2, out=rows)
                self._arrays["spikes"][:, :self.args.delay] = rows.reshape(
                    self.n_blocks, self.args.delay, n)
            else:
                self._arrays["z"][:] = z
            self._arrays["places"][:] = 0
        finally:
            self.busy = 0

    @property
    def status(self):
        take(&self.busy)
        try:
            finite = np.ones((self.n_blocks, LANES), dtype=bool)
            for name in ("state", "y") if self.args.z == NULL else ("state", "z", "y"):
                finite &= np.isfinite(self._arrays[name]).all(axis=1)
            return (~finite).reshape(-1)[:self.n_members].astype(np.uint8)
        finally:
            self.busy = 0

    @property
    def nbytes(self):
        return sum(array.nbytes for array in self._arrays.values())

    def __reduce__(self):
        raise UsageError("networks in the core cannot be pickled or copied; send the Network and "
                         "its genomes, and call network.policy(genomes) there")

    def __repr__(self):
        return (f"<Population: {self.n_members} members in lanes, {self.args.n_neurons} neurons, "
                f"{self.topology.synapses.n_values} synapses, {self.nbytes / 1e6:.1f} MB>")
