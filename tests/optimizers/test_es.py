"""The ES against the definition of arXiv 1703.03864."""

from __future__ import annotations

import numpy as np

from conncore.optimizers import ES
from conncore.optimizers.es import centered_ranks
from optimizing import rosenbrock, sphere


def test_ranks():
    assert np.array_equal(centered_ranks([3.0, 1.0, 2.0]), [0.5, -0.5, 0.0])
    assert np.array_equal(centered_ranks([-np.inf, 5.0, -np.inf]), [-0.25, 0.5, -0.25])
    assert np.array_equal(centered_ranks([2.0, 2.0, 2.0, 2.0]), np.zeros(4))
    tied = np.random.default_rng(0).integers(0, 5, 101).astype(float)
    below = (tied[:, None] > tied).sum(axis=1)
    equal = (tied[:, None] == tied).sum(axis=1)
    assert np.allclose(centered_ranks(tied), (below + (equal - 1) / 2) / 100 - 0.5)


def test_members_are_mirrored_around_the_mean():
    es = ES(population_size=400, sigma=0.3, n_scout=1)
    state = es.init(np.arange(5.0), 0)
    members = es.ask(state)
    assert np.allclose(members[:200] + members[200:], 2 * np.arange(5.0))
    assert abs((members[:200] - np.arange(5.0)).std() / 0.3 - 1) < 0.1


def test_sgd_is_the_papers_equation():
    es = ES(population_size=20, sigma=0.2, sigma_decay=0.9, update="sgd", n_scout=1)
    assert es.learning_rate == 0.1
    state = es.init(np.zeros(3), 4)
    for generation in range(3):
        members = es.ask(state)
        fitness = rosenbrock(members)
        sigma = 0.2 * 0.9**generation
        expected = state.mean.copy()
        for rank, member in zip(centered_ranks(fitness), members, strict=True):
            epsilon = (member - state.mean) / sigma
            expected += 0.1 * 0.999**generation / (20 * sigma) * rank * epsilon
        state = es.tell(state, members, fitness)
        assert np.allclose(state.mean, expected, rtol=1e-9)


def test_adam_first_steps_have_the_learning_rates_size():
    es = ES(population_size=20, learning_rate_decay=0.5, n_scout=1)
    assert es.learning_rate == 0.05
    state = es.init(np.full(3, 50.0), 0)
    members = es.ask(state)
    moved = es.tell(state, members, sphere(members))
    assert np.allclose(abs(moved.mean - state.mean), 0.05, rtol=1e-4)


def test_adam_is_kingma_and_bas_equation():
    """Their algorithm 1, on the gradient of the paper, while the step decays."""
    es = ES(population_size=20, sigma=0.2, learning_rate_decay=0.9, n_scout=1)
    state = es.init(np.zeros(3), 4)
    m = v = np.zeros(3)
    for t in range(1, 6):
        members = es.ask(state)
        fitness = rosenbrock(members)
        sigma = 0.2 * 0.999 ** (t - 1)
        noise = (members - state.mean) / sigma
        gradient = centered_ranks(fitness) @ noise / (20 * sigma)
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        step = 0.05 * 0.9 ** (t - 1) * (m / (1 - 0.9**t))
        expected = state.mean + step / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        state = es.tell(state, members, fitness)
        np.testing.assert_allclose(state.mean, expected, rtol=1e-9)


def test_starts_from_the_best_scout():
    es = ES(population_size=10, n_scout=25)
    scouts = np.random.default_rng(0).normal(size=(25, 3))
    state = es.init(scouts, 0)
    asked = []
    while state.scouts.size:
        members = es.ask(state)
        asked.append(members)
        state = es.tell(state, members, sphere(members))
        assert state.generation == 0
    assert [len(chunk) for chunk in asked] == [10, 10, 5]
    assert np.array_equal(np.concatenate(asked), scouts)
    assert np.array_equal(es.center(state), scouts[np.argmax(sphere(scouts))])
    assert len(es.ask(state)) == 10


def test_a_scout_that_failed_is_not_the_start():
    es = ES(population_size=4, n_scout=4)
    scouts = np.arange(4.0)[:, None]
    state = es.tell(es.init(scouts, 0), scouts, [np.inf, np.nan, -7.0, -np.inf])
    assert np.array_equal(state.mean, [2.0])
