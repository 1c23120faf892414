"""Rows of a comparison: differences, intervals and verdicts."""

from __future__ import annotations

import math

import pytest

from conncore.experiments.comparison_rows import compare_rows
from outcomes import outcome, outcomes_of


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
