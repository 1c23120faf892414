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
from conncore.registry import Registry

OPTIMIZERS: Registry[type[Optimizer[Any]]] = Registry(
    "optimizer",
    "conncore.optimizers",
    {"cma": CMA, "es": ES, "ga": GA, "halving": SuccessiveHalving},
)


def register_optimizer(kind: type[Optimizer[Any]]) -> None:
    """Make the commands and run directories know an optimiser of your own, by its `name`.

    Parameters
    ----------
    kind : subclass of `conncore.optimizers.Optimizer`
        A frozen dataclass of hyperparameters, with defaults for all; `conncore.optimizers.ga` is
        an example.

    Raises
    ------
    UsageError
        If conncore has an optimiser of this name.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Small(cc.ES):
    ...     name = "small"
    ...     population_size: int = 20
    >>> cc.optimizers.register_optimizer(Small)
    >>> cc.optimizers.make_optimizer("small").population_size
    20
    """
    OPTIMIZERS.register(kind.name, kind)


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
    "register_optimizer",
]
