"""A connectome: cells, signed chemical edges and gap junctions, and what can be done with them."""

from conncore.connectome.body import BodyMap
from conncore.connectome.connectome import Connectome
from conncore.connectome.labels import Labels

__all__ = ["BodyMap", "Connectome", "Labels"]
