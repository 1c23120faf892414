"""Units: an optimiser's steps are of one size, a constant's of its own."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.evolution.evolve import evolve
from conncore.network.genome import GenomeLayout, Part
from conncore.neurons.models import NEURONS
from conncore.optimizers import CMA, ES, GA
from fake_runs import FakeNetwork, SphereTask


def test_units_say_what_an_optimiser_counts_in():
    genomes = np.random.default_rng(0).normal(size=(4, 3))
    layout = GenomeLayout([Part("gain", np.zeros(3), 0.0, -1.0, 1.0)])
    assert layout.counted(genomes) is genomes  # all units are 1: no copy
    assert layout.valued(genomes) is genomes
    parts = (Part("gain", np.zeros(2), 0.0, -1.0, 1.0), Part("a", np.zeros(1), 0.0, 0.0, 1.0, 0.25))
    layout = GenomeLayout(parts)
    np.testing.assert_array_equal(layout.counted(genomes), genomes * [1, 1, 4])
    np.testing.assert_array_equal(layout.valued(layout.counted(genomes)), genomes)


@pytest.mark.parametrize("neuron", NEURONS)
def test_constants_are_counted_in_their_own_size_and_nothing_is_rounded(neuron):
    for name, constant in NEURONS[neuron].constants.items():
        for value in (constant.default, constant.lower, constant.upper):
            assert value / constant.unit * constant.unit == value
        assert np.frexp(constant.unit)[0] == 0.5  # a power of two
        size = 1 - constant.default if name.startswith("gamma") else abs(constant.default)
        if size:
            assert 0.5 < size / constant.unit <= 2.0


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
