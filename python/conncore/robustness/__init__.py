"""Multiverse analysis: how the verdicts of a study depend on its choices.

`multiverse` runs a study once for each combination of choices; `grid` reads combinations from a
file; `effects` says which choice moves a result; `report` writes tables, figures and JSON.
"""
