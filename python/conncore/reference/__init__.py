"""The kernels again in plain NumPy, written from the equations: slow, and what tests trust.

``ReferencePopulation`` behaves as ``conncore._population.Population``; the neuron models are
one module each, with the names of the kernels.
"""

from conncore.reference.network import ReferencePopulation

__all__ = ["ReferencePopulation"]
