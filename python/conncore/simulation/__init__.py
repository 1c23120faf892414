"""Simulates large spiking networks as they are, with the connectome's own synapse counts."""
