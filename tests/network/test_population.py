"""Populations of a network: the decoder's two forms and the delay, in lanes and on events."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.catalog.shipped import load
from conncore.connectome import Connectome
from conncore.errors import UsageError
from conncore.export import to_nir
from conncore.network import population
from conncore.network.network import Network
from conncore.neurons.models import NEURONS
from conncore.tasks import make_task
from conncore.tasks.mujoco import MujocoTask


@pytest.mark.parametrize("events_from", [0, 10**9])
def test_a_linear_decoder_clips_the_sums_of_the_tanh(worm, chain, monkeypatch, events_from):
    monkeypatch.setattr(population, "EVENTS_FROM", events_from)
    usual, linear = (Network(worm, chain, "relu", "dense", decoder=d) for d in ("tanh", "linear"))
    genomes = usual.random_genomes(3, seed=1)
    genomes[:, usual.layout.slices["decoder"]] *= 8.0
    rng, clipped = np.random.default_rng(0), 0
    policies = usual.policy(genomes), linear.policy(genomes)
    for _ in range(40):
        seen = 3.0 * rng.normal(size=(3, chain.n_obs))
        tanh, actions = (policy.act(seen) for policy in policies)
        expected = np.clip(np.arctanh(tanh), -1.0, 1.0)
        np.testing.assert_allclose(actions, expected, rtol=1e-9, atol=1e-12)
        clipped += np.mean(np.abs(expected) == 1.0) / 40
    assert 0.02 < clipped < 0.98
    for _ in range(3):  # from the inputs to the outputs
        actions = policies[1].act(np.full((3, chain.n_obs), np.nan))
    assert np.isnan(actions).all()


def test_the_decoder_is_described_where_it_differs(worm, chain):
    usual = Network(worm, chain).describe()
    assert "decoder" not in usual
    assert Network(worm, chain, decoder="linear").describe() == usual | {"decoder": "linear"}
    with pytest.raises(UsageError, match="unknown decoder 'relu'; choose one of: linear, tanh"):
        Network(worm, chain, decoder="relu")


@pytest.mark.parametrize("neuron", ["relu", "alif"])
@pytest.mark.parametrize("delay", [1, 2, 5])
def test_activity_arrives_after_the_delay(chain, neuron, delay):
    """Three cells in a row: each is active `delay` steps after the one before it."""
    line = Connectome.from_edges("line", [0, 1], [1, 2], sign=[1, 1], names=["a", "b", "c"])
    network = Network(
        line, chain, neuron, "dense", inputs=["a"], outputs=["c"], bias="none", delay=delay,
        log_weights=(3.0, 0.0),
    )  # fmt: skip
    genome = network.random_genomes(1)[0]
    genome[network.layout.slices["encoder"]] = 50.0
    observations = np.zeros((3 * delay + 3, chain.n_obs))
    observations[0] = 1.0
    active = network.simulate(genome, observations) > 0.0
    assert np.argmax(active, axis=0).tolist() == [0, delay, 2 * delay]
    assert active.any(axis=0).all()


@pytest.mark.parametrize("neuron", NEURONS)
@pytest.mark.parametrize("events_from", [0, 10**9])
def test_a_state_with_a_delay_is_saved_and_restored(worm, chain, monkeypatch, neuron, events_from):
    monkeypatch.setattr(population, "EVENTS_FROM", events_from)
    network = Network(worm, chain, neuron, "dense", delay=3, log_weights=(1.0, 1.0))
    genomes = network.random_genomes(3, seed=1)
    genomes[:, network.layout.slices["encoder"]] *= 20.0
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(24, 3, chain.n_obs))
    policy, other = network.policy(genomes), network.policy(genomes)
    for row in seen[:10]:
        policy.act(row)
    state = policy.get_state()
    assert state["activity"].shape == (3, 3 * worm.n_cells)
    np.testing.assert_array_equal(state["activity"][:, -worm.n_cells :], policy.activity())
    assert state["activity"].any()
    other.set_state(state)
    for row in seen[10:]:
        np.testing.assert_array_equal(other.act(row), policy.act(row))
        np.testing.assert_array_equal(other.activity(), policy.activity())
    policy.reset()
    assert not policy.get_state()["activity"].any()
    fresh = network.policy(genomes)
    for row in seen:
        np.testing.assert_array_equal(policy.act(row), fresh.act(row))


def test_answers_to_many_observations_have_the_delay(worm, chain):
    network = Network(worm, chain, "relu", "dense", delay=3)
    genomes = network.random_genomes(2, seed=1)
    observations = np.random.default_rng(0).normal(size=(4, chain.n_obs))
    policy = network.policy(np.repeat(genomes, 4, axis=0))
    rows = np.tile(observations, (2, 1))
    expected = sum(np.arctanh(policy.act(rows)) for _ in range(8)).reshape(2, 4, -1)
    found = network.respond(genomes, observations, 8)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    early = Network(worm, chain, "relu", "dense").respond(genomes, observations, 8)
    assert np.abs(found - early).max() > 1e-3


def test_whole_episodes_are_those_of_single_steps():
    """The kernel of episodes keeps a place for each block; blocks may end early."""
    worm, task = load("celegans-haspel2011"), make_task("Walker2d-v5", max_steps=60)
    network = Network(worm, task, "relu", "dense", delay=4)
    genomes = network.random_genomes(40, seed=3)
    fitness = task.evaluate(network, genomes, seed=5)
    bodies, policy = task.bodies(40, 1), network.policy(genomes)
    bodies.reset(*task.initial_states([5] * 40))
    assert len(set(fitness)) > 20
    np.testing.assert_array_equal(MujocoTask.episode(task, bodies, policy), fitness)


def test_exports_have_no_delay(worm, chain):
    network = Network(worm, chain, "lif", delay=2)
    assert network.describe()["delay"] == 2
    pytest.importorskip("nir")
    with pytest.raises(UsageError, match="NIR graphs have no synaptic delay"):
        to_nir(network, network.random_genomes(1)[0])
