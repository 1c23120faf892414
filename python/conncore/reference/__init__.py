"""The core again in plain NumPy, written from the equations: slow, and what tests trust.

``ReferencePopulation`` behaves as ``conncore._population.Population``, and ``rewiring.Chain`` as
``conncore._rewiring.Chain``. The equations of a neuron model are in ``conncore.neurons``.
"""

from conncore.reference.network import ReferencePopulation

__all__ = ["ReferencePopulation"]
