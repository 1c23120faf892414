"""Optimisers by name. An optimiser sees arrays only: genomes and their fitness."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from conncore.errors import UsageError, choose
from conncore.optimizers.base import Optimizer, State
from conncore.optimizers.cma import CMA
from conncore.optimizers.es import ES
from conncore.optimizers.ga import GA
from conncore.optimizers.halving import SuccessiveHalving

OPTIMIZERS: dict[str, type[Optimizer[Any]]] = {
    "cma": CMA,
    "es": ES,
    "ga": GA,
    "halving": SuccessiveHalving,
}


def make_optimizer(name: str, **options: Any) -> Optimizer[Any]:
    """Return the optimiser called `name` with the given hyperparameters.

    Raises
    ------
    UsageError
        An unknown name or hyperparameter, or a value out of its range.

    Examples
    --------
    >>> from conncore.optimizers import make_optimizer
    >>> make_optimizer("cma", population_size=64).sigma
    0.3
    """
    kind = OPTIMIZERS[choose("optimizer", name, OPTIMIZERS)]
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # all are dataclasses
    for option in options:
        if option not in known:
            raise UsageError(
                f"{name} has no setting {option!r}; it has: {', '.join(sorted(known))}"
            )
    return kind(**options)


__all__ = [
    "CMA",
    "ES",
    "GA",
    "OPTIMIZERS",
    "Optimizer",
    "State",
    "SuccessiveHalving",
    "make_optimizer",
]
