"""`Network`: a connectome with a neuron model, and with inputs and outputs for a task."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cached_property, partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore.connectome import Connectome
from conncore.errors import UsageError, choose, need_count, real_array
from conncore.network import batched
from conncore.network.bias import with_bias
from conncore.network.constants import NeuronConstants
from conncore.network.genome import GenomeLayout
from conncore.network.interface import NetworkTask
from conncore.network.population import Networks, make_population, representation
from conncore.network.recording import record
from conncore.network.summary import network_html
from conncore.network.topology import SparseMap, Topology
from conncore.network.weights import SynapseWeights
from conncore.network.wiring import WIRINGS
from conncore.neurons.models import NEURONS
from conncore.noise import Stream, uniform
from conncore.threads import resolve_threads

Array = NDArray[np.float64]
_LATER = ("bias", "bias_cells", "decoder", "delay")  # options that early versions did not have
Parts = Mapping[str, Array]  # slices of genomes by name, (n_members, n) each


class Network:
    """A connectome as an artificial neural network for a task.

    Dale's law holds by construction: a synapse weighs ``sign * exp(log_weight)``, and only the log
    weight evolves. With ``weights="free"`` there is no such law: a weight may have either sign.

    Parameters
    ----------
    connectome : Connectome
        All chemical signs must be known, unless weights are free. Gap junctions are not used.
    task : Task
        Gives the sizes of observations and actions, and the joints of the body. Every
        `conncore.tasks.Task` fits.
    neuron : str
        A name in `conncore.neurons.models.NEURONS`, such as "alif" or "relu".
    io : str
        How the network is connected to the task: "anatomical" (by the body map, with a few shared
        gains), "dense" (all to all, as in the paper) or "direct" (one observation per input cell,
        with one gain).
    weights : str
        "shared": two log weights, one for all excitatory and one for all inhibitory synapses.
        "individual": one log weight per synapse. "free": one weight per synapse, of either sign,
        initially from U(-0.3, 0.3).
    initial_weights : str
        "sign": all synapses of a sign start with the same weight, as in the paper. "counts": the
        start is scaled by the connectome's weights, relative to their geometric mean. A shared
        log weight then scales all synapses of its sign together.
    log_weights : pair of float, optional
        Initial log weight of excitatory and of inhibitory synapses. None takes the neuron model's.
    constants : mapping of str to float, optional
        Constants of the neuron model that differ from its defaults.
    tune : sequence of str
        Constants that are part of the genome: one value each for the whole network.
    trace : float, optional
        Low-pass factor of the output activity. None takes the neuron model's.
    steps_per_action : int, optional
        Steps of synapses, neurons and trace per control step, with the same observation. None
        takes the neuron model's. If relu neurons form as many layers as there are steps, the
        network is feed-forward within a control step.
    inputs, outputs : sequence of str, optional
        Names of the cells that dense or direct input/output drives and reads. If None, these are
        the motor neurons and the muscles of the body map. Without a body map they are all cells,
        which needs many parameters in a large network.
    bias : str
        Biases of encoder and decoder. "random": they start as the rule of `io` says, for dense
        input/output from U(-0.3, 0.3). "zero": they start at 0. "none": there are none.
    bias_cells : str
        "inputs": the cells that the encoder drives have a bias. "all": so has every other cell.
    decoder : str
        "tanh": actions are the tanh of the decoder's sums. "linear": the sums, clipped to [-1, 1].
    delay : int
        Steps of the neurons from the activity of a cell to its arrival at other cells.

    Attributes
    ----------
    layout : GenomeLayout
        Slices of the genome: encoder, encoder_bias, log_weights (or free_weights), constants,
        decoder, decoder_bias.
    topology : Topology
        A row of synapses per postsynaptic cell: those that the cell receives, in ascending order
        of their presynaptic cells.
    wiring : Wiring
        Encoder and decoder, and how they take their values from the genome.
    synapses : SynapseWeights
        How synapses take their weights from the genome.

    Raises
    ------
    UsageError
        For an unknown name, a constant out of range, or a connectome that cannot be used.
    """

    def __init__(
        self,
        connectome: Connectome,
        task: NetworkTask,
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
        bias: str = "random",
        bias_cells: str = "inputs",
        decoder: str = "tanh",
        delay: int = 1,
    ) -> None:
        self.connectome = connectome
        self.task = task
        self.neuron = choose("neuron", neuron, NEURONS)
        self.io = choose("io", io, WIRINGS)
        model = NEURONS[neuron]
        chosen = model.log_weights if log_weights is None else log_weights
        self.synapses = SynapseWeights(connectome, weights, initial_weights, chosen)
        self.weights, self.initial_weights = self.synapses.kind, self.synapses.initial
        self.log_weights = self.synapses.log_weights
        self._constants = NeuronConstants(neuron, constants or {}, tune)
        self.constants, self.tune = self._constants.start, self._constants.tune
        self.trace = model.trace if trace is None else float(trace)
        if not 0.0 <= self.trace < 1.0:
            raise UsageError(f"trace is {self.trace}, must lie in [0, 1)")
        steps = model.steps_per_action if steps_per_action is None else steps_per_action
        self.steps_per_action = need_count("steps_per_action", steps)
        ends = {"inputs": inputs, "outputs": outputs}
        self._ends = {name: list(cells) for name, cells in ends.items() if cells is not None}
        wiring = WIRINGS[io](connectome, task, inputs, outputs)
        self.wiring = with_bias(wiring, connectome.n_cells, bias, bias_cells)
        self.decoder = choose("decoder", decoder, ("tanh", "linear"))
        self.delay = need_count("delay", delay, 1, 1000)
        self.bias, self.bias_cells = bias, bias_cells
        before, after = self.wiring.parts[:2], self.wiring.parts[2:]
        self.layout = GenomeLayout((*before, self.synapses.part, self._constants.part, *after))

    @cached_property
    def _received(self) -> tuple[SparseMap, NDArray[np.int32]]:
        """The map of synapses, a row per postsynaptic cell, and the edge of each synapse."""
        c = self.connectome
        return SparseMap.from_pairs(c.post, c.pre, c.n_cells, c.n_cells)

    @property
    def synapse_order(self) -> NDArray[np.int32]:
        """Index of the connectome's edge for each synapse of the topology, (n_synapses,)."""
        return self._received[1]

    @cached_property
    def topology(self) -> Topology:
        """A row of synapses per postsynaptic cell."""
        return self.wiring.topology(self._received[0], "post")

    @cached_property
    def _sending(self) -> Topology:
        """A row of synapses per presynaptic cell: the connectome's own arrays."""
        c = self.connectome
        return self.wiring.topology(SparseMap(c.indptr, c.indices, c.n_cells), "pre")

    def __repr__(self) -> str:
        return (
            f"<Network of {self.connectome.name}: {self.connectome.n_cells} {self.neuron} "
            f"neurons, {self.connectome.n_edges} synapses, {self.io} input/output, "
            f"{self.layout.n_parameters} parameters ({self.weights} weights)>"
        )

    _repr_html_ = network_html

    def __reduce__(self) -> tuple[object, ...]:
        """Build it anew when unpickled or copied; nothing else of it needs to be sent."""
        make = partial(type(self), **self.describe())  # type: ignore[arg-type]
        return make, (self.connectome, self.task)

    def describe(self) -> dict[str, object]:
        """The options as plain values; ``Network(connectome, task, **described)`` rebuilds it.

        Options that early versions did not have are named only where they differ from their
        defaults, so that the settings of early runs keep their digests.
        """
        usual = inspect.signature(Network).parameters
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
            **{name: v for name in _LATER if (v := getattr(self, name)) != usual[name].default},
        }

    def random_genomes(self, n_members: int, seed: int = 0) -> Array:
        """Draw initial genomes, (n_members, n_parameters) float64.

        Values of encoder and decoder and free weights are uniform around their start; log weights
        and constants equal their start. Member m depends on the seed and on m alone.

        Raises
        ------
        UsageError
            If `n_members` is below 1.
        """
        need_count("n_members", n_members)
        layout = self.layout
        drawn = uniform(range(n_members), layout.n_parameters, seed=seed, stream=Stream.INITIAL)
        return layout.initial + (2.0 * drawn - 1.0) * layout.spread

    def with_individual_weights(self) -> Network:
        """Return the same network with one log weight per synapse."""
        options: dict[str, object] = {**self.describe(), "weights": "individual"}
        return Network(self.connectome, self.task, **options)  # type: ignore[arg-type]

    def expand(self, genomes: Array) -> Array:
        """Turn genomes of shared weights into genomes of `with_individual_weights`.

        The result stands for the same networks.

        Parameters
        ----------
        genomes : (n_members, n_parameters) float64

        Returns
        -------
        (n_members, n_parameters of the network with individual weights) float64

        Raises
        ------
        UsageError
            If this network's weights are not shared.
        """
        if self.weights != "shared":
            raise UsageError(
                f"expand() needs a network with shared weights; this one has {self.weights} weights"
            )
        parts = self._split(genomes)
        parts["log_weights"] = self.synapses.individual(parts["log_weights"])
        return np.concatenate(list(parts.values()), axis=1)

    def synapse_weights(self, genomes: Array) -> Array:
        """Signed weights in the connectome's order, (n_members, n_synapses) float64."""
        return self.synapses(self._split(genomes)[self.synapses.part.name])

    def neuron_constants(self, genomes: Array) -> dict[str, Array]:
        """Constants of each member's neurons, by name, each (n_members,)."""
        return self._constants(self._split(genomes)["constants"])

    def values(self, genomes: Array) -> dict[str, Array]:
        """Values of the topology's maps and biases, each (n_members, n) float64, by name."""
        return self._values_of(self._split(genomes))

    def _split(self, genomes: Array) -> dict[str, Array]:
        """Check genomes and split them. Methods that take the parts check nothing."""
        return self.layout.split(self.layout.check(genomes))

    def _values_of(self, parts: Parts, sent: bool = False) -> dict[str, Array]:
        """As `values`; if `sent`, synapses are in the connectome's order, as in `_sending`."""
        weights = self.synapses(parts[self.synapses.part.name])
        weights = weights if sent else weights[:, self.synapse_order]
        return {**self.wiring.values(parts), "synapse_weights": weights}

    def representation(self, n_members: int) -> str:
        """How `policy` runs so many members: "lanes", "events", or "numpy" if there is no kernel.

        All give the same results to the bit. In lanes (`Population`), 16 members at a time go
        through all synapses. On events (`EventPopulation`), one member at a time goes through the
        synapses of the active cells. Events run up to 4 members of a network of 5,000 synapses or
        more, and any number of members whose weights would take over 0.4 GB in lanes. With 3 to 9%
        of the cells active, one member is 2.5 to 10 times as fast as in lanes. Four members are
        about as fast as in lanes if every cell is an input, and faster if few cells are.
        """
        return representation(self.neuron, n_members, self.connectome.n_edges)

    def policy(self, genomes: Array, n_threads: int | None = None) -> Networks:
        """The networks of these genomes, ready to act; ``policy.nbytes`` is their memory.

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

    def _policy(self, genomes: Array, n_threads: int | None, n_repeats: int) -> Networks:
        parts = self._split(genomes)
        lanes = self.representation(len(genomes)) != "events"
        return make_population(
            self.topology if lanes else self._sending,
            self.neuron,
            self._values_of(parts, sent=not lanes),
            self._constants(parts["constants"]),
            trace=self.trace,
            n_threads=resolve_threads(n_threads),
            n_repeats=n_repeats,
            linear=self.decoder == "linear",
            delay=self.delay,
        )

    def respond(
        self, genomes: Array, observations: ArrayLike, n_steps: int, n_threads: int | None = None
    ) -> NDArray[np.float32]:
        """The answers of every network to every observation, by matrix products in float32.

        For each observation a network starts at rest and receives the observation for `n_steps`
        control steps. Its answer is the decoder's sums before tanh, added up over these steps.

        Parameters
        ----------
        genomes : (n_members, n_parameters) float64
        observations : (n_observations, n_obs)
            All finite.
        n_steps : int
            Control steps that an observation is held for.
        n_threads : int, optional
            All usable cores if None. Results do not depend on it.

        Returns
        -------
        (n_members, n_observations, n_actions) float32
            NaN where a neuron's state became non-finite.

        Raises
        ------
        UsageError
            For an argument of another shape or range.
        """
        genomes = self.layout.check(genomes)

        def member_values(some: slice) -> tuple[dict[str, Array], dict[str, Array]]:
            parts = self.layout.split(genomes[some])
            return self._values_of(parts), self._constants(parts["constants"])

        return batched.respond(
            self.topology,
            NEURONS[self.neuron],
            len(genomes),
            member_values,
            observations,
            n_steps,
            trace=self.trace,
            steps_per_action=self.steps_per_action,
            delay=self.delay,
            n_threads=resolve_threads(n_threads),
        )

    def simulate(self, genome: Array, observations: ArrayLike) -> Array:
        """Activity of every neuron while one network receives the given observations.

        Parameters
        ----------
        genome : (n_parameters,) float64
        observations : (n_steps, n_obs)

        Returns
        -------
        (n_steps * steps_per_action, n_neurons) float64
            Activity of relu neurons; spikes, 0 or 1, of the others.

        Raises
        ------
        UsageError
            For a genome or observations of another shape, or a genome that is not finite.

        Warns
        -----
        NotFiniteWarning
            If the state of a neuron became infinite or NaN.
        """
        genomes = np.atleast_2d(real_array("genome", genome))
        policy = self._policy(genomes, n_threads=1, n_repeats=1)
        return record(policy, observations, self.steps_per_action, self.connectome.n_cells)
