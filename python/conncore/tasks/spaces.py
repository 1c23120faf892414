"""Gymnasium's spaces as rows of numbers: observations flattened, actions built part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from conncore.errors import UsageError
from conncore.tasks.base import FloatArray

Decoder = Callable[[FloatArray], Any]
Space = gymnasium.Space[Any]


def check_observed(space: Space, name: str) -> None:
    """Refuse a space whose observations cannot become a row of numbers."""
    for part in _parts(space):
        if not isinstance(part, (spaces.Box, spaces.Discrete, spaces.MultiBinary)):
            if isinstance(part, spaces.MultiDiscrete):
                continue
            raise UsageError(
                f"{name!r} observes {part}; supported are Box, Discrete, MultiDiscrete, "
                "MultiBinary, Dict and Tuple: wrap it with gymnasium.wrappers.TransformObservation"
            )


def flatten(space: Space, value: Any) -> FloatArray:
    """Return an observation as numbers, in the order of Gymnasium's `FlattenObservation`.

    Raises
    ------
    ValueError
        If `value` has another shape or type than `space`.
    """
    if isinstance(space, spaces.Dict):
        if not isinstance(value, Mapping) or set(value) != set(space.spaces):
            raise ValueError(f"is no dict with the keys {', '.join(map(str, space.spaces))}")
        return np.concatenate([flatten(part, value[key]) for key, part in space.spaces.items()])
    if isinstance(space, spaces.Tuple):
        if not isinstance(value, Sequence) or len(value) != len(space.spaces):
            raise ValueError(f"is no tuple of {len(space.spaces)} parts")
        parts = zip(space.spaces, value, strict=True)
        return np.concatenate([flatten(part, item) for part, item in parts])
    numbers = _as_space(space, value)
    if isinstance(space, spaces.Discrete):
        return _one_hot(numbers - space.start, np.array([space.n]))
    if isinstance(space, spaces.MultiDiscrete):
        return _one_hot((numbers - space.start).ravel(), space.nvec.ravel())
    return numbers.ravel().astype(np.float64)


def decoder(space: Space, name: str, scale: float) -> Decoder:
    """Return a function from a row of outputs in [-1, 1] to an action of `space`."""
    if isinstance(space, spaces.Dict):
        keyed = {key: decoder(part, name, scale) for key, part in space.spaces.items()}
        places = _places(list(space.spaces.values()))
        return lambda row: {
            key: make(row[place]) for (key, make), place in zip(keyed.items(), places, strict=True)
        }
    if isinstance(space, spaces.Tuple):
        makers = [decoder(part, name, scale) for part in space.spaces]
        ends = _places(list(space.spaces))
        return lambda row: tuple(make(row[place]) for make, place in zip(makers, ends, strict=True))
    if isinstance(space, spaces.Discrete):
        first = space.start
        return lambda row: first + row.argmax()
    if isinstance(space, spaces.MultiBinary):
        shape = space.shape
        return lambda row: (row > 0).astype(np.int8).reshape(shape)
    if isinstance(space, spaces.MultiDiscrete):
        return _multi_discrete(space)
    if isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.floating):
        return _box(space, scale)
    raise UsageError(
        f"{name!r} acts in {space}; supported are Box of floats, Discrete, MultiDiscrete, "
        "MultiBinary, Dict and Tuple: wrap it with gymnasium.wrappers.TransformAction"
    )


def _box(space: spaces.Box, scale: float) -> Decoder:
    low, high = space.low.astype(np.float64), space.high.astype(np.float64)
    bounded = np.isfinite(low) & np.isfinite(high)
    with np.errstate(invalid="ignore"):  # inf - inf, which is not used
        middle = np.where(bounded, (low + high) / 2, 0.0)
        half = np.where(bounded, (high - low) / 2, scale)
    return lambda row: np.clip(middle + half * row.reshape(low.shape), low, high).astype(
        space.dtype
    )


def _multi_discrete(space: spaces.MultiDiscrete) -> Decoder:
    ends = np.cumsum(space.nvec.ravel())[:-1]

    def make(row: FloatArray) -> NDArray[Any]:
        chosen = np.array([part.argmax() for part in np.split(row, ends)])
        action: NDArray[Any] = (space.start + chosen.reshape(space.shape)).astype(space.dtype)
        return action

    return make


def _places(parts: list[Space]) -> list[slice]:
    ends = np.cumsum([0, *(spaces.flatdim(part) for part in parts)])
    return [slice(int(a), int(b)) for a, b in pairwise(ends)]


def _parts(space: Space) -> list[Space]:
    if isinstance(space, spaces.Dict):
        return [leaf for part in space.spaces.values() for leaf in _parts(part)]
    if isinstance(space, spaces.Tuple):
        return [leaf for part in space.spaces for leaf in _parts(part)]
    return [space]


def _as_space(space: Space, value: Any) -> NDArray[Any]:
    """Return `value` in the space's shape and type, or raise a ValueError."""
    try:
        given = np.asarray(value)
    except ValueError:
        given = np.empty(0, dtype=object)
    if given.dtype.kind not in "fiub":
        raise ValueError(f"is of type {type(value).__name__}, not numbers; its space is {space}")
    if given.shape != space.shape:
        raise ValueError(f"has the shape {given.shape}; its space is {space}")
    assert space.dtype is not None
    with np.errstate(all="ignore"):
        cast: NDArray[Any] = given.astype(space.dtype)
    if cast.dtype.kind in "iub" and not (cast == given).all():
        raise ValueError(f"holds numbers that {cast.dtype} cannot; its space is {space}")
    return cast


def _one_hot(chosen: NDArray[Any], sizes: NDArray[Any]) -> FloatArray:
    chosen = np.atleast_1d(chosen)
    if ((chosen < 0) | (chosen >= sizes)).any():
        raise ValueError("is outside its space")
    row = np.zeros(int(sizes.sum()))
    row[np.cumsum(sizes) - sizes + chosen] = 1.0
    return row
