"""Settings that no machine can run are refused before any work, each in one line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from conncore.errors import UsageError, need_count
from conncore.optimizers import Optimizer

if TYPE_CHECKING:
    from conncore.network.network import Network

MOST_GENERATIONS = 100_000_000
MOST_SIGMA = 1e6  # genomes are of order 1
_MOST_MEMBERS = 2**31 - 1
#: float64 arrays of all members that exist at once: genomes, noise, and the values of the network.
_COPIES = 4


def check_generations(generations: int) -> int:
    """Return the number of generations as an int, or raise a `UsageError`."""
    return need_count("generations", generations, 1, MOST_GENERATIONS)


def check_size(network: Network, optimizer: Optimizer[Any]) -> None:
    """Refuse a step size or a population that is far too large.

    Raises
    ------
    UsageError
        If sigma is above 1e6, or a generation needs more memory than the machine has.
    """
    sigma = getattr(optimizer, "sigma", 0.0)
    if sigma > MOST_SIGMA:
        raise UsageError(f"sigma is {sigma:g}; give a number up to {MOST_SIGMA:g}")
    n_members = max(optimizer.n_members(0), optimizer.n_initial)
    members = optimizer.population_size
    check_members("population_size", members, network, "use a smaller population", n_members)


def check_members(
    what: str, value: int, network: Network, advice: str, n_members: int | None = None
) -> None:
    """Refuse a number of members whose genomes need more memory than the machine has.

    Parameters
    ----------
    what : str
        The name of the number in the message.
    value : int
        The number.
    network : Network
    advice : str
        What to do, for the message.
    n_members : int, optional
        Members that exist at once; `value` if not given.

    Raises
    ------
    UsageError
        If there are too many.
    """
    n_members = value if n_members is None else n_members
    n_parameters = network.layout.n_parameters
    needed, memory = _COPIES * 8 * n_members * n_parameters, machine_memory()
    if n_members > _MOST_MEMBERS or (memory is not None and needed > memory):
        have = "" if memory is None else f"; this machine has {memory / 1e9:.0f} GB"
        raise UsageError(
            f"{what} is {value}: with {n_parameters} parameters, it needs about "
            f"{needed / 1e9:.3g} GB of memory{have}; {advice}"
        )


def machine_memory() -> int | None:
    """Return the machine's memory in bytes, or None if the system does not say it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None
