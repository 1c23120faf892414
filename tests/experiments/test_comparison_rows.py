"""Rows of a comparison: differences, intervals and verdicts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conncore.experiments.comparison_rows import compare_rows
from conncore.experiments.study import (
    Curve,
    Outcome,
)


def outcome(arm, seed, mean, score=None):
    curve = Curve("evolve", list(mean), list(mean))
    return Outcome(arm, seed, [curve], mean[-1] if score is None else score, 1, 1, 0.0)


def outcomes_of(**arms):
    """Outcomes whose curves go straight from 0 to the given ends."""
    return {
        arm: [outcome(arm, seed, np.linspace(0, end, 40)) for seed, end in enumerate(ends)]
        for arm, ends in arms.items()
    }


def test_rows_compare_with_the_circuit():
    found = outcomes_of(
        circuit=[10, 11, 12, 13, 14, 15, 16, 17], worse=[5, 6, 5, 6, 5, 6, 5, 6],
        alike=[11, 10, 13, 12, 15, 14, 17, 16],
    )  # fmt: skip
    circuit, worse, alike = compare_rows(found)
    assert (circuit.arm, circuit.verdict) == ("circuit", "")
    assert math.isnan(circuit.p)
    assert circuit.mean == pytest.approx(13.5)
    assert worse.difference == pytest.approx(8.0)
    assert worse.p == 2 / 256
    assert worse.p_holm == 4 / 256
    assert worse.verdict == "circuit better"
    assert (alike.p, alike.verdict) == (1.0, "no significant difference")
    failed = {arm: list(runs) for arm, runs in found.items()}
    failed["worse"][0] = outcome("worse", 0, [0.0, 1.0], score=-math.inf)
    row = compare_rows(failed)[1]
    assert row.n_failed == 1
    assert row.p == 2 / 128
    assert math.isfinite(row.mean)
