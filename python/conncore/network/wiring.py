"""How observations reach neurons and how neurons reach actions: dense, direct or anatomical.

In all three the encoder and the decoder are sparse linear maps followed by tanh. Their values come
from slices of the genome: ``values = parameters[index] * scale``. So the kernels need one form, and
many cells can share one parameter of the genome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.select import ends
from conncore.errors import UsageError
from conncore.network.genome import Part
from conncore.network.interface import NetworkTask
from conncore.network.topology import SparseMap, Topology
from conncore.registry import Registry

INITIAL_RANGE = 0.3  # encoder and decoder start from U(-0.3, 0.3), the paper's
LIMIT = 1e3  # keeps evolved encoder and decoder values finite

Index = NDArray[np.integer]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gather:
    """Values of a map, taken from parameters: ``parameters[:, index] * scale``."""

    index: Index
    scale: Values

    def __call__(self, parameters: Values) -> Values:
        return parameters[:, self.index] * self.scale


@dataclass(frozen=True, eq=False)
class Wiring:
    """Encoder and decoder of a network.

    Attributes
    ----------
    inputs, outputs : (n_inputs,), (n_outputs,) int
        Cells that the encoder drives and cells that the decoder reads.
    encoder, decoder : SparseMap
    parts : tuple of Part
        The slices "encoder", "encoder_bias", "decoder", "decoder_bias" of the genome, in this
        order. A slice that the wiring does not use has size 0.
    gathers : mapping of str to Gather
        For each slice, how the values of the map or of its bias come from it.
    """

    inputs: Index
    outputs: Index
    encoder: SparseMap
    decoder: SparseMap
    parts: tuple[Part, ...]
    gathers: Mapping[str, Gather]

    def topology(self, synapses: SparseMap, rows: Literal["post", "pre"]) -> Topology:
        """Encoder and decoder with these synapses between them; see `Topology` for `rows`."""
        inputs, outputs = self.inputs.astype(np.int32), self.outputs.astype(np.int32)
        return Topology(inputs, outputs, self.encoder, synapses, self.decoder, rows)

    def values(self, parts: Mapping[str, Values]) -> dict[str, Values]:
        """Values of the maps and of their biases, each (n_members, n), by name.

        Parameters
        ----------
        parts : mapping of str to (n_members, n) float64
            The slices of the genomes.
        """

        def bias(name: str, n_rows: int) -> Values:
            values = parts[name]
            return (
                self.gathers[name](values) if values.shape[1] else np.zeros((len(values), n_rows))
            )

        return {
            "encoder_weights": self.gathers["encoder"](parts["encoder"]),
            "encoder_bias": bias("encoder_bias", self.encoder.n_rows),
            "decoder_weights": self.gathers["decoder"](parts["decoder"]),
            "decoder_bias": bias("decoder_bias", self.decoder.n_rows),
        }


class WiringRule(Protocol):
    def __call__(
        self,
        connectome: Connectome,
        task: NetworkTask,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> Wiring: ...


def dense(
    connectome: Connectome,
    task: NetworkTask,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> Wiring:
    """Every observation to every input cell, every output cell to every action, as in the paper.

    `conncore.connectome.select.ends` chooses the cells. Each connection and each bias is one
    parameter, initially from U(-0.3, 0.3).

    Raises
    ------
    UsageError
        If a name is not a cell's, if a name is given twice, or if there is no such cell.
    """
    heard, read = ends(connectome, inputs, outputs)
    encoder, encoder_order = _full_map(heard.size, task.n_obs)
    decoder, decoder_parts, decoder_gathers = _dense_decoder(task, read.size)
    return Wiring(
        heard,
        read,
        encoder,
        decoder,
        parts=(
            _part("encoder", encoder.n_values),
            _part("encoder_bias", heard.size),
            *decoder_parts,
        ),
        gathers=MappingProxyType(
            {
                "encoder": _plain(encoder_order),
                "encoder_bias": _plain(np.arange(heard.size)),
                **decoder_gathers,
            }
        ),
    )


def direct(
    connectome: Connectome,
    task: NetworkTask,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> Wiring:
    """Observation i to input cell i, every output cell to every action.

    All input cells share one gain, initially 1, and one bias, initially 0. So the task alone
    decides what each cell receives, and no encoder can learn it. Cells are chosen and actions are
    read as in `dense`.

    Raises
    ------
    UsageError
        As `dense` does, or if the numbers of observations and of input cells differ.
    """
    heard, read = ends(connectome, inputs, outputs)
    n = heard.size
    if task.n_obs != n:
        raise UsageError(
            f"direct input/output needs one observation per input cell: task {task.name!r} has "
            f"{task.n_obs}, there are {n} input cells"
        )
    encoder, _ = SparseMap.from_pairs(np.arange(n), np.arange(n), n, n)
    decoder, decoder_parts, decoder_gathers = _dense_decoder(task, read.size)
    return Wiring(
        heard,
        read,
        encoder,
        decoder,
        parts=(
            Part("encoder", np.ones(1), 0.0, -LIMIT, LIMIT),
            Part("encoder_bias", np.zeros(1), 0.0, -LIMIT, LIMIT),
            *decoder_parts,
        ),
        gathers=MappingProxyType(
            {
                "encoder": _plain(np.zeros(n, np.int64)),
                "encoder_bias": _plain(np.zeros(n, np.int64)),
                **decoder_gathers,
            }
        ),
    )


def anatomical(
    connectome: Connectome,
    task: NetworkTask,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> Wiring:
    """Wiring by the body map: a cell observes and moves the joints of its own segment.

    Segments are spread evenly over the body's links. A motor neuron observes the angle and the
    velocity of two joints: the one in front of its link, and the one behind it, which is the
    link's own. There is one gain per class and channel and one bias per class; cells of the first
    link have separate biases per class. The dorsal minus the ventral muscles of a link drive its
    joint, with one gain per side. The last two links share the last joint.

    Raises
    ------
    UsageError
        If the connectome has no body map, if the task has no joints, or if `inputs` or `outputs`
        are given, because the body map determines them.
    """
    if inputs is not None or outputs is not None:
        raise UsageError(
            "anatomical input/output takes its cells from the body map: use io='dense' with "
            "inputs and outputs"
        )
    body, joints = connectome.body, task.joints
    if body is None:
        raise UsageError(
            f"connectome {connectome.name!r} has no body map, which anatomical input/output "
            "needs: use io='dense', or give role, segment and side of the cells",
            flag="--io dense, or conncore connectome label",
        )
    if joints is None:
        raise UsageError(
            f"task {task.name!r} has no chain of joints, which anatomical input/output needs: "
            "use io='dense'",
            flag="--io dense",
        )
    motor, muscles = ends(connectome)
    n_links = joints.n_joints + 1
    link = body.segment.astype(np.int64) * n_links // body.n_segments
    classes = sorted({body.cell_class[j] for j in motor})
    class_of = np.array([classes.index(body.cell_class[j]) for j in motor])

    # One entry per (cell, channel, observed joint): row, observation, parameter, factor.
    entries: list[tuple[int, int, int, float]] = []
    channels = ((joints.angle, joints.angle_scale), (joints.velocity, joints.velocity_scale))
    heard = [channel for channel in channels if len(channel[0])]
    n_gains = 2 * len(heard)
    for row, j in enumerate(motor):
        front, own = link[j] - 1, min(link[j], joints.n_joints - 1)
        for channel, (observation, factor) in enumerate(heard):
            for place, joint in enumerate((front, own)):
                if joint >= 0:
                    gain = class_of[row] * n_gains + 2 * channel + place
                    entries.append((row, observation[joint], gain, factor[joint]))
    rows, sources, gains, factors = (np.array(column) for column in zip(*entries, strict=True))
    encoder, order = SparseMap.from_pairs(rows, sources, motor.size, task.n_obs)
    at_head = link[motor] == 0

    acts = joints.action[np.minimum(link[muscles], joints.n_joints - 1)]
    ventral = np.array([body.side[j] == "ventral" for j in muscles], dtype=np.int64)
    decoder, decoder_order = SparseMap.from_pairs(
        acts, np.arange(muscles.size), task.n_actions, muscles.size
    )
    return Wiring(
        motor,
        muscles,
        encoder,
        decoder,
        parts=(
            _part("encoder", len(classes) * n_gains),
            _part("encoder_bias", 2 * len(classes)),
            Part("decoder", np.ones(2), 0.0, -LIMIT, LIMIT),
            _part("decoder_bias", 0),
        ),
        gathers=MappingProxyType(
            {
                "encoder": Gather(gains[order], factors[order]),
                "encoder_bias": _plain(class_of + at_head * len(classes)),
                "decoder": Gather(
                    ventral[decoder_order], np.where(ventral[decoder_order] == 1, -1.0, 1.0)
                ),
                "decoder_bias": _plain(np.arange(0)),
            }
        ),
    )


WIRINGS: Registry[WiringRule] = Registry(
    "io", "conncore.wirings", {"anatomical": anatomical, "dense": dense, "direct": direct}
)


def register_wiring(name: str, rule: WiringRule) -> None:
    """Make `Network` (`io=`), the commands and run directories know input/output of your own.

    Parameters
    ----------
    name : str
    rule : function of a Connectome, a task, and the names of input and output cells
        Returns a `conncore.network.wiring.Wiring`; `dense` in that module is an example. The names
        are None if the network is made without them.

    Raises
    ------
    UsageError
        If conncore has input/output of this name.

    Examples
    --------
    >>> from conncore.network.wiring import dense
    >>> def all_cells(connectome, task, inputs, outputs):
    ...     return dense(connectome, task, connectome.names, connectome.names)
    >>> cc.register_wiring("all-cells", all_cells)
    >>> net = cc.Network(cc.load("celegans-haspel2011"), cc.make_task(), io="all-cells")
    >>> len(net.wiring.inputs)
    102
    """
    WIRINGS.register(name, rule)


def _part(name: str, size: int) -> Part:
    return Part(name, np.zeros(size), INITIAL_RANGE, -LIMIT, LIMIT)


def _plain(index: Index) -> Gather:
    return Gather(index, np.ones(index.size))


def _dense_decoder(
    task: NetworkTask, n_outputs: int
) -> tuple[SparseMap, tuple[Part, Part], dict[str, Gather]]:
    """Every output cell to every action, with a bias each: the map, its parts and gathers."""
    decoder, order = _full_map(task.n_actions, n_outputs)
    parts = (_part("decoder", decoder.n_values), _part("decoder_bias", task.n_actions))
    gathers = {"decoder": _plain(order), "decoder_bias": _plain(np.arange(task.n_actions))}
    return decoder, parts, gathers


def _full_map(n_rows: int, n_source: int) -> tuple[SparseMap, Index]:
    rows = np.repeat(np.arange(n_rows), n_source)
    return SparseMap.from_pairs(rows, np.tile(np.arange(n_source), n_rows), n_rows, n_source)
