"""Checkpoints and solutions as arrays, and the checks of arrays that come from a file.

The readers raise KeyError, TypeError or ValueError if an array is missing or cannot be right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.evolution.records import METRICS, Best, Checkpoint
from conncore.optimizers.base import S, State

Arrays = Mapping[str, NDArray[Any]]
_PREFIX = "state."
_ROWS = ("scouts", "parents", "leaders")  # matrices of genomes, whose number changes during a run


def checkpoint_arrays(checkpoint: Checkpoint[Any]) -> dict[str, NDArray[Any]]:
    """Return a checkpoint as named arrays."""
    state = {f"{_PREFIX}{name}": array for name, array in checkpoint.state.arrays().items()}
    return {
        "history": checkpoint.history,
        "n_evaluations": np.array(checkpoint.n_evaluations),
        "best_genome": checkpoint.best_genome,
        "best_fitness": np.array(checkpoint.best_fitness),
        **state,
    }


def read_checkpoint(arrays: Arrays, state_type: type[S]) -> Checkpoint[S]:
    """Return the checkpoint that `checkpoint_arrays` gave; `check_checkpoint` checks its values."""
    state = {k.removeprefix(_PREFIX): v for k, v in arrays.items() if k.startswith(_PREFIX)}
    checkpoint = Checkpoint(
        state=state_type.from_arrays(state),
        history=arrays["history"].astype(METRICS, casting="no"),
        n_evaluations=_number(arrays, "n_evaluations", "i"),
        best_genome=_vector(arrays, "best_genome"),
        best_fitness=_number(arrays, "best_fitness", "f"),
    )
    if checkpoint.history.ndim != 1:
        raise ValueError(f"history has shape {checkpoint.history.shape}")
    if type(checkpoint.state.generation) is not int:
        raise ValueError("state.generation is not a whole number")
    return checkpoint


def check_checkpoint(checkpoint: Checkpoint[Any], seed: int) -> None:
    """Check shape, dtype and finiteness of all arrays of a checkpoint, and what they say together.

    `seed` is that of the run.
    """
    best, history = checkpoint.best_fitness, checkpoint.history
    if np.isfinite(best):
        _need(np.isfinite(checkpoint.best_genome).all(), "best_genome is not finite")
    else:
        _need(best == -np.inf, f"best_fitness is {best}")
        _need(np.isnan(checkpoint.best_genome).all(), "best_genome has no fitness")
    _need(
        np.array_equal(history["generation"], np.arange(len(history))),
        "the generations of history do not count from 0",
    )
    if len(history):
        _need(not np.isinf(history["best"]).any(), "history has a best that is not finite")
        _need((history["n_failed"] >= 0).all(), "history has a negative n_failed")
        _need(np.isfinite(history["sigma"]).all(), "history has a sigma that is not finite")
        _need((np.diff(history["n_evaluations"]) > 0).all(), "n_evaluations does not increase")
        last = int(history["n_evaluations"][-1])
        _need(checkpoint.n_evaluations == last, "n_evaluations is not that of history")
        highest = np.nanmax(history["best"], initial=-np.inf)
        _need(best >= highest, "best_fitness is below that of history")
    _need(checkpoint.n_evaluations >= 0, "n_evaluations is negative")
    _need(checkpoint.state.seed == seed, f"state.seed is not the seed of the run, {seed}")
    _check_state(checkpoint.state, len(checkpoint.best_genome))


def _check_state(state: State, n_parameters: int, prefix: str = _PREFIX) -> None:
    for field in dataclasses.fields(state):
        name, value = f"{prefix}{field.name}", getattr(state, field.name)
        if isinstance(value, tuple):
            for number, inner in enumerate(value):
                _check_state(inner, n_parameters, f"{name}.{number}.")
            continue
        array = np.asarray(value)
        if field.type == "str":
            _need(array.dtype.kind == "U", f"{name} is {array.dtype}")
            continue
        kind, n_axes = {"int": ("i", 0), "float": ("f", 0), "Vector": ("f", 1)}.get(
            str(field.type), ("f", 2)
        )
        _need(array.dtype.kind == kind and array.dtype.itemsize == 8, f"{name} is {array.dtype}")
        if field.type == "Scores":
            _need((array < np.inf).all(), f"{name} is not finite or -inf")
            continue
        if field.type == "Vector | float":
            n_axes = min(array.ndim, 1)
        good = array.ndim == n_axes and (n_axes == 0 or array.shape[-1] == n_parameters)
        if good and n_axes == 2:
            good = field.name in _ROWS or len(array) == n_parameters
            good = good and not (field.name == "parents" and len(array) == 0)
        _need(good, f"{name} has shape {array.shape} for {n_parameters} parameters")
        if field.name in ("lower", "upper"):
            _need(not np.isnan(array).any(), f"{name} has a NaN")
        elif field.name in ("sigma_scale", "rate_scale"):
            _need(((array > 0.0) & (array < np.inf)).all(), f"{name} is not above 0")
        elif field.name == "scout_fitness":
            _need(array < np.inf, f"{name} is {array}")
        else:
            _need(np.isfinite(array).all(), f"{name} is not finite")
    _need((state.lower <= state.upper).all(), "a bound of state.lower is above state.upper")


def best_arrays(best: Best) -> dict[str, NDArray[Any]]:
    """Return a solution as named arrays."""
    slices = list(best.slices.values())
    fields = {f.name: np.asarray(getattr(best, f.name)) for f in dataclasses.fields(best)}
    fields["slices"] = np.array(list(best.slices))
    return {
        "slice_bounds": np.array([[s.start, s.stop] for s in slices], dtype=np.int64),
        **fields,
    }


def read_best(arrays: Arrays) -> Best:
    """Return the solution that `best_arrays` gave; `check_best` checks its values."""
    bounds = zip(arrays["slices"], arrays["slice_bounds"], strict=True)
    return Best(
        genome=_vector(arrays, "genome"),
        slices={str(name): slice(int(start), int(stop)) for name, (start, stop) in bounds},
        chosen=str(arrays["chosen"]),
        generation=_number(arrays, "generation", "i"),
        seeds=_vector(arrays, "seeds", "i"),
        scores=_vector(arrays, "scores"),
    )


def check_best(best: Best) -> None:
    """Check shape and finiteness of a solution's arrays, and what they say together."""
    _need(np.isfinite(best.genome).all(), "genome is not finite")
    ends = [0, *(part.stop for part in best.slices.values())]
    starts = [*(part.start for part in best.slices.values()), len(best.genome)]
    _need(ends == starts, "the slices do not divide the genome")
    _need(best.chosen in ("archive", "center"), f"chosen is {best.chosen!a}")
    _need(best.generation >= 0, f"generation is {best.generation}")
    _need(best.seeds.shape == best.scores.shape, "seeds and scores differ in number")
    _need(len(best.scores) > 0 and (best.scores < np.inf).all(), "a score is missing")


def text_of(arrays: Arrays, name: str) -> str:
    """Return the text that the array `name` holds."""
    value = arrays[name]
    _need(value.shape == () and value.dtype.kind == "U", f"{name} is not a text")
    return str(value.item())


def _number(arrays: Arrays, name: str, kind: str) -> Any:
    value = arrays[name]
    right = value.shape == () and value.dtype.kind == kind and value.dtype.itemsize == 8
    _need(right, f"{name} is {value.dtype} of shape {value.shape}")
    return value.item()


def _vector(arrays: Arrays, name: str, kind: str = "f") -> NDArray[Any]:
    value = arrays[name]
    right = value.ndim == 1 and value.dtype.kind == kind and value.dtype.itemsize == 8
    _need(right, f"{name} is {value.dtype} of shape {value.shape}")
    return value


def _need(ok: object, problem: str) -> None:
    if not ok:
        raise ValueError(problem)
