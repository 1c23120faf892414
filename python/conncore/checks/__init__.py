"""Counts of a connectome, and possible problems."""
