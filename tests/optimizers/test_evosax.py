"""ES and GA against evosax's OpenES and SimpleGA (reference file by tests/evosax)."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from conncore.optimizers import ES, GA, make_optimizer
from conncore.optimizers.base import check_told
from conncore.optimizers.es import centered_ranks

HERE = Path(__file__).parent / "evosax"
SCRIPT = runpy.run_path(str(HERE / "make_reference.py"))
CASES = SCRIPT["CASES"]
FACTOR = 1.5  # between the medians; 0.7 to 1.25 over eight other seeds of the noise


@pytest.fixture(scope="module")
def reference():
    with np.load(HERE / "reference.npz") as file:
        return dict(file)


def settings(case):
    return {name: value for name, value in CASES[case].items() if name != "target"}


def generations(case, seed):
    """Values of each generation of conncore's optimiser, from evosax's start."""
    algorithm, function = case.split("-")
    optimizer = make_optimizer(algorithm, **settings(case))
    state = optimizer.init(SCRIPT["start"](case, seed), seed)
    while True:
        members = optimizer.ask(state)
        values = SCRIPT["FUNCTIONS"][function](members)
        yield values
        state = optimizer.tell(state, members, -values)


@pytest.mark.parametrize("case", CASES)
def test_needs_as_many_evaluations_as_evosax(case, reference):
    theirs = reference[case]
    assert theirs.size == SCRIPT["N_SEEDS"]
    ours = [SCRIPT["evaluations"](case, generations(case, seed)) for seed in range(theirs.size)]
    ratio = np.median(ours) / np.median(theirs)
    assert 1 / FACTOR < ratio < FACTOR, (case, ours, theirs)


def test_recorded_settings_are_the_scripts(reference):
    assert json.loads(str(reference["cases"])) == CASES
    assert str(reference["versions"][0]) == "evosax 0.3.2"
    for case in CASES:
        assert 5 * CASES[case]["population_size"] < np.median(reference[case]) < np.inf


@pytest.fixture(scope="module", params=["recorded", "installed"])
def traces(request, reference):
    """A few generations of evosax, from the file and, where it is installed, as it is now."""
    if request.param == "recorded":
        return reference
    jax = pytest.importorskip("jax")
    pytest.importorskip("evosax")
    with jax.enable_x64(True):
        return SCRIPT["traces"]()


@pytest.mark.filterwarnings("default")  # what JAX warns of is not ours
def test_es_takes_evosaxs_steps(traces):
    es = ES(**settings("es-rosenbrock"))
    state = es.init(SCRIPT["start"]("es-rosenbrock", 0), 0)
    steps = zip(traces["es_population"], traces["es_values"], traces["es_mean"], strict=True)
    for members, values, mean in steps:
        state = es.tell(state, members, -values)
        # Optax holds the learning rate in single precision.
        np.testing.assert_allclose(state.mean, mean, rtol=0, atol=1e-7)
    assert state.generation == SCRIPT["N_TRACED"]
    moved = np.abs(state.mean - SCRIPT["start"]("es-rosenbrock", 0))
    assert moved.max() > 0.1


@pytest.mark.filterwarnings("default")
def test_ranks_are_evosaxs_with_ties_and_failures(traces):
    scores = traces["scores"]
    assert np.isnan(scores).any()
    _, fitness = check_told(np.zeros((scores.size, 1)), -scores, scores.size)
    np.testing.assert_allclose(centered_ranks(fitness), -traces["ranks"], rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("default")
def test_evosaxs_children_descend_from_our_elites(traces):
    ga = GA(**settings("ga-sphere"))
    before, after = traces["ga_population"]
    state = ga.tell(ga.init(before, 0), before, -traces["ga_values"][0])
    for members in (after, ga.ask(state)):
        np.testing.assert_array_equal(members[: ga.n_elites], state.parents)
        steps = members[ga.n_elites :, None] - state.parents
        parent = (steps**2).sum(axis=2).argmin(axis=1)
        assert np.unique(parent).size >= ga.n_elites - 1
        steps = steps[np.arange(parent.size), parent] / ga.sigma_of(state)
        assert 0.85 < steps.std() < 1.15  # 320 of them: its standard error is 0.04
