"""What the user of a simulation should know: activity that runs away, or does not end."""

from __future__ import annotations

import numpy as np

from conncore.simulation.inputs import Inputs
from conncore.simulation.result import Simulation

_WINDOW = 100.0  # ms at the end of a trial
_MUCH = 10  # spikes of other cells for one input spike


def find_problems(found: Simulation, inputs: Inputs, n_steps: int) -> tuple[str, ...]:
    """One line for each problem.

    Parameters
    ----------
    n_steps : int
        The steps of a trial that nothing stops.
    """
    window = max(1, round(_WINDOW / found.dt))
    lines = []
    if found.connectome.n_gap_junctions:
        lines.append(f"{found.connectome.n_gap_junctions} gap junctions are left out")
    stopped = int((found.n_steps < n_steps).sum())
    if stopped:
        first = found.seconds.min()
        lines.append(f"{stopped} trials were stopped at the rate limit, the first at {first:g} s")
    lengths = found.n_steps[np.searchsorted(found.trials, found.trial)]
    at_end = found.step >= lengths - window
    end = inputs.end
    if end is not None and n_steps - end >= 2 * window:
        going = np.unique(found.trial[at_end]).size
        if going:
            lines.append(
                f"activity goes on after the input has stopped: {going} of {len(found.trials)} "
                f"trials still spike {(n_steps - end) * found.dt:g} ms later"
            )
    elif end is not None and n_steps - end < window // 2 and not stopped:
        driven = np.zeros(found.connectome.n_cells, bool)
        driven[inputs.cells] = True
        others = int((~driven[found.cell[at_end]]).sum())
        n_inputs = len(found.trials) * inputs.expected(n_steps - window)
        if n_inputs and others > _MUCH * n_inputs:
            lines.append(
                f"activity may run away: in the last {_WINDOW:g} ms, other cells spike "
                f"{others / n_inputs:.0f} times for each input spike"
            )
    return tuple(lines)
