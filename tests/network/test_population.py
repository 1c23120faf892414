"""Populations of a network: the decoder's two forms, in lanes and on events."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.network import population
from conncore.network.network import Network


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
