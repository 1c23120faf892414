"""Genome layouts: slices, wrong genomes, and the units in which an optimiser counts."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.evolution.evolve import evolve
from conncore.network.genome import GenomeLayout, Part
from conncore.network.network import Network
from conncore.neurons.models import NEURONS
from conncore.optimizers import CMA, ES, GA
from fake_runs import FakeNetwork, SphereTask


@pytest.fixture
def layout():
    return GenomeLayout((
        Part("gain", np.array([1.0, 2.0]), 0.5, -10.0, 10.0),
        Part("nothing", np.zeros(0), 0.0, 0.0, 1.0),
        Part("constants", np.array([0.2]), 0.0, np.array([0.1]), np.array([0.9])),
    ))  # fmt: skip


def test_parts_follow_each_other(layout):
    assert layout.n_parameters == 3
    assert layout.slices == {
        "gain": slice(0, 2), "nothing": slice(2, 2), "constants": slice(2, 3)
    }  # fmt: skip
    np.testing.assert_array_equal(layout.initial, [1.0, 2.0, 0.2])
    np.testing.assert_array_equal(layout.spread, [0.5, 0.5, 0.0])
    np.testing.assert_array_equal(layout.lower, [-10.0, -10.0, 0.1])
    np.testing.assert_array_equal(layout.upper, [10.0, 10.0, 0.9])


def test_split_gives_views(layout):
    genomes = np.arange(6.0).reshape(2, 3)
    parts = layout.split(genomes)
    assert list(parts) == ["gain", "nothing", "constants"]
    np.testing.assert_array_equal(parts["gain"], [[0, 1], [3, 4]])
    assert parts["nothing"].shape == (2, 0)
    parts["constants"][1, 0] = 9.0
    assert genomes[1, 2] == 9.0


@pytest.mark.parametrize("genomes", [
    np.zeros(3), np.zeros((2, 4)), np.zeros((2, 2)), np.zeros((0, 3)), np.zeros((1, 2, 3)),
])  # fmt: skip
def test_genomes_of_another_shape(layout, genomes):
    with pytest.raises(UsageError, match="gain 2, nothing 0, constants 1"):
        layout.check(genomes)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_genomes_that_are_not_finite(layout, bad):
    genomes = np.zeros((5, 3))
    genomes[3, 1] = bad
    with pytest.raises(UsageError, match="genome 3"):
        layout.check(genomes)


def test_check_gives_float64(layout):
    checked = layout.check(np.ones((3, 2), dtype=np.int32, order="F").T)
    assert checked.dtype == np.float64
    assert checked.flags.c_contiguous


@pytest.mark.parametrize("neuron", NEURONS)
@pytest.mark.parametrize("io", ["anatomical", "dense"])
@pytest.mark.parametrize("weights", ["shared", "individual"])
def test_random_genomes(worm, chain, neuron, io, weights):
    model = NEURONS[neuron]
    network = Network(worm, chain, neuron, io, weights=weights, tune=tuple(model.constants))
    layout = network.layout
    genomes = network.random_genomes(200, seed=3)
    assert genomes.shape == (200, layout.n_parameters)
    assert np.all((genomes >= layout.lower) & (genomes <= layout.upper))
    parts = layout.split(genomes)
    for name in ("encoder", "encoder_bias"):
        assert -0.3 <= parts[name].min() < -0.29
        assert 0.29 < parts[name].max() <= 0.3
    np.testing.assert_array_equal(
        parts["constants"], np.tile([c.default for c in model.constants.values()], (200, 1))
    )
    expected = model.log_weights
    if weights == "individual":
        expected = np.where(worm.sign > 0, *expected)
    np.testing.assert_array_equal(parts["log_weights"], np.tile(expected, (200, 1)))
    if io == "anatomical":
        np.testing.assert_array_equal(parts["decoder"], np.ones((200, 2)))


def test_a_random_genome_depends_on_seed_and_member_alone(worm, chain):
    network = Network(worm, chain)
    genomes = network.random_genomes(20, seed=1)
    np.testing.assert_array_equal(network.random_genomes(7, seed=1), genomes[:7])
    assert len(np.unique(genomes, axis=0)) == 20
    assert not np.any(network.random_genomes(20, seed=2) == genomes, axis=0)[:10].any()
    with pytest.raises(UsageError, match="n_members"):
        network.random_genomes(0)


def test_units_say_what_an_optimiser_counts_in():
    genomes = np.random.default_rng(0).normal(size=(4, 3))
    layout = GenomeLayout([Part("gain", np.zeros(3), 0.0, -1.0, 1.0)])
    assert layout.counted(genomes) is genomes  # all units are 1: no copy
    assert layout.valued(genomes) is genomes
    parts = (Part("gain", np.zeros(2), 0.0, -1.0, 1.0), Part("a", np.zeros(1), 0.0, 0.0, 1.0, 0.25))
    layout = GenomeLayout(parts)
    np.testing.assert_array_equal(layout.counted(genomes), genomes * [1, 1, 4])
    np.testing.assert_array_equal(layout.valued(layout.counted(genomes)), genomes)


@pytest.mark.parametrize("kind", [CMA, ES, GA])
def test_steps_are_counted_in_the_units_of_the_layout(kind):
    """And what the task sees, the archive and the solution are values, not counts."""
    seen = []

    class Task(SphereTask):
        def evaluate(self, network, genomes, seed, n_threads=None, *, split="train"):
            seen.append(genomes.copy())
            return super().evaluate(network, genomes, seed, n_threads, split=split)

    network = FakeNetwork()
    network.layout = GenomeLayout(
        [
            Part("encoder", np.zeros(4), 0.0, -5.0, 5.0),
            Part("log_weights", np.zeros(2), 0.0, -1, 5, 4),
        ]
    )
    run = evolve(network, Task(), kind(population_size=400, sigma=0.1), 2, progress=False,
                 start=np.full(6, 0.5))  # fmt: skip
    genomes = seen[1] if kind is GA else seen[0]  # the GA's first generation is its start
    np.testing.assert_allclose(genomes[:, :4].std(axis=0), 0.1, rtol=0.2)
    np.testing.assert_allclose(genomes[:, 4:].std(axis=0), 0.4, rtol=0.2)
    np.testing.assert_allclose(genomes.mean(axis=0), 0.5, atol=0.1)
    assert np.vstack(seen)[:, 4:].min() >= -1
    assert -1 < run.best.genome[4] < 2.5
