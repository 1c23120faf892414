"""What all optimisers share, tested on each of them."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.optimizers import OPTIMIZERS, make_optimizer
from conncore.optimizers.base import Optimizer, ScoutingState, State
from optimizing import advance, rosenbrock, sphere

SMALL = {
    "cma": {"population_size": 60, "n_scout": 100},
    "ga": {"population_size": 60, "sigma": 0.1, "sigma_decay": 0.98},
    "es": {"population_size": 60, "sigma": 0.1, "n_scout": 100},
    "halving": {
        "population_size": 60,
        "sigma": 0.1,
        "n_scout": 100,
        "n_starts": 4,
        "n_episodes": 5000,
    },
}
over_all = pytest.mark.parametrize("name", sorted(OPTIMIZERS))


def small(name, **options):
    return make_optimizer(name, **(SMALL[name] | options))


def start(optimizer, n_parameters, seed=0, **options):
    initial = np.random.default_rng(seed).uniform(-2, 2, (optimizer.n_initial, n_parameters))
    return optimizer.init(initial, seed, **options)


@over_all
def test_every_optimizer_has_a_small_setting_here(name):
    assert OPTIMIZERS[name].name == name
    assert small(name).population_size == 60


@over_all
@pytest.mark.parametrize("seed", [0, 1])
def test_solves_the_sphere(name, seed):
    optimizer = small(name)
    state = advance(optimizer, start(optimizer, 6, seed), sphere, 250)
    assert sphere(optimizer.center(state)[np.newaxis])[0] > -0.01


@over_all
def test_improves_rosenbrock_a_thousandfold(name):
    optimizer = small(name)
    first = rosenbrock(np.random.default_rng(1).uniform(-2, 2, (1000, 4))).mean()
    state = advance(optimizer, start(optimizer, 4), rosenbrock, 250)
    assert rosenbrock(optimizer.center(state)[np.newaxis])[0] > first / 1000


@over_all
def test_ask_is_pure_and_gives_its_own_copy(name):
    optimizer = small(name)
    state = start(optimizer, 5)
    for _ in range(4):
        members = optimizer.ask(state)
        kept = members.copy()
        members[:] = np.nan
        assert np.array_equal(optimizer.ask(state), kept)
        state = optimizer.tell(state, kept, sphere(kept))
    center = optimizer.center(state)
    center[:] = np.nan
    assert np.isfinite(optimizer.center(state)).all()


@over_all
def test_threads_and_layout_change_no_bit(name):
    optimizer = small(name, **({"n_scout": 1} if "n_scout" in SMALL[name] else {}))
    state = start(optimizer, 900)
    members = np.asfortranarray(optimizer.ask(state))
    state = optimizer.tell(state, members, sphere(members))
    one = optimizer.ask(state, n_threads=1)
    for n_threads in (2, 5, None):
        assert np.array_equal(optimizer.ask(state, n_threads), one)
    with pytest.raises(UsageError, match="n_threads"):
        optimizer.ask(state, n_threads=0)


@over_all
def test_state_survives_an_npz_file_to_the_bit(name):
    optimizer = small(name)
    expected = advance(optimizer, start(optimizer, 5), sphere, 9)
    state = start(optimizer, 5)
    for _ in range(9):
        file = io.BytesIO()
        np.savez(file, **state.arrays())
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            state = optimizer.state_type.from_arrays(dict(arrays))
        state = advance(optimizer, state, sphere, 1)
    assert state.generation == expected.generation
    assert np.array_equal(optimizer.ask(state), optimizer.ask(expected))


@over_all
def test_a_missing_array_is_a_key_error(name):
    optimizer = small(name)
    arrays = start(optimizer, 5).arrays()
    del arrays["lower"]
    with pytest.raises(KeyError, match="lower"):
        optimizer.state_type.from_arrays(arrays)


@over_all
def test_describe_rebuilds_it(name):
    optimizer = small(name)
    assert make_optimizer(**optimizer.describe()) == optimizer


@over_all
def test_bounds_hold_in_every_generation(name):
    optimizer = small(name, sigma=3.0)
    lower, upper = np.array([-1.0, 0.5, -9.0]), np.array([1.0, 0.6, 9.0])
    state = start(optimizer, 3, lower=lower, upper=upper)
    for _ in range(5):
        members = optimizer.ask(state)
        assert (members >= lower).all()
        assert (members <= upper).all()
        state = optimizer.tell(state, members, members.sum(axis=1))
    assert (optimizer.center(state) <= upper).all()


@over_all
@pytest.mark.parametrize("bad", [-np.inf, np.inf, np.nan])
def test_fitness_that_is_not_finite_is_the_worst(name, bad):
    def half_fails(x):
        return np.where(x[:, 0] > 0, bad, sphere(x))

    optimizer = small(name)
    state = advance(optimizer, start(optimizer, 4), half_fails, 100)
    center = optimizer.center(state)
    assert np.isfinite(center).all()
    assert sphere(center[np.newaxis])[0] > -0.2


@over_all
def test_all_members_failing_breaks_nothing(name):
    optimizer = small(name)
    state = advance(optimizer, start(optimizer, 4), lambda x: np.full(len(x), np.nan), 5)
    assert np.isfinite(optimizer.ask(state)).all()


@over_all
def test_tell_checks_shapes(name):
    optimizer = small(name)
    state = start(optimizer, 4)
    members = optimizer.ask(state)
    with pytest.raises(UsageError, match="tell expects"):
        optimizer.tell(state, members, np.zeros(len(members) - 1))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("halving", {"optimizer": "halving"}, "unknown optimizer of the starts 'halving'"),
        ("halving", {"settings": {"sigma": 0.1}}, "unknown setting of the starts 'sigma'"),
        ("halving", {"settings": {"learning_rate": -1.0}}, "learning_rate"),
        ("halving", {"population_size": 7}, "even"),
        ("halving", {"n_starts": 0}, "n_starts"),
        ("halving", {"factor": 1}, "factor is 1; give a whole number from 2 up"),
        ("halving", {"n_episodes": 1.5e5}, "n_episodes"),
        ("halving", {"n_episodes": 11199}, "n_episodes is 11199; give at least 11200"),
        ("ga", {"population_size": 0}, "population_size"),
        ("ga", {"population_size": 2.5}, "population_size"),
        ("ga", {"n_elites": 0}, "n_elites"),
        ("ga", {"population_size": 8, "n_elites": 8}, "n_elites is 8; give fewer"),
        ("ga", {"sigma": -1.0}, "sigma"),
        ("ga", {"sigma": float("nan")}, "sigma"),
        ("ga", {"sigma_decay": 1.1}, "sigma_decay"),
        ("ga", {"slice_sigma": {"encoder": -0.1}}, "encoder"),
        ("ga", {"learning_rate": 0.1}, "has no setting 'learning_rate'"),
        ("es", {"population_size": 0}, "population_size"),
        ("es", {"population_size": 5}, "even"),
        ("es", {"update": "momentum"}, "choose one of: adam, sgd"),
        ("es", {"learning_rate": 0.0}, "learning_rate"),
        ("es", {"sigma": 0.0}, "sigma is 0"),
        ("es", {"sigma_decay": 0.0}, "sigma_decay is 0"),
        ("es", {"n_scout": 0}, "n_scout"),
        ("es", {"learning_rate_decay": 0.0}, "learning_rate_decay"),
        ("cma", {"population_size": 3}, "population_size is 3; give a whole number from 4 up"),
        ("cma", {"sigma": "wide"}, "sigma is 'wide'; give a number above 0"),
        ("cma", {"n_scout": True}, "n_scout"),
        ("adam", {}, "unknown optimizer 'adam'"),
    ],
)
def test_wrong_settings_are_refused(name, options, message):
    with pytest.raises(UsageError, match=message):
        make_optimizer(name, **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ga", {"population_size": 2, "n_elites": 1, "sigma_decay": 1.0}),
        ("ga", {"population_size": 3, "n_elites": 2}),
        ("es", {"population_size": 2, "n_scout": 1, "sigma_decay": 1.0, "learning_rate_decay": 1}),
        ("cma", {"population_size": 4, "n_scout": 1}),
        ("halving", {"n_episodes": 11200}),
    ],
)
def test_the_least_settings_are_taken(name, options):
    optimizer = make_optimizer(name, **options)
    state = advance(optimizer, start(optimizer, 3), sphere, 3)
    assert np.isfinite(optimizer.ask(state)).all()


def test_default_settings():
    """Of runs whose settings name no others; the GA's are the paper's, see test_ga."""
    adam = {"name": "es", "population_size": 200, "sigma": 0.1, "sigma_decay": 0.999}
    adam |= {"learning_rate": 0.05, "learning_rate_decay": 0.999, "update": "adam", "n_scout": 256}
    assert make_optimizer("es").describe() == adam
    assert make_optimizer("es", update="sgd").learning_rate == 0.1
    assert make_optimizer("cma").describe() == {
        "name": "cma", "population_size": 128, "sigma": 0.3, "active": True, "n_scout": 1024,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["es", "ga"])
def test_sigma_decays_by_a_factor_each_generation(name):
    optimizer = make_optimizer(name, population_size=20, sigma=0.5, sigma_decay=0.9)
    state = optimizer.init(np.zeros((1, 3)), 0)
    for generation in range(4):
        assert optimizer.sigma_of(state) == pytest.approx(0.5 * 0.9**generation, rel=1e-12)
        state = advance(optimizer, state, sphere, 1)


@over_all
@pytest.mark.parametrize(
    ("initial", "options", "message"),
    [
        (np.full((60, 2), np.nan), {}, "not finite"),
        (np.zeros((60, 0)), {}, "shape"),
        (np.zeros((60, 2)), {"lower": np.zeros(3)}, "lower needs shape"),
        (np.zeros((60, 2)), {"lower": np.ones(2), "upper": np.zeros(2)}, "above its upper"),
    ],
)
def test_wrong_starts_are_refused(name, initial, options, message):
    with pytest.raises(UsageError, match=message):
        small(name).init(initial, 0, **options)


@dataclass(frozen=True, eq=False)
class BestState(State):
    """The best genome so far."""

    best: np.ndarray


class Climb:
    """Steps of a fixed size, written as briefly as the base allows; the step takes no bound."""

    population_size = 10
    n_initial = 1

    def sigma_of(self, state):
        return 1.0

    def center(self, state):
        return self.place(state).copy()

    def _ask(self, state, n_threads):
        rng = np.random.default_rng([state.seed, state.generation])
        return self.place(state) + rng.normal(size=(10, len(state.lower)))


class ClimbBest(Climb, Optimizer[BestState]):
    name, state_type = "climb-best", BestState

    def place(self, state):
        return state.best

    def _init(self, genomes, slices):
        return {"best": genomes[0]}

    def _tell(self, state, members, fitness):
        return {"best": members[np.argmax(fitness)]}


class ClimbMean(Climb, Optimizer[ScoutingState]):
    name, state_type = "climb-mean", ScoutingState

    def place(self, state):
        return state.mean

    def _init(self, genomes, slices):
        return {}

    def _tell(self, state, members, fitness):
        return {"mean": state.mean + 100}


@pytest.mark.parametrize("kind", [ClimbBest, ClimbMean])
def test_the_base_checks_and_clips_for_a_new_optimizer(kind):
    optimizer = kind()
    state = optimizer.init(np.full((1, 2), 9.0), 3, lower=[-1, 0], upper=[1, 0.5])
    assert np.array_equal(optimizer.center(state), [1, 0.5])
    for generation in range(3):
        assert (state.seed, state.generation) == (3, generation)
        members = optimizer.ask(state)
        assert (members >= [-1, 0]).all()
        assert (members <= [1, 0.5]).all()
        assert np.ptp(members, axis=0).min() > 0.4
        with pytest.raises(UsageError, match="tell expects 10 genomes"):
            optimizer.tell(state, members[1:], np.zeros(9))
        state = optimizer.tell(state, members, members.sum(axis=1))
    assert (optimizer.center(state) <= [1, 0.5]).all()
    for wrong in ({"initial": [np.nan], "seed": 0}, {"initial": [0.0], "seed": -1}):
        with pytest.raises(UsageError, match=r"not finite|seed is -1"):
            optimizer.init(**wrong)
    with pytest.raises(UsageError, match="n_threads is 0"):
        optimizer.ask(state, 0)


def test_the_base_scouts_for_a_new_optimizer_with_a_mean():
    optimizer = ClimbMean()
    scouts = np.random.default_rng(0).normal(size=(25, 3))
    state = optimizer.init(scouts, 0)
    for n_asked in (10, 10, 5):
        members = optimizer.ask(state)
        assert len(members) == n_asked
        assert state.generation == 0
        state = optimizer.tell(state, members, sphere(members))
    assert np.array_equal(state.mean, scouts[np.argmax(sphere(scouts))])
    members = optimizer.ask(state)
    assert optimizer.tell(state, members, sphere(members)).generation == 1


def test_of_equal_scouts_the_first_is_the_start():
    """In one round or in several, so that the size of the rounds does not matter."""
    optimizer = ClimbMean()
    scouts = np.arange(25.0)[:, None]
    state = optimizer.init(scouts, 0)
    while len(state.scouts):
        members = optimizer.ask(state)
        state = optimizer.tell(state, members, np.where(members[:, 0] % 7 == 3, 2.0, 1.0))
    assert np.array_equal(state.mean, [3.0])
    assert state.scout_fitness == 2.0


@pytest.mark.parametrize(
    "change", [lambda array: array + 1j, lambda array: np.ma.masked_array(array, array == 0)]
)
def test_arrays_that_numpy_would_change_are_refused(change):
    optimizer = ClimbMean()
    state = optimizer.init(np.zeros(3), 0)
    members = optimizer.ask(state)
    fitness = np.zeros(len(members))
    for call in (
        lambda: optimizer.init(change(np.zeros(3)), 0),
        lambda: optimizer.init(np.zeros(3), 0, lower=change(-np.ones(3))),
        lambda: optimizer.init(np.zeros(3), 0, upper=change(np.ones(3))),
        lambda: optimizer.tell(state, change(members), fitness),
        lambda: optimizer.tell(state, members, change(fitness)),
    ):
        with pytest.raises(UsageError, match=r"masked|complex"):
            call()


def test_default_number_of_generations():
    assert [make_optimizer(name).n_generations for name in ("cma", "es", "ga")] == [100] * 3
    assert make_optimizer("es").stage(0) == ""  # halving alone has stages


@over_all
def test_whole_numbers_are_a_start(name):
    """As float64: integers would cut off every step."""
    optimizer = small(name)
    initial = np.random.default_rng(0).integers(-2, 3, (optimizer.n_initial, 4))
    state = optimizer.init(initial, 0, lower=[-9] * 4, upper=[9] * 4)
    expected = optimizer.init(initial.astype(float), 0, lower=[-9.0] * 4, upper=[9.0] * 4)
    for key, value in expected.arrays().items():
        assert state.arrays()[key].dtype == value.dtype, key
    members = np.rint(optimizer.ask(state))
    told = [optimizer.tell(state, each, sphere(members)) for each in (members, members.astype(int))]
    dtypes = [{key: array.dtype for key, array in each.arrays().items()} for each in told]
    assert dtypes[0] == dtypes[1]
    state, expected = (advance(optimizer, each, sphere, 5) for each in (state, expected))
    assert np.array_equal(optimizer.ask(state), optimizer.ask(expected))


@pytest.mark.parametrize("slices", [None, {"encoder": slice(0, 1)}])
def test_the_base_gives_the_slices_to_the_optimizer(monkeypatch, slices):
    given = []
    monkeypatch.setattr(
        ClimbMean, "_init", lambda self, genomes, slices: given.append(slices) or {}
    )
    ClimbMean().init([0.0, 1.0], 0, slices)
    assert given == [slices or {}]
