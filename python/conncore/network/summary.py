"""What a notebook shows of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conncore.report.notebook import html_facts

if TYPE_CHECKING:
    from conncore.network.network import Network


def network_html(network: Network) -> str:
    """Return a short table of a network, as HTML."""
    sizes = ((name, part.stop - part.start) for name, part in network.layout.slices.items())
    return html_facts(
        f"Network of {network.connectome.name}",
        {
            "neurons": f"{network.connectome.n_cells:,} {network.neuron}",
            "synapses": f"{network.connectome.n_edges:,}, {network.weights} weights",
            "input/output": f"{network.io}, for {network.task.name}",
            "steps per action": network.steps_per_action,
            "parameters": f"{network.layout.n_parameters:,}: "
            + ", ".join(f"{name} {size:,}" for name, size in sizes if size),
        },
    )
