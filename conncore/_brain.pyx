"""Brains of cells `lif_exp`: a cell is touched when something happens to it.

python/conncore/reference/brain.py states the arithmetic; the bits are equal. Between two events of
a cell (an arrival, an input, a spike) its state is a closed form of the state after the last event,
so a cell that cannot reach its threshold without more input is not looked at.
"""

import numpy as np

from libc.math cimport fabs
from libc.stdlib cimport qsort
from libc.string cimport memcpy

from conncore._block cimport prefetch

cdef enum:
    AWAKE = 1     # on the list of cells that are tested in every step
    TOUCHED = 2   # on the list of cells to bring to rest before the next trial
    MUTE = 4      # its spikes are not sent
    DEAF = 8      # no spike arrives
    CURRENT = 16  # a constant current flows into it
    OF_RUN = MUTE | DEAF | CURRENT
    FEW = 24      # spikes of a step that are sorted by insertion
    AHEAD = 12    # targets that are prefetched before they receive

MUTES, DEAFENS, DRIVES = MUTE, DEAF, CURRENT

SYNAPSE = np.dtype([("target", np.int32), ("weight", np.float32)])
CELL = np.dtype([
    ("x", np.float64), ("g", np.float64), ("next", np.int32), ("free", np.int32),
    ("refractory", np.int32), ("flags", np.int32),
])

cdef struct Synapse:
    int target
    float weight

cdef struct Cell:
    double x         # potential above rest (and above its current), before the update of `next`
    double g         # synaptic input, likewise
    int next         # first step whose update is not in x and g
    int free         # first step after the refractory time
    int refractory   # steps, at least 1
    int flags

cdef struct Decay:
    double x, g, rise, unused  # 32 bytes: one cache line for each look-up

cdef struct Trial:
    Py_ssize_t n_delays, n_kicks, kick, n_awake, n_touched, n_spikes
    int step
    bint keeps               # input that arrives in the refractory time counts
    int last                 # of the tables, which hold 0 there
    double theta, reset      # above rest
    double peak              # the largest `rise`
    double unit              # what one synapse adds to g
    double low               # below theta, as rounding may lift x above its bound by parts in 1e16
    const int* delays        # ascending
    const int* splits        # [cell][delay] and the end: where its synapses of this delay begin
    const Synapse* synapses
    const Decay* decay       # [steps since the event]
    const double* current    # of every cell; read where CURRENT is set
    const int* kick_step
    const int* kick_cell
    const double* kick_size
    Cell* cells
    int* awake
    int* touched
    int* starts              # [step]: number of spikes before it
    int* spikes              # cells, by step and ascending within a step


cdef int* integers(array) except? NULL:
    return <int*> <size_t> array.ctypes.data


cdef double* doubles(array) except? NULL:
    return <double*> <size_t> array.ctypes.data


cdef int compare(const void* a, const void* b) noexcept nogil:
    return (<const int*> a)[0] - (<const int*> b)[0]


cdef void sort(
    int* cells,     # IN/OUT
    Py_ssize_t n,
) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef int cell
    if n > FEW:
        qsort(cells, n, sizeof(int), compare)
        return
    for i in range(1, n):
        cell = cells[i]
        j = i
        while j > 0 and cells[j - 1] > cell:
            cells[j] = cells[j - 1]
            j -= 1
        cells[j] = cell


cdef inline bint can_spike(
    const Trial* trial, const Cell* cell, int c, double x, double g
) noexcept nogil:
    """Whether the cell may reach its threshold without more input: x decays, g adds `peak` at most.

    (x + |x|) / 2 is max(x, 0) without a branch that the processor cannot predict.
    """
    cdef double most = 0.5 * (x + fabs(x) + trial.peak * (g + fabs(g)))
    cdef double low = trial.low
    if cell.flags & CURRENT:
        low -= trial.current[c]
    return most > low


cdef inline double potential(
    const Trial* trial,
    const Cell* cell,
    int end,
    double* g,      # OUT
) noexcept nogil:
    """The cell's x before the update of step `end`, and its g."""
    cdef int start = cell.next, n
    cdef double x = cell.x
    cdef const Decay* decay
    g[0] = cell.g
    if start < cell.free:  # x is frozen there
        n = min(cell.free, end) - start
        g[0] *= trial.decay[min(n, trial.last)].g
        start += n
    n = min(end - start, trial.last)
    if n > 0:
        decay = trial.decay + n
        x = x * decay.x + g[0] * decay.rise
        g[0] *= decay.g
    return x


cdef inline void bring_forward(Trial* trial, Cell* cell, int c, int end) noexcept nogil:
    cdef double g
    if not cell.flags & TOUCHED:
        cell.flags |= TOUCHED
        trial.touched[trial.n_touched] = c
        trial.n_touched += 1
    elif cell.next < end:
        cell.x = potential(trial, cell, end, &g)
        cell.g = g
    cell.next = max(cell.next, end)


cdef inline void wake(Trial* trial, Cell* cell, int c) noexcept nogil:
    if not cell.flags & AWAKE and can_spike(trial, cell, c, cell.x, cell.g):
        cell.flags |= AWAKE
        trial.awake[trial.n_awake] = c
        trial.n_awake += 1


cdef void threshold(Trial* trial) noexcept nogil:
    """Test the cells that are awake: record spikes, and let go of those that cannot spike."""
    cdef Py_ssize_t i = 0
    cdef int c, k = trial.step
    cdef Cell* cell
    cdef double x, g, current
    while i < trial.n_awake:
        c = trial.awake[i]
        cell = trial.cells + c
        if k < cell.free:
            i += 1
            continue
        x = potential(trial, cell, k + 1, &g)
        current = trial.current[c] if cell.flags & CURRENT else 0.0
        if x > trial.theta - current:
            trial.spikes[trial.n_spikes] = c
            trial.n_spikes += 1
            cell.x = trial.reset - current
            cell.g = g = 0.0
            cell.free = k + cell.refractory
            cell.next = k + 1 if trial.keeps else cell.free
            x = cell.x
        if can_spike(trial, cell, c, x, g):
            i += 1
        else:
            cell.flags &= ~AWAKE
            trial.n_awake -= 1
            trial.awake[i] = trial.awake[trial.n_awake]


cdef inline void receive(Trial* trial, const Synapse* synapse) noexcept nogil:
    cdef int c = synapse.target, k = trial.step
    cdef Cell* cell = trial.cells + c
    if cell.flags & DEAF:
        return
    # A spike of this very step resets g after the arrivals, under either rule.
    if k < cell.free and (not trial.keeps or k == cell.free - cell.refractory):
        return
    bring_forward(trial, cell, c, k + 1)
    cell.g += trial.unit * <double> synapse.weight
    if synapse.weight > 0:
        wake(trial, cell, c)


cdef void deliver(Trial* trial) noexcept nogil:
    """Spikes arrive: short delays first, senders ascending, targets ascending."""
    cdef Py_ssize_t m, row
    cdef int sent, e, s, start, end
    for m in range(trial.n_delays):
        sent = trial.step - trial.delays[m]
        if sent < 0:
            return
        for e in range(trial.starts[sent], trial.starts[sent + 1]):
            if trial.cells[trial.spikes[e]].flags & MUTE:
                continue
            row = trial.spikes[e] * trial.n_delays + m
            end = trial.splits[row + 1]
            start = trial.splits[row]
            for s in range(start, min(start + AHEAD, end)):
                prefetch(trial.cells + trial.synapses[s].target)
            for s in range(start, end):
                if s + AHEAD < end:
                    prefetch(trial.cells + trial.synapses[s + AHEAD].target)
                receive(trial, trial.synapses + s)


cdef void kick(Trial* trial) noexcept nogil:
    """Input of this step moves potentials, but not in the refractory time."""
    cdef Cell* cell
    cdef int c
    while trial.kick < trial.n_kicks and trial.kick_step[trial.kick] == trial.step:
        c = trial.kick_cell[trial.kick]
        cell = trial.cells + c
        if trial.step >= cell.free:
            bring_forward(trial, cell, c, trial.step + 1)
            cell.x += trial.kick_size[trial.kick]
            wake(trial, cell, c)
        trial.kick += 1


cdef bint advance(Trial* trial, int end, Py_ssize_t n_room) noexcept nogil:
    """Run the steps up to `end`; stop before a step whose spikes may not fit."""
    while trial.step < end:
        if trial.n_spikes + trial.n_awake > n_room:
            return False
        threshold(trial)
        sort(trial.spikes + trial.starts[trial.step], trial.n_spikes - trial.starts[trial.step])
        trial.starts[trial.step + 1] = <int> trial.n_spikes
        deliver(trial)
        kick(trial)
        trial.step += 1
    return True


cdef class BrainMember:
    """See _brain.pyi."""

    cdef Trial trial
    cdef readonly Py_ssize_t n_cells
    cdef dict _arrays
    cdef object _cells, _flagged

    def __init__(self, synapses, splits, delays, neuron):
        cdef Trial* trial = &self.trial
        cdef Py_ssize_t n_cells = (splits.size - 1) // delays.size
        self.n_cells = n_cells
        self._cells = np.zeros(n_cells, CELL)
        self._flagged = np.zeros(0, np.int32)
        arrays = {
            "synapses": synapses, "splits": splits, "delays": delays,
            "decay": np.stack([neuron.decay_x, neuron.decay_g, neuron.rise, neuron.rise], axis=1),
            "awake": np.empty(n_cells, np.int32), "touched": np.empty(n_cells, np.int32),
            "spikes": np.empty(1024, np.int32), "starts": np.zeros(1, np.int32),
        }
        self._arrays = arrays
        trial.n_delays = delays.size
        trial.keeps = neuron.keeps
        trial.last = neuron.rise.size - 1
        trial.theta, trial.reset, trial.unit = neuron.theta, neuron.reset, neuron.unit
        trial.peak = neuron.rise.max()
        trial.low = (1 - 1e-12) * neuron.theta
        trial.synapses = <const Synapse*> <size_t> synapses.ctypes.data
        trial.splits = integers(splits)
        trial.delays = integers(delays)
        trial.decay = <const Decay*> doubles(arrays["decay"])
        trial.cells = <Cell*> <size_t> self._cells.ctypes.data
        trial.awake = integers(arrays["awake"])
        trial.touched = integers(arrays["touched"])

    def prepare(self, flags, refractory, current):
        """Set what all trials of a run share."""
        cdef Py_ssize_t i
        flags = np.ascontiguousarray(flags, np.int32)
        refractory = np.ascontiguousarray(refractory, np.int32)
        cdef int* flag_of = integers(flags)
        cdef int* steps_of = integers(refractory)
        self._rest()
        for i in range(self.n_cells):
            self.trial.cells[i].flags = flag_of[i]
            self.trial.cells[i].refractory = steps_of[i]
        self._arrays["current"] = current
        self.trial.current = doubles(current)
        self._flagged = np.flatnonzero(current).astype(np.int32)

    def start(self, int n_steps, kick_step, kick_cell, kick_size):
        """Bring all cells to rest, and take the inputs of a new trial."""
        cdef Trial* trial = &self.trial
        cdef int* flagged = integers(self._flagged)
        cdef Py_ssize_t i
        cdef Cell* cell
        self._rest()
        self._arrays |= {"kicks": (kick_step, kick_cell, kick_size)}
        self._arrays["starts"] = np.zeros(n_steps + 1, np.int32)
        trial.starts = integers(self._arrays["starts"])
        trial.spikes = integers(self._arrays["spikes"])
        trial.kick_step = integers(kick_step)
        trial.kick_cell = integers(kick_cell)
        trial.kick_size = doubles(kick_size)
        trial.n_kicks = kick_step.size
        trial.kick = trial.n_spikes = 0
        trial.step = 0
        for i in range(self._flagged.size):
            cell = trial.cells + flagged[i]
            bring_forward(trial, cell, flagged[i], 0)
            cell.x = -trial.current[flagged[i]]
            wake(trial, cell, flagged[i])

    def _rest(self):
        cdef Trial* trial = &self.trial
        cdef Cell* cell
        cdef Py_ssize_t i
        for i in range(trial.n_touched):
            cell = trial.cells + trial.touched[i]
            cell.x = cell.g = 0.0
            cell.next = cell.free = 0
            cell.flags &= OF_RUN
        trial.n_touched = trial.n_awake = 0

    def advance(self, int end):
        """Run the steps up to `end`, and return the number of spikes so far."""
        cdef Trial* trial = &self.trial
        cdef Py_ssize_t n_room = self._arrays["spikes"].size
        cdef bint done = False
        while not done:
            with nogil:
                done = advance(trial, end, n_room)
            if not done:
                grown = np.empty(2 * n_room + trial.n_awake, np.int32)
                memcpy(integers(grown), trial.spikes, trial.n_spikes * sizeof(int))
                self._arrays["spikes"] = grown
                n_room = grown.size
                trial.spikes = integers(grown)
        return trial.n_spikes

    def spikes(self):
        """Steps and cells of the spikes so far."""
        starts = self._arrays["starts"][:self.trial.step + 1]
        steps = np.repeat(np.arange(self.trial.step, dtype=np.int32), np.diff(starts))
        return steps, self._arrays["spikes"][:self.trial.n_spikes].copy()

    @property
    def nbytes(self):
        own = ("awake", "touched", "spikes", "starts")
        return self._cells.nbytes + sum(self._arrays[name].nbytes for name in own)
