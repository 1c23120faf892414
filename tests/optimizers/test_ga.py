"""The GA against the definition of arXiv 2209.14406."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.noise import Stream, normal, uniform
from conncore.optimizers import GA


def test_defaults_are_the_papers():
    ga = GA()
    assert (ga.population_size, ga.n_elites) == (750, 8)
    assert (ga.sigma, ga.sigma_decay) == (0.01, 0.997)


def test_generation_0_is_the_initial_genomes():
    ga = GA(population_size=10, n_elites=2)
    initial = np.arange(30.0).reshape(10, 3)
    assert np.array_equal(ga.ask(ga.init(initial, 0)), initial)
    with pytest.raises(UsageError, match="starts from 10 genomes or from one, not 9"):
        ga.init(initial[:9], 0)


def test_elites_stay_unmutated_best_first():
    ga = GA(population_size=10, n_elites=3)
    state = ga.init(np.arange(30.0).reshape(10, 3), 0)
    fitness = np.array([0, 5, 1, 9, 2, 7, 3, 4, 8, 6.0])
    for _ in range(3):
        members = ga.ask(state)
        state = ga.tell(state, members, fitness)
        elites = ga.ask(state)[:3]
        assert np.array_equal(elites, members[[3, 8, 5]])
        assert np.array_equal(ga.center(state), members[3])


def test_equal_members_do_not_replace_an_elite():
    ga = GA(population_size=10, n_elites=3)
    state = ga.tell(ga.init(np.arange(10.0)[:, None], 0), np.arange(10.0)[:, None], np.ones(10))
    assert np.array_equal(state.parents[:, 0], [0, 1, 2])


def test_children_take_one_uniformly_drawn_parent_and_a_gaussian_step():
    ga = GA(population_size=4004, n_elites=4, sigma=0.01, sigma_decay=0.5)
    initial = np.zeros((4004, 5))
    initial[:4] = 100 * np.arange(4)[:, None]
    state = ga.init(initial, 0, slices={"w": slice(3, 5)})
    state = ga.tell(state, initial, np.where(np.arange(4004) < 4, 1.0, 0.0))
    children = ga.ask(state)[4:]
    parent = np.round(children / 100)
    assert (parent == parent[:, :1]).all()  # no crossover
    counts = np.bincount(parent[:, 0].astype(int), minlength=4)
    assert ((counts - 1000) ** 2 / 1000).sum() < 16.3  # chi squared, 3 degrees, p = 0.001
    steps = children - 100 * parent
    assert abs(steps.std() / 0.005 - 1) < 0.03  # sigma * decay**1
    assert abs(steps.mean()) < 5 * 0.005 / np.sqrt(steps.size)


def test_steps_and_parents_come_from_streams_of_their_own():
    """The draws are those of `conncore.noise`: steps that followed the parents' draws are not."""
    ga = GA(population_size=50, n_elites=4, sigma=0.5, sigma_decay=1.0)
    state = ga.init(np.zeros((50, 3)), 7)
    state = ga.tell(state, 100.0 * np.arange(50.0)[:, None] * np.ones(3), np.arange(50.0))
    drawn = {"seed": 7, "generation": 1}
    parents = uniform(range(4, 50), 1, stream=Stream.PARENT, **drawn)[:, 0]
    steps = normal(range(4, 50), 3, stream=Stream.MUTATION, **drawn)
    expected = state.parents[(4 * parents).astype(int)] + 0.5 * steps
    assert np.array_equal(ga.ask(state)[4:], expected)


def test_a_slice_can_have_its_own_step():
    slices = {"encoder": slice(0, 3), "log_weights": slice(3, 5)}
    ga = GA(population_size=2001, n_elites=1, slice_sigma={"log_weights": 0.02})
    state = ga.init(np.zeros((2001, 5)), 0, slices=slices)
    state = ga.tell(state, ga.ask(state), np.arange(2001.0))
    spread = ga.ask(state)[1:].std(axis=0) / 0.997
    assert np.allclose(spread, [0.01, 0.01, 0.01, 0.02, 0.02], rtol=0.08)
    with pytest.raises(UsageError, match="unknown genome slice 'log_weights'"):
        ga.init(np.zeros((2001, 5)), 0, slices={"encoder": slice(0, 5)})


def test_a_failed_member_is_no_parent_while_another_is_finite():
    ga = GA(population_size=10, n_elites=3)
    members = np.arange(10.0)[:, None]
    fitness = np.full(10, np.nan)
    fitness[6] = -1e300
    state = ga.tell(ga.init(members, 0), members, fitness)
    assert np.array_equal(state.parents, [[6.0]])
    assert len(ga.ask(state)) == 10
    assert np.allclose(ga.ask(state), 6.0, atol=0.1)


def test_a_slice_with_steps_of_zero_does_not_evolve():
    ga = GA(population_size=20, n_elites=2, slice_sigma={"constants": 0})
    state = ga.init(np.arange(4.0), 0, slices={"constants": slice(0, 2), "rest": slice(2, 4)})
    for _ in range(2):
        members = ga.ask(state)
        state = ga.tell(state, members, members.sum(axis=1))
    assert (members[:, :2] == [0.0, 1.0]).all()
    assert np.unique(members[:, 2]).size > 15
