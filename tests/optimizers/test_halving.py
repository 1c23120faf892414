"""Successive halving against a plain script; its rungs and its state."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.noise import Stream, generator, normal
from conncore.optimizers import CMA, ES, GA, OPTIMIZERS, SuccessiveHalving, make_optimizer
from conncore.optimizers.halving import INNER, Rung
from optimizing import advance, sphere

SETTINGS = {
    "es": {"learning_rate": 0.1, "update": "sgd"},
    "cma": {"active": False},
    "ga": {"n_elites": 3, "sigma_decay": 0.99},
}


def two_hills(x):
    """A wide hill, and a narrow one that is higher: which one an ES finds depends on its start."""
    wide = -((x + 2) ** 2).sum(axis=1)
    narrow = 10 - 10 * ((x - 2) ** 2).sum(axis=1)
    return np.maximum(wide, narrow)


def halving(**options):
    options = {
        "population_size": 20, "n_scout": 90, "n_starts": 9, "factor": 3, "n_episodes": 5490,
    } | options  # fmt: skip
    return SuccessiveHalving(**options)


def begin(optimizer, n_parameters=3, seed=0):
    scouts = np.random.default_rng(seed).uniform(-3, 3, (optimizer.n_initial, n_parameters))
    return optimizer.init(scouts, seed), scouts


def test_rungs_cost_the_same_and_the_budget_holds():
    assert halving().rungs == (Rung(9, 10), Rung(3, 30), Rung(1, 90))
    unscored = halving(n_scout=1, n_episodes=5400)  # a single genome costs nothing
    assert unscored.rungs == (Rung(9, 10), Rung(3, 30), Rung(1, 90))
    default = SuccessiveHalving()
    assert default.rungs == (Rung(12, 27), Rung(4, 81), Rung(1, 326))
    assert default.describe() == {
        "name": "halving", "population_size": 200, "sigma": 0.05, "n_starts": 12, "factor": 3,
        "n_episodes": 200_000, "n_scout": 4000, "optimizer": "es", "settings": {},
    }  # fmt: skip
    assert SuccessiveHalving(n_starts=1, n_episodes=24_000).rungs == (Rung(1, 100),)
    for optimizer in (default, halving(), halving(n_starts=7, factor=2), halving(n_scout=1)):
        n = optimizer.n_generations
        spent = optimizer.n_members(0, n) + (optimizer.n_scout if optimizer.n_scout > 1 else 0)
        assert spent <= optimizer.n_episodes < 1.1 * spent
        assert spent - optimizer.n_members(0, n) in (0, optimizer.n_scout)
        each = [optimizer.n_members(generation) for generation in range(n + 5)]
        assert sum(each) == optimizer.n_members(0, n + 5)
        assert sum(each[7:31]) == optimizer.n_members(7, 24)
        assert each[-1] == optimizer.rungs[-1].n_starts * optimizer.population_size


@pytest.mark.parametrize("name", sorted(INNER))
def test_equals_a_plain_script(name):
    """One optimiser after another, each alone, and a list sorted by hand."""
    sigma = 0.3
    optimizer = halving(optimizer=name, settings=SETTINGS[name], sigma=sigma)
    state, scouts = begin(optimizer)
    while state.generation < optimizer.n_generations:
        state = advance(optimizer, state, two_hills, 1)

    one_scout = {} if name == "ga" else {"n_scout": 1}
    single = {"es": ES, "cma": CMA, "ga": GA}[name](
        population_size=20, sigma=sigma, **SETTINGS[name], **one_scout
    )
    seeds = generator(seed=0, stream=Stream.STARTS).integers(2**63 - 1, size=9)
    first = sorted(scouts, key=lambda scout: -two_hills(scout[None])[0])[:9]
    runs = {i: single.init(first[i], int(seeds[i])) for i in range(9)}
    scores = {i: [] for i in runs}
    all_scores = scores.copy()
    for n_generations, n_left in ((10, 3), (30, 1), (90, 1)):
        for i in runs:
            for _ in range(n_generations):
                members = single.ask(runs[i])
                fitness = two_hills(members)
                scores[i].append(np.median(fitness))
                runs[i] = single.tell(runs[i], members, fitness)
        left = sorted(runs, key=lambda i: -np.mean(scores[i][-5:]))[:n_left]
        runs = {i: runs[i] for i in sorted(left)}
    (last,) = runs.values()
    assert np.array_equal(optimizer.center(state), single.center(last))
    assert len(state.starts) == 1
    first_rung = [all_scores[i][:10] for i in range(9)]
    assert np.array_equal(optimizer.single_starts(state), first_rung)
    for name, value in last.arrays().items():
        assert np.array_equal(state.starts[0].arrays()[name], value), name


def test_finds_the_higher_hill_where_single_runs_do_not():
    high = {"halving": 0, "es": 0}
    for seed in range(8):
        optimizer = halving(n_episodes=9000)
        state, _ = begin(optimizer, 2, seed)
        while state.generation < optimizer.n_generations:
            state = advance(optimizer, state, two_hills, 1)
        high["halving"] += two_hills(optimizer.center(state)[None])[0] > 9
        single = ES(population_size=20, sigma=0.05, n_scout=1)
        state, _ = begin(single, 2, seed)
        state = advance(single, state, two_hills, 200)
        high["es"] += two_hills(single.center(state)[None])[0] > 9
    assert high["halving"] == 8
    assert high["es"] <= 5


def test_all_starts_of_a_rung_are_one_population():
    optimizer = halving()
    state, _ = begin(optimizer)
    assert len(optimizer.ask(state)) == 90  # all scouts at once
    assert state.leaders.shape == (0, 3)  # none is scored yet
    state = advance(optimizer, state, sphere, 1)
    assert state.generation == 0
    assert optimizer.sigma_of(state) == 0.05
    for n_starts, n_generations in ((9, 10), (3, 30), (1, 95)):
        for _ in range(n_generations):
            assert (
                len(optimizer.ask(state)) == 20 * n_starts == optimizer.n_members(state.generation)
            )
            state = advance(optimizer, state, sphere, 1)
    curves = optimizer.single_starts(state)
    assert curves.shape == (9, 10)  # of the first rung, also long after it
    assert optimizer.stage(0) == optimizer.stage(9) == "rung 1/3, 9 starts"
    assert optimizer.stage(39) == "rung 2/3, 3 starts"
    assert optimizer.stage(40) == optimizer.stage(500) == "rung 3/3, 1 start"


def test_the_size_of_the_steps_is_that_of_the_best_start():
    optimizer = halving(optimizer="cma", sigma=0.3)
    state = advance(optimizer, begin(optimizer)[0], two_hills, 1)
    best = []
    for _ in range(20):
        state = advance(optimizer, state, two_hills, 1)
        (number,) = (
            i for i, start in enumerate(state.starts) if np.array_equal(start.mean, state.mean)
        )
        assert optimizer.sigma_of(state) == state.starts[number].sigma
        best.append(number)
    assert any(best)
    single = halving(n_starts=1)
    assert single.sigma_of(begin(single)[0]) == 0.05


@pytest.mark.parametrize("name", ["cma", "es"])
def test_every_start_draws_its_noise_on_the_threads_asked_for(name, monkeypatch):
    noted = []

    def noting(*arguments, n_threads, **options):
        noted.append(n_threads)
        return normal(*arguments, n_threads=n_threads, **options)

    monkeypatch.setattr(f"conncore.optimizers.{name}.normal", noting)
    optimizer = halving(optimizer=name)
    state = advance(optimizer, begin(optimizer)[0], sphere, 1)
    optimizer.ask(state, n_threads=2)
    assert noted == [2] * 9


@pytest.mark.parametrize("name", sorted(INNER))
def test_every_generation_can_be_saved(name):
    optimizer = halving(optimizer=name)
    state, _ = begin(optimizer)
    again = state
    while state.generation < 45:
        state = advance(optimizer, state, two_hills, 1)
        again = advance(optimizer, again, two_hills, 1)
        again = optimizer.state_type.from_arrays(again.arrays())
    assert state.arrays().keys() == again.arrays().keys()
    for key, value in state.arrays().items():
        assert np.array_equal(again.arrays()[key], value), key


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("optimizer", np.array("adam"), KeyError),
        ("starts.1.mean", None, KeyError),
        ("recent", np.zeros((5, 4)), ValueError),
        ("recent", np.zeros(3), ValueError),
        ("leader_fitness", np.zeros(1), ValueError),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, value, error):
    optimizer = halving()
    state = advance(optimizer, begin(optimizer)[0], sphere, 20)
    arrays = state.arrays()
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    with pytest.raises(error):
        optimizer.state_type.from_arrays(arrays)


def test_one_start_that_fails_for_a_while_does_not_win():
    """Fitness that is not finite counts as the worst, also in a median."""
    optimizer = halving(sigma=0.3)
    state = advance(optimizer, begin(optimizer)[0], sphere, 1)
    while state.generation < 10:
        members = optimizer.ask(state)
        fitness = sphere(members)
        fitness[40:60] = np.nan
        fitness[60:79] = np.inf
        third, fourth = (start.seed for start in optimizer._starts(state)[2:4])
        state = optimizer.tell(state, members, fitness)
    assert len(state.starts) == 3
    assert not {third, fourth} & {start.seed for start in state.starts}


def test_a_single_genome_is_the_start_of_all():
    optimizer = halving(n_scout=1)
    state = optimizer.init([[1.0, 2.0]], 3)
    assert len(optimizer.ask(state)) == 180
    starts = optimizer._starts(state)
    assert all(np.array_equal(start.mean, [1.0, 2.0]) for start in starts)
    assert len({start.seed for start in starts}) == 9


def test_every_other_optimizer_can_run_its_starts():
    assert {name: kind for name, kind in OPTIMIZERS.items() if name != "halving"} == INNER
    for name in INNER:
        optimizer = halving(optimizer=name, settings=SETTINGS[name])
        assert make_optimizer(**optimizer.describe()) == optimizer
    with pytest.raises(UsageError, match="slice_sigma"):
        halving(optimizer="ga", settings={"slice_sigma": {"encoder": 0.1}})
