"""Arrays of checkpoints and solutions: what is written is read, what cannot be is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conncore.evolution.contents import (
    best_arrays,
    check_best,
    check_checkpoint,
    checkpoint_arrays,
    read_best,
    read_checkpoint,
    text_of,
)
from conncore.evolution.records import METRICS, Best, Checkpoint
from conncore.optimizers import make_optimizer

SEED, N = 5, 3


def state_of(name, generations):
    sizes = {"population_size": 4} | ({"n_elites": 2} if name == "ga" else {"n_scout": 6})
    optimizer = make_optimizer(name, **sizes)
    first = np.random.default_rng(0).normal(size=(optimizer.n_initial, N))
    state = optimizer.init(first, SEED, lower=np.full(N, -9.0))
    while state.generation < generations:
        members = optimizer.ask(state)
        state = optimizer.tell(state, members, members.sum(axis=1))
    return state


def checkpoint_of(name="es", generations=3, **changes):
    history = np.zeros(generations, METRICS)
    history["generation"] = np.arange(generations)
    history["best"] = [1.0, np.nan, 2.0][:generations]
    history["n_evaluations"] = 4 * np.arange(1, generations + 1)
    history["sigma"] = 0.1
    fields = {
        "state": state_of(name, generations),
        "history": history,
        "n_evaluations": 4 * generations,
        "best_genome": np.arange(3.0),
        "best_fitness": 2.0,
    }
    return Checkpoint(**fields | changes)


def at(name, place, value):
    """A change of one number of an array, such as "history.best" or "state.mean"."""
    part, _, field = name.partition(".")

    def change(checkpoint):
        if part == "history":
            history = checkpoint.history.copy()
            history[field][place] = value
            return replace(checkpoint, history=history)
        array = getattr(checkpoint.state, field).copy()
        array[place] = value
        return replace(checkpoint, state=replace(checkpoint.state, **{field: array}))

    return change


def state(**changes):
    return lambda checkpoint: replace(checkpoint, state=replace(checkpoint.state, **changes))


def fields(**changes):
    return lambda checkpoint: replace(checkpoint, **changes)


@pytest.mark.parametrize("name", ["cma", "es", "ga"])
@pytest.mark.parametrize("generations", [0, 1, 3])
def test_a_checkpoint_comes_back_to_the_bit(name, generations):
    made = checkpoint_of(name, generations)
    if generations == 0:  # nothing is scored yet
        made = replace(made, best_genome=np.full(N, np.nan), best_fitness=-np.inf)
    arrays = checkpoint_arrays(made)
    read = read_checkpoint(arrays, type(made.state))
    check_checkpoint(read, SEED)
    again = checkpoint_arrays(read)
    assert set(again) == set(arrays)
    for key, array in arrays.items():
        assert (again[key].dtype, again[key].shape) == (array.dtype, array.shape)
        assert again[key].tobytes() == array.tobytes()


NOWHERE = np.full(N, np.nan)
WRONG = [
    (fields(best_genome=np.array([0.0, np.nan, 1.0])), "best_genome is not finite"),
    (fields(best_fitness=np.nan), "best_fitness is nan"),
    (fields(best_fitness=np.inf), "best_fitness is inf"),
    (fields(best_fitness=-np.inf), "best_genome has no fitness"),
    (fields(best_fitness=-np.inf, best_genome=NOWHERE), "best_fitness is below that of history"),
    (fields(best_fitness=1.9), "best_fitness is below that of history"),
    (at("history.generation", 0, 1), "the generations of history do not count from 0"),
    (at("history.best", 1, np.inf), "a best that is not finite"),
    (at("history.best", 0, -np.inf), "a best that is not finite"),
    (at("history.n_failed", 2, -1), "a negative n_failed"),
    (at("history.sigma", 1, np.nan), "a sigma that is not finite"),
    (at("history.n_evaluations", 1, 4), "n_evaluations does not increase"),
    (fields(n_evaluations=13), "n_evaluations is not that of history"),
    (fields(n_evaluations=11), "n_evaluations is not that of history"),
    (state(seed=4), "state.seed is not the seed of the run, 5"),
    (at("state.mean", 1, np.nan), "state.mean is not finite"),
    (at("state.moment1", 1, np.inf), "state.moment1 is not finite"),
    (state(mean=np.zeros(N, np.float32)), "state.mean is float32"),
    (state(mean=np.zeros(N, np.int64)), "state.mean is int64"),
    (state(mean=np.zeros(N + 1)), r"state.mean has shape \(4,\) for 3 parameters"),
    (state(mean=np.zeros((N, N))), r"state.mean has shape \(3, 3\)"),
    (state(scouts=np.zeros((2, N - 1))), r"state.scouts has shape \(2, 2\)"),
    (state(scouts=np.zeros(N)), r"state.scouts has shape \(3,\)"),
    (state(scout_fitness=np.inf), "state.scout_fitness is inf"),
    (state(scout_fitness=np.nan), "state.scout_fitness is nan"),
    (state(scout_fitness=np.zeros(1)), r"state.scout_fitness has shape \(1,\)"),
    (at("state.lower", 0, np.nan), "state.lower has a NaN"),
    (at("state.upper", 0, np.nan), "state.upper has a NaN"),
    (at("state.upper", 2, -9.5), "a bound of state.lower is above state.upper"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_checkpoint_that_cannot_be_is_refused(change, message):
    check_checkpoint(checkpoint_of(), SEED)
    with pytest.raises(ValueError, match=message):
        check_checkpoint(change(checkpoint_of()), SEED)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("ga", state(parents=np.zeros((0, N))), r"state.parents has shape \(0, 3\)"),
        ("cma", state(covariance=np.eye(N)[:2]), r"state.covariance has shape \(2, 3\)"),
        ("cma", at("state.basis", (0, 0), np.nan), "state.basis is not finite"),
        ("cma", state(sigma=np.nan), "state.sigma is not finite"),
        ("es", state(sigma_scale=np.ones(2)), r"state.sigma_scale has shape \(2,\)"),
        ("es", state(rate_scale=np.ones((N, N))), r"state.rate_scale has shape \(3, 3\)"),
        ("es", state(rate_scale=np.array([1.0, 0.0, 2.0])), "state.rate_scale is not above 0"),
        ("es", state(sigma_scale=np.nan), "state.sigma_scale is not above 0"),
    ],
)
def test_a_state_that_cannot_be_is_refused(name, change, message):
    check_checkpoint(checkpoint_of(name), SEED)
    with pytest.raises(ValueError, match=message):
        check_checkpoint(change(checkpoint_of(name)), SEED)


def test_what_a_checkpoint_may_be():
    check_checkpoint(at("state.upper", slice(None), np.inf)(checkpoint_of()), SEED)
    check_checkpoint(at("state.upper", slice(None), -9.0)(checkpoint_of()), SEED)
    check_checkpoint(state(scout_fitness=-np.inf)(checkpoint_of()), SEED)
    check_checkpoint(state(scouts=np.zeros((2, N)))(checkpoint_of()), SEED)
    check_checkpoint(state(sigma_scale=np.array([0.5, 1.0, 2.0]))(checkpoint_of()), SEED)
    nothing = checkpoint_of(generations=0, best_genome=NOWHERE, best_fitness=-np.inf)
    check_checkpoint(nothing, SEED)
    with pytest.raises(ValueError, match="n_evaluations is negative"):
        check_checkpoint(replace(nothing, n_evaluations=-1), SEED)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("history", np.zeros((3, 1), METRICS)),
        ("n_evaluations", np.array(1.0)),
        ("n_evaluations", np.array([1])),
        ("n_evaluations", np.array(1, np.int32)),
        ("best_genome", np.zeros((1, 3))),
        ("best_genome", np.zeros(3, np.float32)),
        ("best_fitness", np.array(1)),
        ("state.generation", np.array(1.0)),
    ],
)
def test_arrays_of_another_type_or_shape_are_refused(name, array):
    made = checkpoint_of()
    with pytest.raises(ValueError, match=name):
        read_checkpoint(checkpoint_arrays(made) | {name: array}, type(made.state))


def best_of(**changes):
    fields = {
        "genome": np.arange(3.0),
        "slices": {"a": slice(0, 1), "b": slice(1, 3)},
        "chosen": "center",
        "generation": 0,
        "seeds": np.array([7, 8]),
        "scores": np.array([1.0, -np.inf]),
    }
    return Best(**fields | changes)


def test_a_solution_comes_back_to_the_bit():
    made = best_of()
    arrays = best_arrays(made)
    read = read_best(arrays)
    check_best(read)
    assert (read.slices, read.chosen, read.generation) == (made.slices, "center", 0)
    for name in ("genome", "seeds", "scores"):
        np.testing.assert_array_equal(getattr(read, name), getattr(made, name))
    assert arrays["slice_bounds"].dtype == np.int64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"genome": np.array([0.0, np.inf, 1.0])}, "genome is not finite"),
        ({"genome": np.zeros(4)}, "the slices do not divide the genome"),
        ({"slices": {"a": slice(0, 1), "b": slice(2, 3)}}, "the slices do not divide the genome"),
        ({"slices": {"a": slice(1, 3)}}, "the slices do not divide the genome"),
        ({"chosen": "mean"}, "chosen is 'mean'"),
        ({"generation": -1}, "generation is -1"),
        ({"seeds": np.array([7])}, "seeds and scores differ in number"),
        ({"seeds": np.array([], int), "scores": np.array([])}, "a score is missing"),
        ({"scores": np.array([1.0, np.inf])}, "a score is missing"),
        ({"scores": np.array([1.0, np.nan])}, "a score is missing"),
    ],
)
def test_a_solution_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        check_best(best_of(**changes))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("seeds", np.array([7.0, 8.0])),
        ("scores", np.array([1, 2])),
        ("generation", np.array("3")),
        ("genome", np.zeros(3, ">f4")),
    ],
)
def test_arrays_of_a_solution_have_their_type(name, array):
    with pytest.raises(ValueError, match=name):
        read_best(best_arrays(best_of()) | {name: array})


def test_each_slice_has_bounds():
    arrays = best_arrays(best_of())
    with pytest.raises(ValueError, match="zip"):
        read_best(arrays | {"slice_bounds": arrays["slice_bounds"][:1]})


def test_texts():
    assert text_of({"checksum": np.array("abc")}, "checksum") == "abc"
    for wrong in (np.array(["abc"]), np.array(3), np.array(b"abc")):
        with pytest.raises(ValueError, match="checksum is not a text"):
            text_of({"checksum": wrong}, "checksum")
