"""A connectome, a neuron model and a task's inputs and outputs, as a network that runs genomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore import _kernels
from conncore._events import EventPopulation
from conncore._population import Population
from conncore.connectome import Connectome
from conncore.connectome.signs import unknown_signs
from conncore.errors import UsageError, choose
from conncore.network import batched
from conncore.network.genome import GenomeLayout, Part
from conncore.network.topology import SparseMap, Topology
from conncore.network.wiring import INITIAL_RANGE, LIMIT, WIRINGS
from conncore.neurons.models import NEURONS
from conncore.noise import Stream, uniform
from conncore.tasks.base import Task
from conncore.threads import resolve_threads

Array = NDArray[np.float64]

# exp() of these is a weight from 2e-9 to 22,000: always finite, never zero, so a sign never fades.
LOG_WEIGHT_RANGE = (-20.0, 10.0)

# Where events beat lanes (see `Network.representation`), measured with `conncore bench large`.
FEW_MEMBERS = 4
BLOCK = 16  # members that lanes round up to
EVENTS_FROM = 5_000  # synapses
MOST_LANE_WEIGHTS = 100_000_000  # 0.4 GB


class Network:
    """A connectome as an artificial neural network for a task.

    Dale's law is kept by construction: a synapse weighs ``sign * exp(log_weight)``, and only the
    log weight evolves; unless ``weights="free"`` asks for plain numbers.

    Parameters
    ----------
    connectome : Connectome
        All chemical signs must be known, unless weights are free. Gap junctions are not used.
    task : Task
        Gives the sizes of observations and actions, and the joints of the body.
    neuron : str
        A name in `conncore.neurons.models.NEURONS`: "relu", "lif", "alif", "izhikevich".
    io : str
        "anatomical" (the body plan's wiring, a few shared gains), "dense" (the paper's) or
        "direct" (an observation per input cell, with one gain).
    weights : str
        "shared": two log weights, one for all excitatory and one for all inhibitory synapses.
        "individual": one log weight per synapse. "free": one weight per synapse, of either sign,
        initially from U(-0.3, 0.3): for networks without Dale's law.
    initial_weights : str
        "sign": all synapses of a sign start alike (the paper). "counts": scaled by the
        connectome's weights, relative to their geometric mean; a shared log weight then moves
        all synapses of its sign together.
    log_weights : pair of float, optional
        Initial log weight of excitatory and inhibitory synapses; the neuron model's if None.
    constants : mapping of str to float, optional
        Constants of the neuron model that differ from its defaults.
    tune : sequence of str
        Constants that are part of the genome (one value for the whole network each).
    trace : float, optional
        Low-pass factor of the output activity; the neuron model's if None.
    steps_per_action : int, optional
        Steps of synapses, neurons and trace per control step, with the observation held; the
        neuron model's if None. A layered network of relu neurons with as many layers is
        feed-forward within a control step.
    inputs, outputs : sequence of str, optional
        Names of the cells that dense or direct input/output drives and reads. If None, motor
        neurons and muscles; without a body map all cells, which is a lot of parameters for a
        large network.

    Attributes
    ----------
    layout : GenomeLayout
        Slices of the genome: encoder, encoder_bias, log_weights (free_weights where they are
        free), constants, decoder, decoder_bias.
    topology : Topology
        A row of synapses per postsynaptic cell, all that it receives in ascending order.

    Raises
    ------
    UsageError
        For an unknown name, a constant out of range, or a connectome that cannot be used.
    """

    def __init__(
        self,
        connectome: Connectome,
        task: Task,
        neuron: str = "alif",
        io: str = "anatomical",
        *,
        weights: str = "shared",
        initial_weights: str = "sign",
        log_weights: Sequence[float] | None = None,
        constants: Mapping[str, float] | None = None,
        tune: Sequence[str] = (),
        trace: float | None = None,
        steps_per_action: int | None = None,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> None:
        self.connectome = connectome
        self.task = task
        self.neuron = choose("neuron", neuron, NEURONS)
        self.io = choose("io", io, WIRINGS)
        self.weights = choose("weights", weights, ("shared", "individual", "free"))
        self.initial_weights = choose("initial_weights", initial_weights, ("sign", "counts"))
        model = NEURONS[neuron]
        self.log_weights = _log_weights(model.log_weights if log_weights is None else log_weights)
        self.constants = _constants(neuron, constants or {})
        self.tune = tuple(choose("constant to tune", name, model.constants) for name in tune)
        if len(set(self.tune)) != len(self.tune):
            raise UsageError(f"tune names a constant twice: {', '.join(self.tune)}")
        self.trace = model.trace if trace is None else float(trace)
        if not 0.0 <= self.trace < 1.0:
            raise UsageError(f"trace is {self.trace}, must lie in [0, 1)")
        steps = model.steps_per_action if steps_per_action is None else steps_per_action
        if steps != int(steps) or steps < 1:
            raise UsageError(f"steps_per_action is {steps}, must be a whole number from 1 up")
        self.steps_per_action = int(steps)
        if weights != "free" and connectome.n_unknown:
            raise UsageError(unknown_signs(connectome))
        if weights == "free" and initial_weights != "sign":
            raise UsageError("free weights start at random: leave initial_weights at 'sign'")

        ends = {"inputs": inputs, "outputs": outputs}
        self._ends = {name: list(cells) for name, cells in ends.items() if cells is not None}
        self._wiring = WIRINGS[io](connectome, task, inputs, outputs)
        self._inhibitory = (connectome.sign < 0).astype(np.intp)  # which shared log weight
        self._offset = np.zeros(connectome.n_edges)
        if initial_weights == "counts" and connectome.n_edges:
            log_counts = np.log(connectome.weight)
            self._offset = log_counts - log_counts.mean()
        self.layout = self._make_layout()

    @cached_property
    def _received(self) -> tuple[SparseMap, NDArray[np.int32]]:
        """Synapses with a row per postsynaptic cell, and their order among the connectome's."""
        c = self.connectome
        return SparseMap.from_pairs(c.post, c.pre, c.n_cells, c.n_cells)

    @cached_property
    def topology(self) -> Topology:
        """A row of synapses per postsynaptic cell."""
        return self._topology(self._received[0], "post")

    @cached_property
    def _sending(self) -> Topology:
        """A row of synapses per presynaptic cell: the connectome's own arrays."""
        c = self.connectome
        return self._topology(SparseMap(c.indptr, c.indices, c.n_cells), "pre")

    def _topology(self, synapses: SparseMap, rows: Literal["post", "pre"]) -> Topology:
        wiring = self._wiring
        return Topology(
            wiring.inputs.astype(np.int32),
            wiring.outputs.astype(np.int32),
            wiring.encoder,
            synapses,
            wiring.decoder,
            rows,
        )

    def _make_layout(self) -> GenomeLayout:
        parts = {part.name: part for part in self._wiring.parts}
        if self.weights == "free":
            start = np.zeros(self.connectome.n_edges)
            synapses = Part("free_weights", start, INITIAL_RANGE, -LIMIT, LIMIT)
        else:
            start = np.array(self.log_weights)
            if self.weights == "individual":
                start = start[self._inhibitory] + self._offset
            synapses = Part("log_weights", start, 0.0, *LOG_WEIGHT_RANGE)
        tuned = [NEURONS[self.neuron].constants[name] for name in self.tune]
        return GenomeLayout(
            (
                parts["encoder"],
                parts["encoder_bias"],
                synapses,
                Part(
                    "constants",
                    np.array([self.constants[name] for name in self.tune]),
                    0.0,
                    np.array([constant.lower for constant in tuned]),
                    np.array([constant.upper for constant in tuned]),
                    np.array([constant.unit for constant in tuned]),
                ),
                parts["decoder"],
                parts["decoder_bias"],
            )
        )

    def __repr__(self) -> str:
        return (
            f"<Network of {self.connectome.name}: {self.connectome.n_cells} {self.neuron} "
            f"neurons, {self.connectome.n_edges} synapses, {self.io} input/output, "
            f"{self.layout.n_parameters} parameters ({self.weights} weights)>"
        )

    def describe(self) -> dict[str, object]:
        """The options as plain values; ``Network(connectome, task, **described)`` rebuilds it."""
        return {
            "neuron": self.neuron,
            "io": self.io,
            "weights": self.weights,
            "initial_weights": self.initial_weights,
            "log_weights": list(self.log_weights),
            "constants": dict(self.constants),
            "tune": list(self.tune),
            "trace": self.trace,
            "steps_per_action": self.steps_per_action,
            **self._ends,
        }

    def random_genomes(self, n_members: int, seed: int = 0) -> Array:
        """Draw initial genomes, (n_members, n_parameters) float64.

        Encoder and decoder values are uniform around their start, log weights and constants at
        it. Member m depends on the seed and m alone.
        """
        if n_members < 1:
            raise UsageError(f"n_members is {n_members}, must be at least 1")
        layout = self.layout
        drawn = uniform(range(n_members), layout.n_parameters, seed=seed, stream=Stream.INITIAL)
        return layout.initial + (2.0 * drawn - 1.0) * layout.spread

    def with_individual_weights(self) -> Network:
        """The same network with one log weight per synapse."""
        options: dict[str, object] = {**self.describe(), "weights": "individual"}
        return Network(self.connectome, self.task, **options)  # type: ignore[arg-type]

    def expand(self, genomes: Array) -> Array:
        """Genomes of shared weights as genomes of `with_individual_weights`, the same networks.

        Raises
        ------
        UsageError
            If this network's weights are individual already.
        """
        if self.weights != "shared":
            raise UsageError("expand() needs a network with shared weights; this one's are not")
        parts = self.layout.split(self.layout.check(genomes))
        parts["log_weights"] = self._log_weights_of(parts["log_weights"])
        return np.concatenate(list(parts.values()), axis=1)

    def synapse_weights(self, genomes: Array) -> Array:
        """Signed weights in the connectome's order, (n_members, n_synapses) float64."""
        parts = self.layout.split(self.layout.check(genomes))
        if self.weights == "free":
            free: Array = parts["free_weights"].copy()
            return free
        weights = self._log_weights_of(parts["log_weights"])
        np.exp(weights, out=weights)
        weights *= self.connectome.sign
        return weights

    def _log_weights_of(self, part: Array) -> Array:
        """(n_members, n_synapses) log weights in the connectome's order, a new array."""
        if self.weights == "shared":
            part = part[:, self._inhibitory] + self._offset
        return np.clip(part, *LOG_WEIGHT_RANGE)

    def neuron_constants(self, genomes: Array) -> dict[str, Array]:
        """Constants of each member's neurons, by name, each (n_members,)."""
        tuned = self.layout.split(self.layout.check(genomes))["constants"]
        constants = {name: np.full(len(genomes), value) for name, value in self.constants.items()}
        constants.update(zip(self.tune, tuned.T, strict=True))
        return constants

    def values(self, genomes: Array) -> dict[str, Array]:
        """Values of the topology's maps and biases, each (n_members, n) float64, by name."""
        weights = self.synapse_weights(genomes)[:, self._received[1]]
        return {**self._io_values(genomes), "synapse_weights": weights}

    def _io_values(self, genomes: Array) -> dict[str, Array]:
        parts = self.layout.split(self.layout.check(genomes))
        gathers = self._wiring.gathers
        bias = gathers["decoder_bias"](parts["decoder_bias"])
        if not bias.shape[1]:
            bias = np.zeros((len(genomes), self.task.n_actions))
        return {
            "encoder_weights": gathers["encoder"](parts["encoder"]),
            "encoder_bias": gathers["encoder_bias"](parts["encoder_bias"]),
            "decoder_weights": gathers["decoder"](parts["decoder"]),
            "decoder_bias": bias,
        }

    def representation(self, n_members: int) -> str:
        """How `policy` runs so many members: "lanes" or "events". Results are the same to the bit.

        In lanes (`Population`), 16 members at a time go through all synapses; on events
        (`EventPopulation`), members one by one go through the synapses of the active cells.
        Events are for up to 4 members of a network of 5,000 synapses or more, and for any number
        whose weights would take over 0.4 GB in lanes. With 3 to 9% of the cells active, one member
        is 2.5 to 10 times as fast as in lanes; 4 are about even if every cell is an input, faster
        if few are.
        """
        n_synapses = self.connectome.n_edges
        if n_members <= FEW_MEMBERS and n_synapses >= EVENTS_FROM:
            return "events"
        n_weights = -(-n_members // BLOCK) * BLOCK * n_synapses
        return "events" if n_weights > MOST_LANE_WEIGHTS else "lanes"

    def policy(self, genomes: Array, n_threads: int | None = None) -> Population | EventPopulation:
        """The networks of these genomes, ready to act.

        ``policy.nbytes`` is the memory that the members take; see `representation`.

        Parameters
        ----------
        genomes : (n_members, n_parameters) float64
        n_threads : int, optional
            All usable cores if None. Results do not depend on it.

        Raises
        ------
        UsageError
            For genomes of another shape, or with values that are not finite.
        """
        return self._policy(genomes, n_threads, self.steps_per_action)

    def _policy(
        self, genomes: Array, n_threads: int | None, n_repeats: int
    ) -> Population | EventPopulation:
        genomes = self.layout.check(genomes)
        threads = resolve_threads(n_threads)
        neuron = _kernels.load(self.neuron)
        by_name = self.neuron_constants(genomes)
        constants = np.stack([by_name[name] for name in neuron.CONSTANTS], axis=1)
        if self.representation(len(genomes)) == "lanes":
            return Population(
                self.topology,
                _kernels.load("network"),
                neuron,
                {**self.values(genomes), "constants": constants},
                trace=self.trace,
                n_threads=threads,
                n_repeats=n_repeats,
            )
        weights = self.synapse_weights(genomes)
        return EventPopulation(
            self._sending,
            _kernels.load("events"),
            neuron,
            {**self._io_values(genomes), "synapse_weights": weights, "constants": constants},
            trace=self.trace,
            n_threads=threads,
            n_repeats=n_repeats,
        )

    def respond(
        self, genomes: Array, observations: ArrayLike, n_steps: int, n_threads: int | None = None
    ) -> NDArray[np.float32]:
        """Answers to many observations by matrix products; see `batched.respond`."""
        return batched.respond(self, genomes, observations, n_steps, n_threads)

    def simulate(self, genome: Array, observations: ArrayLike) -> Array:
        """Activity of every neuron while one network sees the given observations.

        Parameters
        ----------
        genome : (n_parameters,) float64
        observations : (n_steps, n_obs)

        Returns
        -------
        (n_steps * steps_per_action, n_neurons) float64
            Activity of relu neurons; spikes, 0 or 1, of the others.
        """
        policy = self._policy(np.atleast_2d(genome), n_threads=1, n_repeats=1)
        rows = np.asarray(observations, dtype=np.float64)
        if rows.ndim != 2:
            raise UsageError(f"observations have shape {rows.shape}, need (n_steps, n_obs)")
        rows = np.repeat(rows, self.steps_per_action, axis=0)
        activity = np.empty((len(rows), self.connectome.n_cells))
        for step, row in enumerate(rows):
            policy.act(row[None])
            activity[step] = policy.activity()[0]
        return activity


def _log_weights(pair: Sequence[float]) -> tuple[float, float]:
    low, high = LOG_WEIGHT_RANGE
    values = tuple(float(value) for value in pair)
    if len(values) != 2 or not all(low <= value <= high for value in values):
        raise UsageError(
            f"log_weights is {list(pair)}, must be two numbers in [{low:g}, {high:g}]: "
            "of excitatory and of inhibitory synapses"
        )
    return values[0], values[1]


def _constants(neuron: str, given: Mapping[str, float]) -> Mapping[str, float]:
    known = NEURONS[neuron].constants
    for name, value in given.items():
        constant = known[choose(f"constant of {neuron}", name, known)]
        if not constant.lower <= value <= constant.upper:
            raise UsageError(
                f"constant {name} of {neuron} is {value}, must lie in "
                f"[{constant.lower:g}, {constant.upper:g}]"
            )
    return MappingProxyType(
        {name: float(given.get(name, constant.default)) for name, constant in known.items()}
    )
