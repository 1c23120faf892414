"""The activity of one network, step by step."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from conncore._events import EventPopulation
from conncore._population import Population
from conncore.errors import NotFiniteWarning, UsageError, real_array
from conncore.network.population import NumpyPopulation


def record(
    policy: Population | EventPopulation | NumpyPopulation,
    observations: ArrayLike,
    n_repeats: int,
    n_neurons: int,
) -> NDArray[np.float64]:
    """Return (n_steps * n_repeats, n_neurons): the activity of the policy's only member.

    The policy receives each of the (n_steps, n_obs) observations `n_repeats` times. See
    `Network.simulate`, which calls this, for errors and warnings.
    """
    rows = real_array("observations", observations).astype(np.float64, copy=False)
    if rows.ndim != 2:
        raise UsageError(f"observations have shape {rows.shape}, need (n_steps, n_obs)")
    rows = np.repeat(rows, n_repeats, axis=0)
    activity = np.empty((len(rows), n_neurons))
    for step, row in enumerate(rows):
        policy.act(row[None])
        activity[step] = policy.activity()[0]
    if policy.status[0]:
        warnings.warn(
            "the state of a neuron became infinite or NaN, so its activity has no meaning from "
            "then on; check the observations for NaN, or use smaller weights",
            NotFiniteWarning,
            stacklevel=3,
        )
    return activity
