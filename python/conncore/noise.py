"""Counter-based random numbers: any draw can be made again, anywhere, in any order.

Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") is a function from a key
and a counter to random bits. The key is (seed, stream), the counter starts at (generation, member),
so member 7 of generation 12 gets the same noise whatever else is drawn, on any thread or machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from conncore._noise import fill_normal, fill_uniform
from conncore.errors import need_count


class Stream(IntEnum):
    """What a draw is for; draws of different streams are independent."""

    INITIAL = 0
    MUTATION = 1
    PARENT = 2
    ES = 3
    EPISODE = 4
    VALIDATION = 5
    HELD_OUT = 6
    NULL = 7
    SIGNS = 8


# Episode seeds stay below 2**31, which every simulator takes. The two highest bits name the
# purpose: no run's held-out start is ever one that any run, with any seed, was trained on.
_SEED_BITS = 29
_PURPOSE = {Stream.EPISODE: 0, Stream.VALIDATION: 1, Stream.HELD_OUT: 2}


def check_seed(seed: int) -> int:
    """Return `seed` as an int from 0 to 2**63 - 1 (what TOML can hold), else raise `UsageError`."""
    return need_count("seed", seed, 0, 2**63 - 1)


def generator(
    *, seed: int, stream: Stream, generation: int = 0, member: int = 0
) -> np.random.Generator:
    """Return the generator of one member of one generation (its own 2**128 numbers)."""
    key = np.array([check_seed(seed), int(stream)], dtype=np.uint64)
    counter = np.array([0, 0, member, generation], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def normal(
    members: Sequence[int],
    size: int,
    *,
    seed: int,
    stream: Stream,
    generation: int = 0,
    n_threads: int = 1,
) -> NDArray[np.float64]:
    """Draw standard normal numbers for the given members, as NumPy does from `generator`.

    Parameters
    ----------
    members : sequence of int
        Member numbers; ``range(8, 750)`` for a block, ``[12]`` for one again.
    size : int
        Numbers per member.
    n_threads : int
        Threads that share the members; the numbers do not depend on it.

    Returns
    -------
    ndarray, shape (len(members), size), float64
        Row r belongs to ``members[r]`` and depends on nothing but it, seed, stream and generation.
    """
    out = np.empty((len(members), size))
    fill_normal(out, members, (check_seed(seed), stream, generation), n_threads)
    return out


def uniform(
    members: Sequence[int], size: int, *, seed: int, stream: Stream, generation: int = 0
) -> NDArray[np.float64]:
    """Draw numbers from U[0, 1) for the given members; parameters and shape as in `normal`."""
    out = np.empty((len(members), size))
    fill_uniform(out, members, (check_seed(seed), stream, generation))
    return out


def _episode_seeds(seed: int, stream: Stream, generation: int, n: int) -> list[int]:
    rng = generator(seed=seed, stream=stream, generation=generation)
    low = _PURPOSE[stream] << _SEED_BITS
    # An explicit dtype: the default integer is 32 bits wide on Windows with NumPy 1.
    drawn = rng.integers(low, low + (1 << _SEED_BITS), size=n, dtype=np.int64)
    return [int(number) for number in drawn]


def episode_seed(seed: int, generation: int) -> int:
    """Return the seed of the initial state that all members of a generation share."""
    return _episode_seeds(seed, Stream.EPISODE, generation, 1)[0]


def validation_seeds(seed: int, n: int) -> list[int]:
    """Return the `n` starts on which a run's final genome is chosen; never trained on."""
    return _episode_seeds(seed, Stream.VALIDATION, 0, n)


def held_out_seeds(seed: int, n: int) -> list[int]:
    """Return the `n` starts that score a run's final genome; never used for anything else."""
    return _episode_seeds(seed, Stream.HELD_OUT, 0, n)


def purpose(seed: int) -> Stream:
    """Return what an episode seed is for: `Stream.EPISODE`, `VALIDATION` or `HELD_OUT`.

    A number that no function of this module draws (2**31 and above, say) is for training.
    """
    drawn_for = {high: stream for stream, high in _PURPOSE.items()}
    return drawn_for.get(seed >> _SEED_BITS, Stream.EPISODE)
