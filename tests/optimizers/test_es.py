"""The ES against the definition of arXiv 1703.03864."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from conncore.errors import UsageError
from conncore.optimizers import ES, SuccessiveHalving
from conncore.optimizers.es import ESState, centered_ranks, z_scores
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


def test_z_scores_are_scipys():
    values = np.random.default_rng(0).normal(3, 5, 40)
    np.testing.assert_allclose(z_scores(values), scipy.stats.zscore(values), rtol=1e-12)
    failed = np.where(values < 0, -np.inf, values)
    lowest = np.where(values < 0, values[values >= 0].min(), values)
    np.testing.assert_allclose(z_scores(failed), scipy.stats.zscore(lowest), rtol=1e-12)
    for flat in ([2.0, 2.0, 2.0], [-np.inf] * 3):
        assert np.array_equal(z_scores(flat), np.zeros(3))


SHAPED = {
    "ranks": centered_ranks,
    "z-ranks": lambda fitness: scipy.stats.zscore(scipy.stats.rankdata(fitness)),
    "z-scores": scipy.stats.zscore,
}


@pytest.mark.parametrize("over_sigma", [True, False])
@pytest.mark.parametrize("shaping", SHAPED)
def test_each_shaping_each_step_and_each_slice(shaping, over_sigma):
    """The step of arXiv 1703.03864 parameter by parameter, with a penalty on the mean."""
    options = {"population_size": 20, "sigma": 0.2, "update": "sgd", "n_scout": 1}
    es = ES(
        shaping=shaping,
        over_sigma=over_sigma,
        weight_decay=0.01,
        slice_sigma={"b": 0.5},
        slice_learning_rate={"a": 0.3},
        **options,
    )
    state = es.init(np.ones(3), 4, slices={"a": slice(0, 1), "b": slice(1, 3)})
    noise = (ES(**options).ask(ES(**options).init(np.ones(3), 4)) - 1.0) / 0.2
    members = es.ask(state)
    sigma, rate = np.array([0.2, 0.5, 0.5]), np.array([0.3, 0.1, 0.1])
    np.testing.assert_allclose(members, 1.0 + sigma * noise, rtol=1e-12)
    fitness = rosenbrock(members)
    gradient = SHAPED[shaping](fitness) @ noise / 20 / (sigma if over_sigma else 1.0)
    moved = es.tell(state, members, fitness)
    np.testing.assert_allclose(moved.mean, 1.0 + rate * (gradient - 0.01), rtol=1e-9)
    saved = ESState.from_arrays(moved.arrays())
    assert np.array_equal(es.ask(saved), es.ask(moved))


def test_a_state_of_an_early_version_has_no_scales():
    es = ES(population_size=4, n_scout=1)
    state = es.init(np.zeros(3), 0)
    early = {name: array for name, array in state.arrays().items() if "_scale" not in name}
    assert np.array_equal(es.ask(ESState.from_arrays(early)), es.ask(state))
    del early["moment1"]
    with pytest.raises(KeyError):
        ESState.from_arrays(early)


def test_later_settings_are_described_where_they_differ():
    assert ES().describe().keys() == {
        *("name", "population_size", "sigma", "sigma_decay", "learning_rate"),
        *("learning_rate_decay", "update", "n_scout"),
    }
    changed = {
        "shaping": "z-ranks",
        "over_sigma": False,
        "weight_decay": 0.1,
        "slice_sigma": {"a": 0.1},
        "slice_learning_rate": {"a": 0.1},
    }
    for name, value in changed.items():
        described = ES(**{name: value}).describe()
        assert described == ES().describe() | {name: value}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shaping": "z"}, "unknown shaping 'z'; choose one of: ranks, z-ranks, z-scores"),
        ({"weight_decay": 1.0}, "weight_decay is 1.0; give a number from 0 to below 1"),
        ({"weight_decay": float("nan")}, "weight_decay is nan"),
        ({"slice_sigma": {"a": 0.0}}, "slice_sigma of a is 0.0; give a number above 0"),
        ({"slice_learning_rate": {"a": -1}}, "slice_learning_rate of a is -1"),
    ],
)
def test_settings_out_of_range(options, words):
    with pytest.raises(UsageError, match=words):
        ES(**options)


def test_unknown_slices():
    with pytest.raises(UsageError, match="unknown genome slice 'c'; choose one of: a"):
        ES(slice_sigma={"c": 0.1}).init(np.zeros(2), 0, slices={"a": slice(0, 2)})
    with pytest.raises(UsageError, match="unknown setting of the starts 'slice_sigma'"):
        SuccessiveHalving(settings={"slice_sigma": {"a": 0.1}})
