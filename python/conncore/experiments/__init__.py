"""Experiments of many runs.

- `study`: runs arms (`arms`) from paired seeds. `statistics` tests them; `results` writes them.
- `comparison`: `compare`, a connectome against its null models. `comparison_rows` has the tests
  and `comparison_report` the table, figure and JSON.
- `claims`: the rules for the verdicts of the paper's experiments (room `paper`).
"""
