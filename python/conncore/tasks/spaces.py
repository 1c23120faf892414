"""Gymnasium's spaces as rows of numbers: observations flattened, actions built part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
from numpy.typing import NDArray

from conncore.errors import UsageError
from conncore.tasks.base import FloatArray

#: From outputs (n_members, n_actions) to an action for each member.
Decoder = Callable[[FloatArray], Sequence[Any] | NDArray[Any]]
#: Spaces whose values are one array or one number.
LEAVES = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)
Space = gymnasium.Space[Any]


def check_observed(space: Space, name: str) -> None:
    """Refuse a space whose observations cannot become a row of numbers."""
    for part in _parts(space):
        if not isinstance(part, LEAVES):
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


def rows_of(space: Space, values: Any, n: int | None) -> FloatArray:
    """Return the observations of a vector environment of `n` environments as (n, n_obs) rows.

    If `n` is None, `values` is one observation, and the result has one row.

    Raises
    ------
    ValueError
        As `flatten`.
    """
    if n is None:
        return flatten(space, values)[None]
    batched = batch_space(space, n)
    if isinstance(space, spaces.Box):
        return flatten(batched, values).reshape(n, -1)
    return np.array([flatten(space, value) for value in iterate(batched, values)])


def batch(space: Space, actions: Sequence[Any] | NDArray[Any]) -> Any:
    """Return actions of many environments as one action of their vector environment."""
    if isinstance(actions, np.ndarray):
        return actions
    empty: Any = create_empty_array(space, len(actions))
    return concatenate(space, actions, empty)


def decoder(space: Space, name: str, scale: float) -> Decoder:
    """Return a function from outputs in [-1, 1] of many members to their actions of `space`."""
    if isinstance(space, spaces.Dict):
        in_order = _by_parts(list(space.spaces.values()), name, scale)
        keys = list(space.spaces)
        return lambda rows: [dict(zip(keys, parts, strict=True)) for parts in in_order(rows)]
    if isinstance(space, spaces.Tuple):
        return _by_parts(list(space.spaces), name, scale)
    if isinstance(space, spaces.Discrete):
        first = space.start
        return lambda rows: first + rows.argmax(axis=1)
    if isinstance(space, spaces.MultiBinary):
        shape = space.shape
        return lambda rows: (rows > 0).astype(np.int8).reshape(-1, *shape)
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
    return lambda rows: np.clip(middle + half * rows.reshape(-1, *low.shape), low, high).astype(
        space.dtype
    )


def _multi_discrete(space: spaces.MultiDiscrete) -> Decoder:
    ends = np.cumsum(space.nvec.ravel())[:-1]

    def make(rows: FloatArray) -> NDArray[Any]:
        chosen = np.stack([part.argmax(axis=1) for part in np.split(rows, ends, axis=1)], axis=1)
        actions: NDArray[Any] = space.start + chosen.reshape(-1, *space.shape)
        return actions.astype(space.dtype)

    return make


def _by_parts(parts: list[Space], name: str, scale: float) -> Decoder:
    """Return a decoder to tuples, each part from its own outputs."""
    makers = [decoder(part, name, scale) for part in parts]
    ends = np.cumsum([spaces.flatdim(part) for part in parts])[:-1]

    def make(rows: FloatArray) -> list[tuple[Any, ...]]:
        pieces = np.split(rows, ends, axis=1)
        made = [maker(piece) for maker, piece in zip(makers, pieces, strict=True)]
        return list(zip(*made, strict=True))

    return make


def _parts(space: Space) -> list[Space]:
    if isinstance(space, spaces.Dict):
        return [leaf for part in space.spaces.values() for leaf in _parts(part)]
    if isinstance(space, spaces.Tuple):
        return [leaf for part in space.spaces for leaf in _parts(part)]
    return [space]


def _as_space(space: Space, value: Any) -> NDArray[Any]:
    """Return `value` in the space's shape and type, or raise a ValueError."""
    if isinstance(value, np.ndarray) and (value.dtype, value.shape) == (space.dtype, space.shape):
        return value  # as most environments give it, in every step
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
