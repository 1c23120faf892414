"""Measures the speed of conncore, of other packages and of the machine, in one run.

`conncore bench [SUBJECT ...]` runs the measurements. A subject is a module of
`conncore.bench.subjects` with

    TITLE : str
    run(harness) -> None    # measures, and adds tables and claims to the harness

A peer is another package that does the same work. The run skips peers that are not installed.
On a shared machine, do not compare times of different runs; compare ratios within a run.
"""

from __future__ import annotations

# The subjects, in the order in which they run. For a new subject, write a module and add its name.
SUBJECTS = (
    "limits",
    "network",
    "large",
    "brain",
    "images",
    "swimmer",
    "legs",
    "returns",
    "closed_loop",
    "environments",
    "threads",
    "portable",
    "ask_tell",
    "bbob",
    "error_rates",
    "scaling",
    "formats",
    "instructions",
)
