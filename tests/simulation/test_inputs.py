"""Input spikes: their distribution, their seeds, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from conncore.connectome import Connectome
from conncore.errors import UsageError
from conncore.simulation.inputs import Cells, bernoulli, make_inputs


def cells_of(n):
    return Cells(Connectome.from_edges("n", [], [], names=[f"c{i}" for i in range(n)]))


def inputs_of(n=10, **given):
    options = dict(
        activate=None, rate=150.0, input_spikes=None, current=None, size=68.75, dt=0.1,
        n_steps=10_000, n_driven=10_000,
    )  # fmt: skip
    return make_inputs(cells_of(n), n, **{**options, **given})


@pytest.mark.parametrize("chance", [0.001, 0.015, 0.5, 0.97])
def test_every_trial_succeeds_with_its_chance(chance):
    """Gaps are geometric (chi-square), and places are uniform."""
    n = 200_000
    found = bernoulli(np.random.default_rng(1), chance, n)
    assert np.all(np.diff(found) > 0)
    assert 0 <= found[0] <= found[-1] < n
    assert abs(found.size - n * chance) < 4 * np.sqrt(n * chance * (1 - chance))
    gaps = np.diff(found)
    edges = np.unique(stats.geom.ppf(np.linspace(0.0, 0.99, 12), chance))
    bins = [*edges, np.inf]
    seen = [np.sum((gaps > a) & (gaps <= b)) for a, b in itertools.pairwise(bins)]
    share = np.diff(stats.geom.cdf(bins, chance))
    keep = share * gaps.size > 5
    expected = share[keep] / share[keep].sum() * np.array(seen)[keep].sum()
    assert keep.sum() < 2 or stats.chisquare(np.array(seen)[keep], expected).pvalue > 1e-3


def test_certain_and_rare_input():
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(bernoulli(rng, 1.0, 1000), np.arange(1000))
    assert bernoulli(rng, 1e-300, 10**9).size == 0


def test_a_trial_depends_on_its_seed_and_number_alone():
    given = inputs_of(activate=["c7", "c3"])
    step, cell, size = given.kicks(0, 5)
    assert set(cell.tolist()) == {3, 7}
    assert 200 < step.size < 400
    assert np.all(size == 68.75)
    for again in (given.kicks(0, 5), inputs_of(n=20, activate=["c3", "c7"]).kicks(0, 5)):
        np.testing.assert_array_equal(step, again[0])
        np.testing.assert_array_equal(cell, again[1])
    others = (given.kicks(0, 6), given.kicks(1, 5))
    assert all(not np.array_equal(step[:50], other[0][:50]) for other in others)
    longer = inputs_of(activate=["c7", "c3"], n_steps=20_000, n_driven=20_000).kicks(0, 5)
    np.testing.assert_array_equal(longer[0][: step.size], step)


def test_rates_of_single_cells_fixed_spikes_and_their_end():
    given = inputs_of(
        activate={"c1": 100.0, "c2": 1000.0, "c0": 0.0},
        input_spikes={"c9": [0.5, 0.00012], "c1": [0.0]}, n_driven=5000,
    )  # fmt: skip
    step, cell, _ = given.kicks(0, 0)
    counts = np.bincount(cell, minlength=10)
    assert 20 < counts[1] < 90
    assert 400 < counts[2] < 600
    assert counts[0] == 0
    assert counts[9] == 2
    assert step[cell == 9].tolist() == [1, 5000]
    assert np.all(np.diff(step * 10 + cell) >= 0)
    assert step[cell == 2].max() < 5000
    assert given.end == 5001
    assert given.expected(4900) == pytest.approx(100 * (0.01 + 0.1) + 1)
    assert given.expected(5001) == 0
    assert given.cells.tolist() == [1, 2, 9]
    assert inputs_of().end == 0
    assert inputs_of(current={"c0": -1.0}).end is None
    assert inputs_of(current={"c0": -1.0}).current.tolist() == [-1.0] + [0.0] * 9


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"activate": []}, "activate names no cell; give at least one"),
        ({"activate": {}}, "activate names no cell; give at least one"),
        ({"activate": "c1"}, "activate is 'c1'; give a list of cell names"),
        ({"activate": ["c1", "x1"]}, "connectome 'n' has no cell 'x1'"),
        ({"activate": [1]}, "connectome 'n' has no cell '1'"),
        ({"activate": ["c1", "c1"]}, "activate names cell 'c1' twice"),
        ({"activate": ["c1"], "rate": -1.0}, "rate is -1.0; give 0 to 10000 Hz"),
        ({"activate": ["c1"], "rate": 10_001}, "rate is 10001; give 0 to 10000 Hz"),
        ({"activate": {"c1": float("nan")}}, "rate is nan; give 0 to 10000 Hz"),
        ({"current": {"c1": float("inf")}}, "current of 'c1' is inf; give a number of mV"),
        ({"current": {"x": 1.0}}, "has no cell 'x'"),
        ({"input_spikes": {"c1": [1.0]}}, "input_spikes of 'c1' hold 1 s; give times from 0 to"),
        ({"input_spikes": {"c1": [np.nan]}}, "input_spikes of 'c1' hold nan s"),
        ({"input_spikes": {"x": []}}, "has no cell 'x'"),
    ],
)
def test_wrong_inputs_are_refused(given, message):
    with pytest.raises(UsageError, match=message):
        inputs_of(**given)
