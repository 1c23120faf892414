"""Connectomes by name: those that ship with conncore, and those that it downloads."""
