"""Noise that anyone can draw again from (seed, stream, generation, member)."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.noise import (
    Stream,
    episode_seed,
    generator,
    held_out_seeds,
    normal,
    purpose,
    uniform,
    validation_seeds,
)


@pytest.mark.parametrize("draw", [normal, uniform])
def test_a_row_depends_on_its_member_alone(draw):
    block = draw(range(10), 33, seed=5, stream=Stream.MUTATION, generation=7)
    again = draw([7, 2], 33, seed=5, stream=Stream.MUTATION, generation=7)
    assert np.array_equal(again, block[[7, 2]])
    shorter = draw([7], 5, seed=5, stream=Stream.MUTATION, generation=7)
    assert np.array_equal(shorter[0], block[7, :5])


def test_numbers_are_numpys_philox():
    key = np.array([5, Stream.ES], dtype=np.uint64)
    counter = np.array([0, 0, 3, 7], dtype=np.uint64)
    expected = np.random.Generator(np.random.Philox(key=key, counter=counter)).standard_normal(100)
    found = normal([3], 100, seed=5, stream=Stream.ES, generation=7)[0]
    assert np.array_equal(found, expected)
    rng = generator(seed=5, stream=Stream.ES, generation=7, member=3)
    assert np.array_equal(rng.standard_normal(100), expected)


def test_every_part_of_the_key_gives_other_numbers():
    base = {"seed": 1, "stream": Stream.MUTATION, "generation": 1, "member": 1}
    rows = [generator(**base).random(4)]
    for name, other in (("seed", 2), ("stream", Stream.ES), ("generation", 2), ("member", 2)):
        rows.append(generator(**(base | {name: other})).random(4))
    assert len(np.unique(np.array(rows))) == 20


def test_moments_and_independence_between_members():
    noise = normal(range(200), 500, seed=0, stream=Stream.MUTATION)
    assert abs(noise.mean()) < 5 / np.sqrt(noise.size)
    assert abs(noise.std() - 1) < 5 / np.sqrt(2 * noise.size)
    correlation = np.corrcoef(noise)[np.triu_indices(200, 1)]
    assert abs(correlation).max() < 5.5 / np.sqrt(500)


def test_episode_seeds_of_different_purposes_never_meet():
    training = {episode_seed(seed, g) for seed in range(20) for g in range(100)}
    validation = {s for seed in range(20) for s in validation_seeds(seed, 50)}
    held_out = {s for seed in range(20) for s in held_out_seeds(seed, 50)}
    assert (len(training), len(validation), len(held_out)) == (2000, 1000, 1000)
    # By range, so for all seeds there are and not only for those tried here.
    assert max(training) < 2**29 <= min(validation)
    assert max(validation) < 2**30 <= min(held_out)
    assert max(held_out) < 2**31


def test_an_episode_seed_says_what_it_is_for():
    seeds = {
        Stream.EPISODE: [episode_seed(seed, g) for seed in range(9) for g in range(9)],
        Stream.VALIDATION: validation_seeds(3, 50),
        Stream.HELD_OUT: held_out_seeds(3, 50),
    }
    for stream, drawn in seeds.items():
        assert {purpose(seed) for seed in drawn} == {stream}
    assert purpose(2**31) is purpose(2**40) is Stream.EPISODE


def test_more_held_out_starts_begin_with_the_same_ones():
    assert held_out_seeds(3, 40)[:32] == held_out_seeds(3, 32)


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5])
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises(UsageError, match="a seed is a whole number"):
        episode_seed(seed, 0)


def test_the_largest_seed_works():
    assert episode_seed(2**63 - 1, 0) != episode_seed(2**63 - 2, 0)
