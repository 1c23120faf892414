"""Neuron models: their constants, and their equations in NumPy."""
