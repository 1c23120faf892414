"""A function of a vector is maximised by every optimiser."""

from __future__ import annotations

import cma
import numpy as np
import pytest

import conncore as cc
from conncore.errors import ConncoreError, UsageError


def rosenbrock(x):
    """pycma's function, as a fitness; its optimum is 0 at ones."""
    return -np.array([cma.ff.rosen(row) for row in x])


@pytest.mark.parametrize(
    ("optimizer", "generations", "least"),
    [
        (None, 300, -1e-8),
        (cc.CMA(sigma=0.3), 300, -1e-8),
        (cc.ES(population_size=100, sigma=0.1), 200, -3.0),
        (cc.GA(population_size=200, sigma=0.1), 100, -3.0),
    ],
)
def test_it_finds_an_optimum(optimizer, generations, least):
    found = cc.optimize(rosenbrock, 4, optimizer, generations, seed=1)
    assert found.fitness > least
    assert found.fitness == rosenbrock(found.x[None])[0]
    assert found.fitness == found.history.max()
    assert len(found.history) == generations
    again = cc.optimize(rosenbrock, 4, optimizer, generations, seed=1)
    np.testing.assert_array_equal(found.x, again.x)


def test_starts_bounds_and_scouts():
    seen = []

    def fitness(x):
        seen.append(x)
        return x.sum(axis=1)

    found = cc.optimize(fitness, 2, generations=30, lower=-1, upper=[0.5, 2], start=[0.1, 0.2])
    np.testing.assert_allclose(found.x, [0.5, 2.0])
    assert np.concatenate(seen).max(axis=0).tolist() == [0.5, 2.0]
    assert found.n_evaluations == sum(map(len, seen))
    seen.clear()
    scouts = np.arange(6.0).reshape(3, 2)
    cc.optimize(fitness, 2, cc.ES(population_size=10), 1, start=scouts)
    np.testing.assert_array_equal(seen[0], scouts)
    seen.clear()
    cc.optimize(fitness, 2, cc.ES(population_size=10), 1)
    assert [x.shape for x in seen] == [(10, 2)]  # nothing is scouted for by default


def test_what_cannot_be_optimised_is_refused():
    with pytest.raises(UsageError, match="n is 0"):
        cc.optimize(rosenbrock, 0)
    with pytest.raises(UsageError, match=r"start has shape \(3,\), needs \(2,\) or \(k, 2\)"):
        cc.optimize(rosenbrock, 2, start=np.zeros(3))
    with pytest.raises(UsageError, match=r"fitness of shape \(\) for"):
        cc.optimize(np.sum, 2)
    with pytest.raises(ConncoreError, match="no fitness of the first generation is finite"):
        cc.optimize(lambda x: np.full(len(x), np.nan), 2)
