"""Counter-based random numbers: each draw can be repeated alone, on any thread or machine.

Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") is a function from a key
and a counter to random bits. The key is (seed, stream), and the counter starts at (generation,
member). So member 7 of generation 12 always gets the same noise, whatever else is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from conncore._noise import fill_normal, fill_uniform
from conncore.errors import choose, need_count


class Stream(IntEnum):
    """The purpose of a draw. Draws of different streams are independent."""

    INITIAL = 0
    MUTATION = 1
    PARENT = 2
    ES = 3
    EPISODE = 4
    VALIDATION = 5
    HELD_OUT = 6
    NULL = 7
    SIGNS = 8
    STARTS = 9
    DRIVE = 10


#: The use of a start. A network is trained on "train" starts, a run chooses its solution on
#: "validation" starts, and scores the solution on "held-out" starts.
Split = Literal["train", "validation", "held-out"]

SPLITS: dict[Split, Stream] = {
    "train": Stream.EPISODE,
    "validation": Stream.VALIDATION,
    "held-out": Stream.HELD_OUT,
}

#: The seed of a start is below this number, in each split.
N_STARTS = 2**29


def check_seed(seed: int) -> int:
    """Return `seed` as an int from 0 to 2**63 - 1 (TOML's limit), or raise a `UsageError`."""
    return need_count("seed", seed, 0, 2**63 - 1)


def generator(
    *, seed: int, stream: Stream, generation: int = 0, member: int = 0
) -> np.random.Generator:
    """Return the generator of one member in one generation; it has 2**128 numbers of its own."""
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
        Member numbers, such as ``range(8, 750)`` for a block or ``[12]`` for one member.
    size : int
        Numbers per member.
    n_threads : int
        Number of threads that share the members. The result does not depend on it.

    Returns
    -------
    ndarray, shape (len(members), size), float64
        Row r belongs to ``members[r]``. It depends only on this member, the seed, the stream and
        the generation.
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


def start_seeds(seed: int, split: Split, n: int, *, generation: int = 0) -> list[int]:
    """Draw the seeds of `n` starts of a run.

    Parameters
    ----------
    seed : int
        The seed of the run.
    split : {"train", "validation", "held-out"}
        The use of the starts. The same number in another split is another start, so pass the split
        to `Task.evaluate`, too.
    n : int
        Number of starts. A larger `n` begins with the same starts.
    generation : int
        Each generation has its own training starts. A run draws its validation and held-out starts
        once, for generation 0.

    Returns
    -------
    list of int
        `n` numbers from 0 to 2**29 - 1.

    Raises
    ------
    UsageError
        If `seed` is not a whole number from 0 to 2**63 - 1, or there is no such split.
    """
    stream = SPLITS[check_split(split)]
    rng = generator(seed=seed, stream=stream, generation=generation)
    # An explicit dtype: the default integer is 32 bits wide on Windows with NumPy 1.
    return [int(number) for number in rng.integers(N_STARTS, size=n, dtype=np.int64)]


def check_split(split: Split) -> Split:
    """Return `split`, or raise a `UsageError` if there is no such split."""
    choose("split", split, SPLITS)
    return split
