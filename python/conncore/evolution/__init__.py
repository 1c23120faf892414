"""Runs: evolve a network on a task, save every generation, resume and score."""
