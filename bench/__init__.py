"""Speed against named peers and against the machine's limits, measured in one run.

`conncore bench [SUBJECT ...]` runs it. A subject is a module of `conncore.bench.subjects` with

    TITLE : str
    run(harness) -> None    # measures, and adds tables and claims to the harness

A peer that is not installed is skipped by name. Figures of different runs are not comparable on
a shared machine; ratios within a run are.
"""

from __future__ import annotations

# In the order in which they run; a new subject is one module and its name here.
SUBJECTS = (
    "limits",
    "network",
    "large",
    "images",
    "swimmer",
    "returns",
    "closed_loop",
    "threads",
    "portable",
    "ask_tell",
    "scaling",
    "formats",
    "instructions",
)
