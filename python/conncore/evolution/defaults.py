"""The optimiser of a run that names none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conncore.errors import need_count
from conncore.optimizers import ES, Optimizer, SuccessiveHalving

if TYPE_CHECKING:
    from conncore.network.network import Network
    from conncore.tasks import Task

MOST_PARAMETERS = 1000
#: Episodes and scouts of successive halving by the number of members of a start.
_EPISODES, _SCOUTS = 1000, 20


def default_name(network: Network, task: Task) -> str:
    """Return the name of the optimiser of a run that names none: "halving" or "es".

    It is successive halving if the genome has at most 1,000 parameters, the compiled core runs
    whole episodes of the task, and the network runs in lanes. Then 200,000 episodes take minutes.
    """
    few = network.layout.n_parameters <= MOST_PARAMETERS
    lanes = task.compiled_episodes and network.representation(ES.population_size) == "lanes"
    return "halving" if few and lanes else "es"


def default_optimizer(
    network: Network, task: Task, generations: int | None = None
) -> Optimizer[Any]:
    """Return the optimiser of `default_name`, for a number of generations (see `halving_of`)."""
    if default_name(network, task) == "halving":
        return halving_of(generations=generations)
    return ES()


def halving_of(
    population_size: int = SuccessiveHalving.population_size,
    generations: int | None = None,
    **settings: Any,
) -> SuccessiveHalving:
    """Return successive halving with a budget for a population size and a number of generations.

    Parameters
    ----------
    population_size : int
        Members of each start. By default there are 20 scouts and 1,000 episodes for each.
    generations : int, optional
        The largest budget whose rungs take at most this many generations; the last rung goes on
        for those that are left. Every rung takes at least one generation.
    **settings
        Other hyperparameters of `SuccessiveHalving`.
    """
    need_count("population_size", population_size, 2)
    given: dict[str, Any] = {
        "population_size": population_size,
        "n_scout": _SCOUTS * population_size,
        **settings,
    }
    if "n_episodes" not in given:
        given["n_episodes"] = _EPISODES * population_size
        if generations is not None:
            sizes = [rung.n_starts for rung in SuccessiveHalving(**given).rungs]
            # Generations of one start that a rung pays for: each rung of n starts gets them / n.
            share = max(sizes[0], math.floor(generations / sum(1 / size for size in sizes)))
            given["n_episodes"] = given["n_scout"] + len(sizes) * share * population_size
    return SuccessiveHalving(**given)
