"""A connectome: cells, signed chemical edges and gap junctions, and what can be done with them."""

from conncore.connectome.body import BodyMap
from conncore.connectome.labels import Labels
from conncore.connectome.record import Connectome

__all__ = ["BodyMap", "Connectome", "Labels"]
