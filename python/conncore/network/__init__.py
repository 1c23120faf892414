"""A connectome as a neural network: its genome, its input and output, its populations."""

from conncore.network.network import Network

__all__ = ["Network"]
