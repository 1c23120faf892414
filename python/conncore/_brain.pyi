import numpy as np
from numpy.typing import NDArray

from conncore.simulation.lif_exp import Tables

#: The flags of a cell: its spikes are not sent, no spike arrives, or a current flows into it.
MUTES: int
DEAFENS: int
DRIVES: int

#: The dtype of a synapse: its target and its weight, in synapse counts with a sign.
SYNAPSE: np.dtype[np.void]

class BrainMember:
    """The state of one trial at a time, and its spikes. Members share the synapses.

    Checks nothing: indices must name cells, delays must ascend from 1 on, and kicks must be sorted
    by step.

    Parameters
    ----------
    synapses : (n_synapses,) SYNAPSE
        Those of a presynaptic cell together; within these, those of each delay together.
    splits : (n_cells * n_delays + 1,) int32
        The first synapse of each cell and delay.
    delays : (n_delays,) int32
        In steps.
    neuron : Tables
    """

    n_cells: int
    def __init__(
        self,
        synapses: NDArray[np.void],
        splits: NDArray[np.int32],
        delays: NDArray[np.int32],
        neuron: Tables,
    ) -> None: ...
    def prepare(
        self,
        flags: NDArray[np.int32],
        refractory: NDArray[np.int32],
        current: NDArray[np.float64],
    ) -> None:
        """Set what all trials of a run share, (n_cells,) each: flags, the refractory time in steps
        (at least 1), and the current in mV; where it is not 0, the flag DRIVES must be set."""

    def start(
        self,
        n_steps: int,
        kick_step: NDArray[np.int32],
        kick_cell: NDArray[np.int32],
        kick_size: NDArray[np.float64],
    ) -> None:
        """Bring all cells to rest and take the inputs of a trial: `kick_size` mV to the potential
        of `kick_cell` in `kick_step`."""

    def advance(self, end: int) -> int:
        """Run the steps up to `end`, without the GIL, and return the number of spikes so far."""

    def spikes(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Step and cell of every spike so far, by step, then cell."""

    @property
    def nbytes(self) -> int:
        """Bytes of this member: 40 a cell, 4 a step, and 4 to 8 a spike."""
