"""Null models of a connectome, and perceptrons of its size."""
