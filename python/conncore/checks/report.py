"""Count what a connectome holds and list possible problems: `conncore connectome check`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conncore.checks.findings import FINDINGS
from conncore.checks.task_findings import TASK_FINDINGS, CheckedTask, Ends
from conncore.connectome import Connectome
from conncore.connectome.graph import components, returned, without_edges
from conncore.connectome.select import ends as cells_of
from conncore.errors import UsageError, visible


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Attributes
    ----------
    facts : dict
        Counts, by what they count.
    findings : dict of str to str
        One line for each problem that was found, by its name in `FINDINGS` or `TASK_FINDINGS`.
    """

    facts: dict[str, Any]
    findings: dict[str, str]

    def __repr__(self) -> str:
        found = ", ".join(self.findings) or "none"
        return f"<Report on {visible(self.facts['name'])}: problems: {found}>"


def check(
    connectome: Connectome,
    task: CheckedTask | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> Report:
    """Count what a connectome holds and list possible problems.

    Parameters
    ----------
    connectome : Connectome
    task : Task, optional
        Also check whether the connectome has the inputs and outputs that this task needs.
    inputs, outputs : sequence of str, optional
        The cells that sense and act, as for a `Network`.

    Returns
    -------
    Report

    Examples
    --------
    >>> report = cc.check(cc.load("celegans-haspel2011"))
    >>> report.facts["cells"], report.facts["types"]
    (102, {'chemical': 336, 'gap': 161})
    >>> list(report.findings)
    ['mixed gap junctions', 'fractional weights']
    """
    lines = {name: find(connectome) for name, find in FINDINGS.items()}
    facts = _facts(connectome)
    if task is not None:
        ends: Ends = {"inputs": inputs, "outputs": outputs}
        facts |= _task_facts(connectome, task, ends)
        lines |= {name: look(connectome, task, ends) for name, look in TASK_FINDINGS.items()}
    return Report(facts, {name: line for name, line in lines.items() if line})


def _facts(connectome: Connectome) -> dict[str, Any]:
    own = connectome.pre == connectome.post
    parts = np.bincount(components(connectome), minlength=connectome.n_cells)
    return {
        "name": connectome.name,
        "cells": connectome.n_cells,
        "types": {"chemical": connectome.n_edges, "gap": connectome.n_gap_junctions},
        "signs": {
            "excitatory": connectome.n_excitatory,
            "inhibitory": connectome.n_inhibitory,
            "unknown": connectome.n_unknown,
        },
        "sign sources": connectome.sign_source.counts(),
        "classes": _count(connectome.classes),
        "transmitters": _count(connectome.transmitters),
        "attributes": sorted(connectome.attributes),
        "weights": _weights(connectome),
        "density": _densities(connectome),
        "reciprocity": _reciprocity(connectome),
        "self-loops": {
            "chemical": int(own.sum()),
            "gap": int((connectome.gap_pre == connectome.gap_post).sum()),
        },
        "gap junctions given both ways": _both_ways(connectome),
        "parts": {"in all": int((parts > 0).sum()), "cells in the largest": int(parts.max())},
        "isolated cells": [connectome.names[i] for i in without_edges(connectome)],
        "Dale violations": list(connectome.dale_violations()),
        "body map": _body(connectome),
    }


def _densities(connectome: Connectome) -> dict[str, float]:
    """Three densities in use; papers on the worm's locomotion circuit use the first."""
    n = connectome.n_cells
    between = int((connectome.pre != connectome.post).sum())
    ends = np.stack(
        [
            np.concatenate((connectome.pre, connectome.gap_pre)),
            np.concatenate((connectome.post, connectome.gap_post)),
        ]
    ).astype(np.int64)
    low, high = ends.min(axis=0), ends.max(axis=0)
    keys = np.sort((low * n + high)[low != high])
    joined = int(np.count_nonzero(keys[1:] != keys[:-1])) + bool(keys.size)
    pairs = max(n * (n - 1), 1)
    return {
        "chemical edges / cells squared": round(connectome.density, 6),
        "chemical edges between two cells / ordered pairs": round(between / pairs, 6),
        "pairs joined by any edge / pairs": round(2 * joined / pairs, 6),
    }


def _reciprocity(connectome: Connectome) -> float:
    """Share of the chemical edges between two cells that have one in return."""
    between = connectome.pre != connectome.post
    pre, post = connectome.pre[between], connectome.post[between]
    return round(float(returned(pre, post, connectome.n_cells).mean()), 6) if pre.size else 0.0


def _both_ways(connectome: Connectome) -> int:
    between = connectome.gap_pre != connectome.gap_post
    pre, post = connectome.gap_pre[between], connectome.gap_post[between]
    return int(returned(pre, post, connectome.n_cells).sum())


def _weights(connectome: Connectome) -> dict[str, float]:
    weight = connectome.weight
    if not weight.size:
        return {}
    return {
        "smallest": float(weight.min()),
        "median": float(np.median(weight)),
        "mean": round(float(weight.mean()), 6),
        "largest": float(weight.max()),
        "sum": round(float(weight.sum()), 6),
    }


def _body(connectome: Connectome) -> dict[str, int]:
    body = connectome.body
    if body is None:
        return {}
    return {
        "motor": body.role.count("motor"),
        "muscle": body.role.count("muscle"),
        "without a role": body.role.count(""),
        "segments": body.n_segments,
    }


def _task_facts(connectome: Connectome, task: CheckedTask, ends: Ends) -> dict[str, Any]:
    """What the task asks for, and the classes of the cells that dense input/output uses."""
    facts: dict[str, Any] = {
        "task": task.name,
        "observations": task.n_obs,
        "actions": task.n_actions,
        "joints": task.joints.n_joints if task.joints else 0,
    }
    try:
        inputs, outputs = cells_of(connectome, **ends)
    except UsageError:  # reported among the findings
        return facts
    for what, cells in (("inputs", inputs), ("outputs", outputs)):
        facts[what] = _count(connectome.classes[i] for i in cells)
    return facts


def _count(words: Iterable[str]) -> dict[str, int]:
    return {word or "unknown": n for word, n in sorted(Counter(words).items())}
