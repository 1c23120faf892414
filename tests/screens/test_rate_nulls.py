"""Rates against null models: the rows agree with simulations of one's own and with SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import conncore as cc
from conncore.errors import UsageError
from conncore.screens.rate_nulls import _as_far
from random_brains import connectome_of


@pytest.fixture(scope="module")
def path():
    """20 receptors drive one cell by 20 strong edges, among 400 others with the same degrees."""
    rng = np.random.default_rng(0)
    pre = np.concatenate((np.arange(20), rng.integers(21, 121, 900)))
    post = np.concatenate((np.full(20, 20), rng.integers(21, 121, 900)))
    pairs = np.unique(np.stack((pre, post))[:, pre != post], axis=1)
    return connectome_of(*pairs, np.full(pairs.shape[1], 40.0), 121)


OPTIONS = {"activate": [f"c{i}" for i in range(20)], "trials": 2, "duration": 0.1}


def test_a_planted_path_is_found(path):
    cells = ["c20", "c50"]
    found = cc.compare_rates(
        cc.Simulator(path), ["degree", "weights"], cells, null_seeds=8, seed=3, **OPTIONS
    )
    assert [(row.null, row.group) for row in found.rows] == [
        (null, cell) for null in ("degree", "weights") for cell in cells
    ]
    planted = found.rows[0]
    circuit = [cc.simulate(path, seed=3 + s, **OPTIONS).rates()[:, 20].mean() for s in range(8)]
    null = [
        cc.simulate(cc.make_null("degree", path, 3 + s), seed=3 + s, **OPTIONS)
        .rates()[:, 20].mean() for s in range(8)
    ]  # fmt: skip
    difference = np.subtract(circuit, null)
    assert planted.rate == pytest.approx(np.mean(circuit))
    assert planted.null_rate == pytest.approx(np.mean(null))
    test = stats.ttest_1samp(difference, 0.0).confidence_interval()
    assert (planted.difference_low, planted.difference_high) == pytest.approx(tuple(test))
    assert planted.p == pytest.approx(2 / 2**8)
    assert planted.p_holm == pytest.approx(4 * planted.p)  # four rows
    assert planted.verdict == "circuit higher"
    assert planted.n_as_far == 0
    same = found.rows[2]  # all weights are equal: the null model is the connectome
    assert (same.difference, same.p, same.verdict) == (0.0, 1.0, "undecided")
    assert found.rows[3].n_cells == 1


def test_as_far_counts_ties_and_both_sides():
    assert _as_far(5.0, np.array([0.0, 1.0, 0.5])) == 0
    assert _as_far(0.0, np.zeros(4)) == 4
    assert _as_far(3.0, np.array([-3.0, 3.0, 1.0, -4.0])) == 3  # the mean is 0


def test_a_comparison_resumes(path, tmp_path):
    options = {"null_seeds": 3, "keep": tmp_path / "kept.jsonl", **OPTIONS}
    simulator, calls = cc.Simulator(path), []

    def stop(n_done, n_all):
        calls.append((n_done, n_all))
        if n_done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cc.compare_rates(simulator, ["degree"], ["c20"], progress=stop, **options)
    assert calls == [(n, 6) for n in range(1, 5)]
    found = cc.compare_rates(simulator, ["degree"], ["c20"], **options)
    options["keep"] = None
    assert found == cc.compare_rates(simulator, ["degree"], ["c20"], n_threads=1, **options)


def test_wrong_use_is_one_line(path):
    simulator = cc.Simulator(path)
    for nulls, cells, more, message in (
        ("degree", ["c20"], {}, "nulls is 'degree'; give a list"),
        ([], ["c20"], {}, "nulls are missing"),
        (["degree", "degree"], ["c20"], {}, "give each name once"),
        (["shuffle"], ["c20"], {}, "unknown null model 'shuffle'"),
        (["degree"], [], {}, "cells names no cell"),
        (["degree"], ["c20"], {"by": "color"}, "cell property 'color'"),
        (["degree"], ["c20"], {"null_seeds": 0}, "null_seeds is 0"),
        (["degree"], ["c20"], {"trials": 0}, "trials is 0"),
    ):
        with pytest.raises(UsageError, match=message):
            cc.compare_rates(simulator, nulls, cells, **(OPTIONS | more))
    delayed = cc.Simulator(path, delays=np.full(path.n_edges, 1.0))
    with pytest.raises(UsageError, match="null models move edges"):
        cc.compare_rates(delayed, ["degree"], ["c20"], **OPTIONS)
