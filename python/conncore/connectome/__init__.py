"""Connectomes: cells, signed chemical edges and gap junctions, and functions that change them."""

from conncore.connectome.body import BodyMap
from conncore.connectome.connectome import Connectome
from conncore.connectome.labels import Labels

__all__ = ["BodyMap", "Connectome", "Labels"]
