"""Figures of runs and studies, and the console for tables."""
