"""Experiments of many runs.

- `study`: runs arms (`arms`) from paired seeds. `statistics` tests them; `results` writes them.
- `comparison`: `compare`, a connectome against its null models. `comparison_rows` has the tests
  and `comparison_report` the table, figure and JSON.
- `paper`: the experiments of arXiv 2209.14406. `paper_run` runs them, `claims` has the rules for
  verdicts, and `paper_report` the tables, figures and JSON.
"""
