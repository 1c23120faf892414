"""The experiments of arXiv 2209.14406: `experiments` lists them, `run` runs them, `report` writes
their tables, figures and JSON.
"""
