"""Runs: a network evolved on a task, saved as it goes, resumed and scored."""
