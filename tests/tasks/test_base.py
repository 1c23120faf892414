"""Seeds of members: what a task makes of a seed and a split."""

from __future__ import annotations

import numpy as np
import pytest

from conncore.errors import UsageError
from conncore.tasks.base import draw_per_seed, initial_draws, member_seeds

OFFSETS = {"train": 0, "validation": 2**29, "held-out": 2**30}


@pytest.mark.parametrize(("split", "offset"), OFFSETS.items())
def test_a_split_moves_the_seeds(split, offset):
    assert member_seeds(7, 3, split) == [offset + 7] * 3
    for seeds in ([0, 5, 2**29 - 1], np.array([0, 5, 2**29 - 1])):
        found = member_seeds(seeds, 3, split)
        assert found == [offset, offset + 5, offset + 2**29 - 1]
        assert all(type(seed) is int for seed in found)
    assert max(found) < 2**31, "every simulator takes it"


def test_splits_never_share_a_generator():
    """By range, so for all seeds there are and not only for those tried here."""
    ends = [member_seeds([0, 2**29 - 1], 2, split) for split in OFFSETS]
    (_, train), (first, validation), (held_out, _) = ends
    assert train < first <= validation < held_out


@pytest.mark.parametrize(
    ("seed", "split", "said"),
    [
        ([1, 2], "train", "seed has 2 entries for 3 members; give one int, or one per member"),
        (-1, "train", "seed is -1; give a whole number from 0 to 536870911"),
        (2**29, "train", "seed is 536870912; give a whole number from 0 to 536870911"),
        ([0, 1, 2**30], "held-out", "seed is 1073741824"),
        (0.5, "train", "seed is 0.5; give a whole number from 0 to 536870911"),
        (0, "test", "unknown split 'test'; choose one of: held-out, train, validation"),
    ],
)
def test_wrong_seeds_say_what_to_do(seed, split, said):
    with pytest.raises(UsageError, match=said) as caught:
        member_seeds(seed, 3, split)
    assert "\n" not in str(caught.value)


def test_equal_seeds_have_equal_draws():
    rows = initial_draws([4, 9, 4], 6)
    assert rows.shape == (3, 6)
    np.testing.assert_array_equal(rows[0], rows[2])
    assert not (rows[0] == rows[1]).any()
    np.testing.assert_array_equal(rows[0], np.random.Generator(np.random.Philox(4)).random(6))
    assert draw_per_seed([], lambda rng: rng.random(6), 6).shape == (0, 6)
