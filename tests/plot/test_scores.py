"""Curves and comparisons show the numbers of runs and tables."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

import conncore as cc
from conncore.experiments.comparison import Comparison
from conncore.experiments.comparison_rows import compare_rows
from outcomes import outcomes_of
from small_runs import go


def test_curve_is_that_of_the_run():
    run = go()
    ax = cc.plot.curve(run, Figure().add_subplot())
    best, mean, held_out = ax.lines[:3]
    np.testing.assert_array_equal(best.get_ydata(), run.history["best"])
    np.testing.assert_array_equal(mean.get_ydata(), run.history["mean"])
    np.testing.assert_array_equal(held_out.get_ydata(), run.best.scores)


def test_comparison_has_a_dot_per_seed_and_the_interval_of_the_table(tmp_path):
    outcomes = outcomes_of(
        circuit=[5.0, 6.0, 7.0, 6.5, 5.5], degree=[1.0, 2.0, np.nan, 1.5, 1.2], random=[0.0] * 5
    )
    rows = compare_rows(outcomes)
    ax = cc.plot.comparison(Comparison("t", rows, outcomes, tmp_path), Figure().add_subplot())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["circuit", "degree", "random"]
    for place, row in enumerate(rows):
        dots, interval, mean = ax.lines[3 * place : 3 * place + 3]
        scores = [o.score for o in outcomes[row.arm] if np.isfinite(o.score)]
        np.testing.assert_array_equal(dots.get_xdata(), scores)
        assert np.abs(dots.get_ydata() - place).max() < 0.3
        assert list(interval.get_xdata()) == [row.low, row.high]
        np.testing.assert_array_equal(mean.get_xdata(), row.mean)
        assert len({line.get_color() for line in (dots, interval, mean)}) == 1
    words = [text.get_text() for text in ax.texts]
    assert words == ["", f"p = {rows[1].p_holm:.2g} (1 failed seeds)", f"p = {rows[2].p_holm:.2g}"]
