"""Experiments of many runs: studies, their statistics, the comparison with nulls, the paper."""
