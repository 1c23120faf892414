"""Simulates a connectome with its own synapse counts as weights, in many trials."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore._brain import DEAFENS, DRIVES, MUTES, BrainMember
from conncore.connectome import Connectome
from conncore.errors import choose, need, need_count, need_positive
from conncore.noise import check_seed
from conncore.simulation.findings import find_problems
from conncore.simulation.inputs import Cells, Inputs, make_inputs
from conncore.simulation.lif_exp import LifExp
from conncore.simulation.result import Simulation
from conncore.simulation.wiring import wire
from conncore.threads import resolve_threads

#: What a silenced cell does not do: send spikes ("outgoing"), or send and receive them ("both").
SILENCE_MODES = ("outgoing", "both")
_MOST_STEPS = 2**30
_RATE_WINDOW, _SLICE = 100.0, 1000.0  # ms between two looks at the rate, and at Ctrl-C


@dataclass(frozen=True, eq=False)
class _Trial:
    number: int
    n_steps: int
    step: NDArray[np.int32]
    cell: NDArray[np.int32]


class Simulator:
    """A connectome of cells `lif_exp`, built once and run many times.

    An edge adds its weight (the number of its synapses) times its sign times ``neuron.w_syn`` to
    the synaptic input of its target. Gap junctions are left out. Weights are rounded to float32;
    all else is float64. A cell costs time only if something happens to it.

    Parameters
    ----------
    connectome : Connectome
        All signs must be known.
    neuron : LifExp
        The constants of all cells.
    dt : float
        Length of a step, ms.
    delays : (n_edges,) float, optional
        The delay of each edge, ms, in the connectome's order, rounded to whole steps. Default:
        ``neuron.delay`` for all edges.

    Raises
    ------
    UsageError
        If signs are unknown, or a constant or delay is out of range.

    Examples
    --------
    >>> worm = cc.load("celegans-haspel2011")
    >>> simulator = cc.Simulator(worm)
    >>> found = simulator.run(activate=worm.select(match="^DB"), rate=150, trials=5, duration=0.2)
    >>> found.counts().sum()
    np.int64(886)
    """

    def __init__(
        self,
        connectome: Connectome,
        neuron: LifExp | None = None,
        *,
        dt: float = 0.1,
        delays: ArrayLike | None = None,
    ) -> None:
        self.connectome = connectome
        self.neuron = LifExp() if neuron is None else neuron
        self.dt = dt
        self.delays = delays
        self._tables = self.neuron.tables(dt)
        self._synapses = wire(connectome, self._tables.delay, dt, delays)
        self._cells = Cells(connectome)
        self._idle: list[BrainMember] = []

    def run(
        self,
        *,
        activate: Sequence[str] | Mapping[str, float] | None = None,
        rate: float = 150.0,
        input_spikes: Mapping[str, ArrayLike] | None = None,
        current: Mapping[str, float] | None = None,
        silence: Sequence[str] | None = None,
        silence_mode: str = "outgoing",
        duration: float = 1.0,
        input_until: float | None = None,
        trials: int = 30,
        seed: int = 0,
        stop_above: float | None = None,
        n_threads: int | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Simulation:
        """Simulate trials that begin at rest.

        Parameters
        ----------
        activate : sequence of str, or mapping of str to float
            Cells that receive Poisson input spikes at `rate`, or the rate of each cell, Hz. Such a
            cell has no refractory time, as in Shiu et al. 2024.
        rate : float
            Hz, from 0 to one input spike in every step.
        input_spikes : mapping of str to array of float
            Times of input spikes of each cell, s, the same in all trials. These cells have no
            refractory time either.
        current : mapping of str to float
            A constant input of each cell, mV: its potential then decays to v_rest + current.
        silence : sequence of str, optional
            Cells to silence.
        silence_mode : {"outgoing", "both"}
            "outgoing": the cells still spike, but their spikes reach no cell. "both": no spike
            reaches the silenced cells either. The inputs above do.
        duration : float
            Simulated time of a trial, s.
        input_until : float, optional
            Time of the last Poisson input, s. Default: the end.
        trials : int
            Number of trials. Trial i depends only on the seed and on i.
        seed : int
            Seed of the Poisson input.
        stop_above : float, optional
            Stop a trial if the mean rate of all cells in 0.1 s exceeds this rate, Hz.
        n_threads : int, optional
            Threads that share the trials. Default: all cores. The result does not depend on it.
        progress : callable, optional
            Called with the number of finished trials and of all trials.

        Returns
        -------
        Simulation
            If Ctrl-C stops the run, the trials that were finished.

        Raises
        ------
        UsageError
            If an argument is out of range, or a name is not a cell's.
        KeyboardInterrupt
            If Ctrl-C stops the run before any trial is finished.
        """
        n_steps = self._steps("duration", duration)
        n_driven = n_steps if input_until is None else self._steps("input_until", input_until)
        need(n_driven <= n_steps, f"input_until is {input_until} s, after the end ({duration} s)")
        trials, seed = need_count("trials", trials), check_seed(seed)
        choose("silence mode", silence_mode, SILENCE_MODES)
        if stop_above is not None:
            need_positive("stop_above", stop_above)
        inputs = make_inputs(
            self._cells,
            self.connectome.n_cells,
            activate=activate,
            rate=rate,
            input_spikes=input_spikes,
            current=current,
            size=self._tables.kick,
            dt=self.dt,
            n_steps=n_steps,
            n_driven=n_driven,
        )
        shared = self._shared(inputs, silence, silence_mode)
        work = _Work(self, inputs, shared, n_steps, seed, stop_above)
        n_threads = min(resolve_threads(n_threads), trials)
        done, stopped = work.all(trials, n_threads, progress)
        return self._collect(done, trials, stopped, inputs, n_steps)

    def _steps(self, name: str, seconds: float) -> int:
        need_positive(name, seconds)
        n_steps = round(seconds * 1000 / self.dt) if seconds < 1e9 else _MOST_STEPS
        ok = 1 <= n_steps < _MOST_STEPS
        need(ok, f"{name} is {seconds} s; give 1 to {_MOST_STEPS - 1} steps of {self.dt} ms")
        return n_steps

    def _shared(
        self, inputs: Inputs, silence: Sequence[str] | None, mode: str
    ) -> tuple[NDArray[Any], ...]:
        """Flags, refractory times and currents of all cells."""
        n_cells = self.connectome.n_cells
        flags = np.zeros(n_cells, np.int32)
        if silence is not None:
            flags[self._cells.find("silence", silence)] = MUTES | (DEAFENS * (mode == "both"))
        flags[inputs.current != 0] |= DRIVES
        refractory = np.full(n_cells, max(1, self._tables.refractory), np.int32)
        refractory[inputs.cells] = 1
        return flags, refractory, inputs.current

    def _collect(
        self,
        done: list[_Trial],
        n_asked: int,
        stopped: bool,
        inputs: Inputs,
        n_steps: int,
    ) -> Simulation:
        done.sort(key=lambda trial: trial.number)
        numbers = np.array([trial.number for trial in done], np.int32)
        found = Simulation(
            connectome=self.connectome,
            dt=self.dt,
            trials=numbers,
            n_steps=np.array([trial.n_steps for trial in done], np.int32),
            step=np.concatenate([trial.step for trial in done]),
            cell=np.concatenate([trial.cell for trial in done]),
            trial=np.repeat(numbers, [trial.cell.size for trial in done]),
        )
        problems = find_problems(found, inputs, n_steps)
        if stopped:
            problems = (f"interrupted: {len(done)} of {n_asked} trials finished", *problems)
        object.__setattr__(found, "problems", problems)
        return found


class _Work:
    """The trials of one run, shared by threads. Each thread has a member of its own."""

    def __init__(
        self,
        simulator: Simulator,
        inputs: Inputs,
        shared: tuple[NDArray[Any], ...],
        n_steps: int,
        seed: int,
        stop_above: float | None,
    ) -> None:
        self.simulator, self.inputs, self.shared = simulator, inputs, shared
        self.n_steps, self.seed = n_steps, seed
        self.slice = max(1, round((_SLICE if stop_above is None else _RATE_WINDOW) / simulator.dt))
        seconds = self.slice * simulator.dt / 1000
        n_cells = simulator.connectome.n_cells
        self.most = None if stop_above is None else stop_above * n_cells * seconds
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.found: SimpleQueue[_Trial | BaseException] = SimpleQueue()

    def all(
        self, n_trials: int, n_threads: int, progress: Callable[[int, int], object] | None
    ) -> tuple[list[_Trial], bool]:
        """Run all trials; return the finished ones, and whether Ctrl-C stopped the others."""
        self.numbers = iter(range(n_trials))
        done: list[_Trial] = []
        with ThreadPoolExecutor(n_threads) as pool:
            for _ in range(n_threads):
                pool.submit(self.some)
            try:
                while len(done) < n_trials:
                    trial = self.found.get()
                    if isinstance(trial, BaseException):
                        raise trial
                    done.append(trial)
                    if progress is not None:
                        progress(len(done), n_trials)
            except KeyboardInterrupt:
                if not done:
                    raise
            finally:
                self.stopping.set()
        return done, len(done) < n_trials

    def some(self) -> None:
        """Run trials until none is left; this is the work of a thread."""
        try:
            member = self.take()
            while (number := self.next()) is not None:
                trial = self.one(member, number)
                if trial is not None:
                    self.found.put(trial)
            self.simulator._idle.append(member)
        except BaseException as error:  # the thread that waits for the trials raises it
            self.found.put(error)

    def next(self) -> int | None:
        """The number of the next trial; None if there is none, or the run is to stop."""
        with self.lock:
            return None if self.stopping.is_set() else next(self.numbers, None)

    def one(self, member: BrainMember, number: int) -> _Trial | None:
        """Run a trial; None if the run is stopped before its end."""
        member.start(self.n_steps, *self.inputs.kicks(self.seed, number))
        n_spikes = step = 0
        while step < self.n_steps:
            if self.stopping.is_set():
                return None
            step = min(step + self.slice, self.n_steps)
            before, n_spikes = n_spikes, member.advance(step)
            if self.most is not None and n_spikes - before > self.most:
                break
        return _Trial(number, step, *member.spikes())

    def take(self) -> BrainMember:
        """A member that no other thread has."""
        simulator = self.simulator
        try:
            member = simulator._idle.pop()
        except IndexError:
            wiring = simulator._synapses
            member = BrainMember(wiring.synapses, wiring.splits, wiring.delays, simulator._tables)
        member.prepare(*self.shared)
        return member


def simulate(
    connectome: Connectome,
    neuron: LifExp | None = None,
    *,
    dt: float = 0.1,
    delays: ArrayLike | None = None,
    **options: Any,
) -> Simulation:
    """Simulate a connectome once; the arguments are those of `Simulator` and `Simulator.run`.

    Examples
    --------
    >>> worm = cc.load("celegans-haspel2011")
    >>> found = cc.simulate(worm, activate=worm.select(match="^DB"), trials=2, duration=0.2)
    >>> [row.group for row in found.table("class")]
    ['DB', 'VD', 'AS', 'DA', 'DD', 'VB', 'VA', 'MDlr', 'MVlr']
    """
    return Simulator(connectome, neuron, dt=dt, delays=delays).run(**options)
