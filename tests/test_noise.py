"""Noise that anyone can draw again from (seed, stream, generation, member)."""

from __future__ import annotations

import numpy as np
import pytest

from conncore._noise import fill_children
from conncore.errors import UsageError
from conncore.noise import (
    Stream,
    generator,
    normal,
    start_seeds,
    uniform,
)


@pytest.mark.parametrize("draw", [normal, uniform])
def test_a_row_depends_on_its_member_alone(draw):
    block = draw(range(10), 33, seed=5, stream=Stream.MUTATION, generation=7)
    again = draw([7, 2], 33, seed=5, stream=Stream.MUTATION, generation=7)
    assert np.array_equal(again, block[[7, 2]])
    shorter = draw([7], 5, seed=5, stream=Stream.MUTATION, generation=7)
    assert np.array_equal(shorter[0], block[7, :5])


@pytest.mark.parametrize("n_threads", [1, 2, 7])
@pytest.mark.parametrize("size", [1, 16, 17, 1024, 1025, 9000])
def test_numbers_are_numpys_philox(size, n_threads):
    """Normal numbers enough that NumPy's rare ways through its ziggurat are among them."""
    members = [3, 0, 2**40, *range(100, 110)]
    key = np.array([2**63 - 1, Stream.ES], dtype=np.uint64)
    place = {"seed": 2**63 - 1, "stream": Stream.ES, "generation": 7}
    draws = {
        "standard_normal": normal(members, size, n_threads=n_threads, **place),
        "random": uniform(members, size, **place),
    }
    for name, found in draws.items():
        for row, member in zip(found, members, strict=True):
            counter = np.array([0, 0, member, 7], dtype=np.uint64)
            rng = np.random.Generator(np.random.Philox(key=key, counter=counter))
            assert np.array_equal(row, getattr(rng, name)(size))
            rng = generator(member=member, **place)
            assert np.array_equal(row, getattr(rng, name)(size))


@pytest.mark.parametrize("draw", [normal, uniform])
def test_no_members_and_no_numbers(draw):
    assert draw([], 3, seed=0, stream=Stream.ES).shape == (0, 3)
    assert draw(range(3), 0, seed=0, stream=Stream.ES).shape == (3, 0)
    with pytest.raises(UsageError, match="seed"):
        draw(range(3), 4, seed=-1, stream=Stream.ES)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("size", [2, 1025])
def test_children_round_as_numpy(size, n_threads):
    rng = np.random.default_rng(size)
    parents, sigma = rng.normal(size=(4, size)), rng.uniform(0.1, 2, size)
    lower, upper = np.full(size, -1.0), np.full(size, 1.5)
    lower[::2], upper[1::2] = -np.inf, np.inf
    chosen, members = rng.integers(0, 4, 50), range(8, 58)
    steps = normal(members, size, seed=1, stream=Stream.MUTATION, generation=2)
    expected = np.clip(steps * sigma + parents[chosen], lower, upper)
    found = np.empty((50, size))
    place = (1, Stream.MUTATION, 2)
    fill_children(found, members, place, parents, chosen, sigma, lower, upper, n_threads)
    assert np.array_equal(found, expected)
    assert (found == 1.5).any()
    assert (found == -1.0).any()


def test_children_of_arrays_that_do_not_fit_are_refused():
    given = [np.empty((3, 5)), range(3), (0, 1, 2), np.zeros((2, 5)), np.zeros(3, dtype=np.intp)]
    given += [np.ones(5), np.full(5, -1.0), np.full(5, 1.0), 1]
    fill_children(*given)
    wrong = {
        0: (np.empty((3, 4)), "4 parameters"),
        1: (range(4), "4 members for 3 rows"),
        3: (np.zeros((2, 6)), "5 parameters"),
        4: (np.zeros(2, dtype=np.intp), "2 chosen parents for 3"),
        5: (np.ones(4), "5 parameters"),
        6: (np.ones(6), "5 parameters"),
        7: (np.ones(6), "5 parameters"),
    }
    for place, (value, message) in wrong.items():
        with pytest.raises(ValueError, match=message):
            fill_children(*given[:place], value, *given[place + 1 :])
    for chosen in (-1, 2):
        given[4][1] = chosen
        with pytest.raises(ValueError, match=f"parent {chosen} of 2"):
            fill_children(*given)


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


def test_start_seeds_are_the_documented_draws():
    """So runs made by earlier versions have the same starts."""
    for split, stream in (("train", Stream.EPISODE), ("validation", Stream.VALIDATION),
                          ("held-out", Stream.HELD_OUT)):  # fmt: skip
        rng = generator(seed=3, stream=stream, generation=5)
        expected = rng.integers(0, 2**29, size=50, dtype=np.int64)
        assert start_seeds(3, split, 50, generation=5) == expected.tolist()


def test_start_seeds_are_in_range_and_differ_by_seed_and_generation():
    training = [start_seeds(seed, "train", 1, generation=g)[0] for seed in range(20)
                for g in range(100)]  # fmt: skip
    held_out = [s for seed in range(20) for s in start_seeds(seed, "held-out", 50)]
    for drawn in (training, held_out):
        assert len(set(drawn)) == len(drawn)
        assert all(type(seed) is int and 0 <= seed < 2**29 for seed in drawn)
        assert max(drawn) > 2**28


def test_more_starts_begin_with_the_same_ones():
    assert start_seeds(3, "held-out", 40)[:32] == start_seeds(3, "held-out", 32)


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5])
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises(
        UsageError, match=rf"seed is {seed}; give a whole number from 0 to {2**63 - 1}"
    ):
        start_seeds(seed, "train", 1)


def test_an_unknown_split_is_refused():
    with pytest.raises(UsageError, match="unknown split 'test'; choose one of: held-out, train"):
        start_seeds(0, "test", 1)


def test_the_largest_seed_works():
    assert start_seeds(2**63 - 1, "train", 1) != start_seeds(2**63 - 2, "train", 1)
