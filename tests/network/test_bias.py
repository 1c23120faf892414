"""Biases: which cells have one, where they start, and that lanes, events and twin agree."""

from __future__ import annotations

import numpy as np
import pytest

import conncore as cc
from conncore.errors import UsageError
from conncore.network import population
from conncore.network.network import Network
from conncore.reference import ReferencePopulation

KINDS = [(bias, cells) for bias in ("random", "zero", "none") for cells in ("inputs", "all")]


def network(worm, chain, io="dense", **options):
    return Network(worm, chain, "alif", io, **options)


@pytest.mark.parametrize("io", ["dense", "anatomical"])
def test_where_biases_start(worm, chain, io):
    plain = network(worm, chain, io)
    sizes = {name: part.stop - part.start for name, part in plain.layout.slices.items()}
    drawn = plain.layout.split(plain.random_genomes(50))
    zero = network(worm, chain, io, bias="zero")
    assert zero.layout.slices == plain.layout.slices
    started = zero.layout.split(zero.random_genomes(50))
    for name, values in started.items():
        if name.endswith("_bias"):
            assert not values.any()
            assert drawn[name].size == 0 or 0.25 < np.abs(drawn[name]).max() <= 0.3
        else:
            np.testing.assert_array_equal(values, drawn[name])
    none = network(worm, chain, io, bias="none")
    for name, part in none.layout.slices.items():
        expected = 0 if name.endswith("_bias") else sizes[name]
        assert part.stop - part.start == expected
    values = none.values(none.random_genomes(2))
    assert not values["encoder_bias"].any()
    assert values["encoder_bias"].shape == (2, none.topology.inputs.size)
    assert not values["decoder_bias"].any()


def test_a_network_without_biases_is_one_whose_biases_are_zero(worm, chain):
    none, zero = (network(worm, chain, bias=bias) for bias in ("none", "zero"))
    genomes = zero.random_genomes(3, seed=4)
    parts = zero.layout.split(genomes)
    kept = [part for name, part in parts.items() if not name.endswith("_bias")]
    short = np.concatenate(kept, axis=1)
    observations = np.random.default_rng(0).normal(size=(3, chain.n_obs))
    np.testing.assert_array_equal(
        none.policy(short).act(observations), zero.policy(genomes).act(observations)
    )


def test_all_cells_have_a_bias_of_their_own(worm, chain):
    """A cell without input receives the tanh of its own bias; the others what they did."""
    plain, every = network(worm, chain), network(worm, chain, bias_cells="all")
    n_own, n_cells = plain.topology.inputs.size, worm.n_cells
    part = every.layout.slices["encoder_bias"]
    assert part.stop - part.start == n_cells
    assert sorted(every.topology.inputs) == list(range(n_cells))
    genome = every.random_genomes(1, seed=2)
    bias = every.values(genome)["encoder_bias"][0]
    assert 0.2 < np.abs(bias[n_own:]).max() <= 0.3
    genome[0, part.start + n_own :] = 0.0
    parts = every.layout.split(genome)
    parts["encoder_bias"] = parts["encoder_bias"][:, :n_own]
    observations = np.random.default_rng(0).normal(size=(6, chain.n_obs))
    np.testing.assert_array_equal(
        every.simulate(genome[0], observations),
        plain.simulate(np.concatenate(list(parts.values()), axis=1)[0], observations),
    )
    genome[0, part.stop - 1] = 50.0  # tanh is 1, the threshold of alif
    last = every.topology.inputs[-1]
    assert every.simulate(genome[0], observations)[0, last] == 1.0


@pytest.mark.parametrize(("bias", "cells"), KINDS)
@pytest.mark.parametrize("io", ["dense", "anatomical"])
def test_lanes_events_and_twin_agree(worm, chain, io, bias, cells, monkeypatch):
    net = network(worm, chain, io, bias=bias, bias_cells=cells)
    genomes = net.random_genomes(3, seed=5)
    lanes = net.policy(genomes)
    monkeypatch.setattr(population, "EVENTS_FROM", 0)
    events = net.policy(genomes)
    assert type(lanes) is not type(events)
    twin = ReferencePopulation(
        net.topology, "alif", net.values(genomes), net.neuron_constants(genomes), trace=net.trace
    )
    rng = np.random.default_rng(1)
    for _ in range(20):
        observations = rng.normal(size=(3, chain.n_obs))
        actions = lanes.act(observations)
        np.testing.assert_array_equal(events.act(observations), actions)
        np.testing.assert_array_equal(twin.act(observations), actions)


def test_described_where_it_differs(worm, chain):
    plain = network(worm, chain)
    assert not {"bias", "bias_cells"} & plain.describe().keys()
    options = {"bias": "none", "bias_cells": "all"}
    changed = network(worm, chain, **options)
    assert changed.describe() == plain.describe() | options
    assert changed.with_individual_weights().describe()["bias"] == "none"
    genomes = changed.random_genomes(2)
    wide = changed.with_individual_weights()
    np.testing.assert_array_equal(
        changed.synapse_weights(genomes), wide.synapse_weights(changed.expand(genomes))
    )


@pytest.mark.parametrize("name", ["bias", "bias_cells"])
def test_unknown_words(worm, chain, name):
    with pytest.raises(UsageError, match=f"unknown {name} 'some'; choose one of: "):
        cc.Network(worm, chain, **{name: "some"})
