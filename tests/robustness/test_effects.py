"""Main effects and shares, against statsmodels and SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from conncore.experiments.claims import Claim, Verdict
from conncore.robustness.effects import main_effects, verdict_shares

CHOICES = {"a": [1, 2, 3], "b": ["x", "y"], "c": [0]}
CELLS = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]


def numbers(n_seeds=6):
    """b = "y" adds 5, a adds its square; noise is the cell's and the seed's."""
    rng = np.random.default_rng(3)
    return [cell["a"] ** 2 + 5 * (cell["b"] == "y") + rng.normal(size=n_seeds) for cell in CELLS]


def effects_of(values, cells=None):
    cells = [[cell] for cell in CELLS] if cells is None else cells
    return {(e.key, e.value): e for e in main_effects(CHOICES, cells, values)}


def test_effects_are_those_of_a_linear_model():
    """In a full factorial, the mean over pairs is the coefficient of least squares."""
    sm = pytest.importorskip("statsmodels.api")
    values = numbers()
    means = np.array([v.mean() for v in values])
    columns = [
        np.ones(len(CELLS)),
        *(np.array([cell["a"] == a for cell in CELLS], float) for a in (2, 3)),
        np.array([cell["b"] == "y" for cell in CELLS], float),
    ]
    model = sm.OLS(means, np.column_stack(columns)).fit()
    found = effects_of(values)
    assert [*found] == [("a", 2), ("a", 3), ("b", "y")]  # c has one value
    np.testing.assert_allclose([e.effect for e in found.values()], model.params[1:])
    assert [e.n_pairs for e in found.values()] == [2, 2, 3]
    # eta squared: the sum of squares that a model without the choice lacks
    for key, keep in (("a", [0, 3]), ("b", [0, 1, 2])):
        rest = sm.OLS(means, np.column_stack([columns[i] for i in keep])).fit()
        eta = (rest.ssr - model.ssr) / model.centered_tss
        assert found[key, CHOICES[key][-1]].variance == pytest.approx(eta)


def test_intervals_are_those_of_a_t_test_over_seeds():
    values = numbers()
    by_cell = {(cell["a"], cell["b"]): v for cell, v in zip(CELLS, values, strict=True)}
    per_seed = np.mean([by_cell[a, "y"] - by_cell[a, "x"] for a in CHOICES["a"]], axis=0)
    effect = effects_of(values)["b", "y"]
    interval = ttest_1samp(per_seed, 0.0).confidence_interval(0.95)
    np.testing.assert_allclose((effect.low, effect.high), interval)
    assert effect.n_seeds == 6


def test_a_number_that_is_missing_leaves_its_pairs_out():
    values = numbers()
    values[1][2] = -np.inf  # a=1, b=y, seed 2
    by_cell = {(cell["a"], cell["b"]): v for cell, v in zip(CELLS, values, strict=True)}
    seeds = [
        np.mean([by_cell[a, "y"][s] - by_cell[a, "x"][s] for a in (1, 2, 3) if (a, s) != (1, 2)])
        for s in range(6)
    ]
    assert effects_of(values)["b", "y"].effect == pytest.approx(np.mean(seeds))


def test_pairs_within_one_cell_do_not_count():
    """Where a choice has no effect, its values share a cell: that is no pair without difference."""
    cells = [[CELLS[0], CELLS[1]], *([cell] for cell in CELLS[2:])]  # b does nothing where a is 1
    values = numbers()[:5]
    assert effects_of(values, cells)["b", "y"].n_pairs == 2


def test_without_pairs_or_seeds_there_is_no_effect():
    effect = effects_of([np.full(3, np.nan)] * len(CELLS))["b", "y"]
    assert effect.n_seeds == 0
    assert np.isnan([effect.effect, effect.low, effect.variance]).all()
    (alone,) = main_effects({"a": [1, 2]}, [[{"a": 1, "b": 0}], [{"a": 2, "b": 1}]],
                            [np.ones(3), np.zeros(3)])  # fmt: skip
    assert alone.n_pairs == 0
    assert alone.variance == 1.0


def test_shares_count_the_verdicts():
    def verdict(word, estimate):
        return Verdict("c", "r", word, 5, estimate, 0.0, 0.0, 0.0, 0.0)

    claim = Claim("c", "r", lambda outcomes: np.empty(0), 0.0)
    cells = [[verdict("holds", 3.0)], [verdict("holds", 1.0)], [verdict("refuted", np.nan)]]
    (share,) = verdict_shares([claim], cells)
    assert share.counts == {"holds": 2, "refuted": 1, "undecided": 0, "not tested": 0}
    assert (share.median, share.low, share.high) == (2.0, 1.0, 3.0)
