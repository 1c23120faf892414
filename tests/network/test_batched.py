"""Matrix products over many observations against the kernels, which take one a step."""

from __future__ import annotations

import importlib
import os
import signal
import time

import numpy as np
import pytest

from conncore import _kernels
from conncore.catalog.shipped import load
from conncore.connectome import Connectome
from conncore.errors import UsageError
from conncore.network import batched
from conncore.network.network import Network
from conncore.network.topology import SparseMap
from conncore.neurons.models import NEURONS

N_MEMBERS, N_STEPS = 10, 9  # members: more than a thread takes at a time
# With strong weights, most models answer (and spike) within a few steps and saturate no action.
# A model that does not has options of its own here.
OPTIONS = {"izhikevich": {"constants": {"scale": 100.0, "dt": 0.5}}}


def held(network, genomes, observations, n_steps):
    """Decoder outputs before tanh, summed over the steps, from `policy`."""
    totals = []
    for row in observations:
        policy = network.policy(genomes, n_threads=1)
        rows = np.tile(row, (len(genomes), 1))
        totals.append(sum(np.arctanh(policy.act(rows)) for _ in range(n_steps)))
    return np.array(totals).swapaxes(0, 1)


def genomes_for(network, n_members=N_MEMBERS):
    """Random genomes whose actions stay well within (-1, 1), where arctanh is exact."""
    genomes = network.random_genomes(n_members, seed=4)
    genomes[:, network.layout.slices["decoder"]] *= 0.3
    return genomes


@pytest.fixture
def observations(chain):
    return np.random.default_rng(0).normal(size=(40, chain.n_obs))


@pytest.mark.parametrize("io", ["dense", "anatomical"])
@pytest.mark.parametrize("neuron", NEURONS)
def test_answers_are_those_of_the_kernels(worm, chain, observations, neuron, io):
    options = {"log_weights": (0.0, -0.5)} | OPTIONS.get(neuron, {})
    network = Network(worm, chain, neuron=neuron, io=io, **options)
    genomes = genomes_for(network)
    found = network.respond(genomes, observations, N_STEPS)
    expected = held(network, genomes, observations, N_STEPS)
    assert found.dtype == np.float32
    assert found.shape == (N_MEMBERS, 40, chain.n_actions)
    assert np.std(expected, axis=1).min() > 0.01, "the answers must depend on the observations"
    # A potential at its threshold to within rounding may spike here and not there.
    close = np.isclose(found, expected, rtol=1e-4, atol=1e-4).all(axis=2)
    assert close.mean() > (0.99 if _kernels.load(neuron).SPIKES else 1.0) - 1e-9


def test_tuned_constants_and_individual_weights_are_used(segment, chain, observations):
    network = Network(
        segment, chain, neuron="lif", io="dense", weights="individual", tune=("gamma", "v_th")
    )
    genomes = genomes_for(network)
    rng = np.random.default_rng(1)
    genomes[:, network.layout.slices["log_weights"]] += rng.normal(
        size=(N_MEMBERS, segment.n_edges)
    )
    genomes[:, network.layout.slices["constants"]] = rng.uniform(0.2, 0.9, (N_MEMBERS, 2))
    found = network.respond(genomes, observations, N_STEPS)
    expected = held(network, genomes, observations, N_STEPS)
    assert np.isclose(found, expected, rtol=1e-4, atol=1e-4).all(axis=2).mean() > 0.99


@pytest.mark.parametrize("neuron", ["relu", "alif"])
def test_free_weights_and_several_steps_per_action(segment, chain, observations, neuron):
    network = Network(segment, chain, neuron=neuron, io="dense", weights="free", steps_per_action=3)
    genomes = genomes_for(network)
    found = network.respond(genomes, observations, 4)
    expected = held(network, genomes, observations, 4)
    close = np.isclose(found, expected, rtol=1e-4, atol=1e-4).all(axis=2)
    assert close.mean() > (0.99 if _kernels.load(neuron).SPIKES else 1.0) - 1e-9


def test_neither_threads_nor_neighbours_nor_blocks_change_an_answer(
    segment, chain, observations, monkeypatch
):
    network = Network(segment, chain, neuron="alif", io="dense", log_weights=(0.0, -0.5))
    genomes = genomes_for(network, 33)
    found = network.respond(genomes, observations, N_STEPS, n_threads=1)
    threaded = network.respond(genomes, observations, N_STEPS, n_threads=4)
    np.testing.assert_array_equal(threaded, found)
    some = [31, 2, 8]
    np.testing.assert_array_equal(network.respond(genomes[some], observations, 9), found[some])
    dark = np.where(observations < 0.8, -1.0, observations)
    without_blas = network.respond(genomes, dark, N_STEPS)
    monkeypatch.setattr(batched, "_TILE", 16)
    monkeypatch.setattr(batched, "_CACHE", 0)  # the fewest observations at a time
    blocks = network.respond(genomes, observations, N_STEPS)
    assert np.isclose(blocks, found, rtol=1e-4, atol=1e-4).all(axis=2).mean() > 0.99
    np.testing.assert_array_equal(network.respond(genomes, dark, N_STEPS), without_blas)


def test_a_member_that_diverges_says_so_and_disturbs_nobody(segment, chain, observations):
    network = Network(segment, chain, neuron="izhikevich", io="dense", tune=("a", "b", "dt"))
    genomes = genomes_for(network, 3)
    before = network.respond(genomes, observations, 30)
    assert np.isfinite(before).all()
    diverging = genomes.copy()
    diverging[1, network.layout.slices["constants"]] = 1.0  # then u is v, and v follows u squared
    after = network.respond(diverging, observations, 30)
    assert np.isnan(after[1]).all()
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
    policy = network.policy(diverging)
    for _ in range(30):
        policy.act(np.tile(observations[0], (3, 1)))
    assert policy.status.tolist() == [0, 1, 0]


def test_wrong_arguments_are_one_line(segment, chain):
    network = Network(segment, chain, neuron="relu", io="dense")
    genomes = network.random_genomes(2)
    for wrong, said in (
        ((genomes, np.zeros((3, 4)), 2), "need \\(n_observations, 10\\)"),
        ((genomes, np.zeros(10), 2), "need \\(n_observations, 10\\)"),
        ((genomes, np.full((3, 10), np.nan), 2), "observations are not all finite"),
        ((genomes, np.zeros((3, 10)), 0), "n_steps is 0"),
        ((genomes[:, 1:], np.zeros((3, 10)), 2), "genomes have shape"),
    ):
        with pytest.raises(UsageError, match=said):
            network.respond(*wrong)


def test_a_network_without_synapses_answers(chain, observations):
    loose = Connectome.from_edges("loose", [], [], names=["a", "b"])
    network = Network(loose, chain, neuron="relu", io="dense")
    genomes = genomes_for(network, 2)
    found = network.respond(genomes, observations, 3)
    np.testing.assert_allclose(found, held(network, genomes, observations, 3), rtol=1e-4, atol=1e-5)


ROWS = [[3, 1, 4], [], [5], *[[2, 7, 1, 8, 2]] * 9, [2, 7, 1], [], *[[6, 0]] * 4]


@pytest.mark.parametrize("isa", _kernels.built_for())
@pytest.mark.parametrize("n_columns", [0, 1, 7, 64, 321])
def test_products_add_in_the_order_of_the_map(n_columns, isa):
    rng = np.random.default_rng(0)
    indptr = np.cumsum([0, *map(len, ROWS)], dtype=np.int32)
    indices = np.concatenate(ROWS).astype(np.int32)
    values, source, start = (
        rng.normal(size=shape).astype(np.float32)
        for shape in (len(indices), (9, n_columns), (len(ROWS), n_columns))
    )
    expected = start.copy()
    for row, senders in enumerate(ROWS):
        for k, sender in enumerate(senders):
            expected[row] += values[indptr[row] + k] * source[sender]
    alike = batched._alike(SparseMap(indptr, indices, 9))
    assert alike.tolist() == [row > 0 and ROWS[row] == ROWS[row - 1] for row in range(len(ROWS))]
    kernel = importlib.import_module(f"conncore._kernels.products_{isa}")
    target = np.full_like(start, np.nan)
    kernel._unsafe_add_products(indptr, indices, alike, values, source, start, target)
    np.testing.assert_array_equal(target, expected)
    kernel._unsafe_add_products(indptr, indices, alike, values, source, start, start)
    np.testing.assert_array_equal(start, expected)


@pytest.mark.parametrize("background", [0.0, -3.5])
def test_a_background_changes_no_answer(segment, chain, observations, background):
    network = Network(segment, chain, neuron="relu", io="dense")
    genomes = genomes_for(network, 3)
    some = observations.copy()
    some[np.random.default_rng(1).random(some.shape) < 0.8] = background
    found = network.respond(genomes, some, N_STEPS)
    np.testing.assert_allclose(found, held(network, genomes, some, 9), rtol=1e-4, atol=1e-4)


def test_a_network_of_many_cells_answers(chain, observations):
    """Its matrix would take 1.6 GB."""
    rng = np.random.default_rng(0)
    n = 20_000
    pre, post = np.divmod(np.unique(rng.integers(0, n * n, 60_000)), n)
    large = Connectome.from_edges(
        "large", pre, post, sign=np.ones(pre.size), names=[str(i) for i in range(n)]
    )
    network = Network(
        large,
        chain,
        neuron="relu",
        io="dense",
        inputs=list(large.names[:500]),
        outputs=list(large.names),
    )
    genomes = genomes_for(network, 1)
    found = network.respond(genomes, observations[:2], 3)
    expected = held(network, genomes, observations[:2], 3)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert np.std(found) > 0.01


def test_the_shipped_whole_worm_fits(chain, observations):
    network = Network(
        load("celegans-cook2019").settle_signs("drop"), chain, neuron="relu", io="dense"
    )
    genomes = genomes_for(network, 1)
    found = network.respond(genomes, observations[:3], 3)
    expected = held(network, genomes, observations[:3], 3)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such timer")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_ends_long_answers(worm, chain, n_threads):
    network = Network(worm, chain, io="dense")
    genomes = network.random_genomes(64)
    seen = np.random.default_rng(0).normal(size=(5000, chain.n_obs))
    rung = []

    def ring(number, frame):
        rung.append(time.perf_counter())
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.7)
        with pytest.raises(KeyboardInterrupt):
            network.respond(genomes, seen, 200, n_threads)
        assert time.perf_counter() - rung[0] < 0.2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
