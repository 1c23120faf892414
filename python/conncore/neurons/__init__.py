"""Neuron models: their constants, and their equations for NumPy and PyTorch."""
