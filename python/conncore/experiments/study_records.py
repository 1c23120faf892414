"""What a study is made of: stages, arms, and the outcomes of its runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from conncore.evolution.evolve import training_settings
from conncore.evolution.limits import check_generations
from conncore.optimizers import Optimizer

if TYPE_CHECKING:
    from conncore.connectome import Connectome
    from conncore.network.network import Network


@dataclass(frozen=True, eq=False)
class Stage:
    """A part of a run, with an optimiser of its own.

    Parameters
    ----------
    name : str
        Name of its folder, such as "pretrain" or "evolve".
    optimizer : Optimizer
    generations : int
    expand : bool
        If weights are shared, give every edge its own weight first (`Network.expand`).
    episodes : int
    common_starts : bool
        As in `conncore.evolution.evolve.evolve`.
    """

    name: str
    optimizer: Optimizer[Any]
    generations: int
    expand: bool = False
    episodes: int = 1
    common_starts: bool = True

    def __post_init__(self) -> None:
        # now, not after a study's directory was made
        check_generations(self.generations)
        training_settings(self.episodes, self.common_starts)

    @property
    def training(self) -> dict[str, Any]:
        """`episodes` and `common_starts` where they differ from the defaults."""
        return training_settings(self.episodes, self.common_starts)


@dataclass(frozen=True, eq=False)
class Arm:
    """One of the alternatives that a study compares.

    Parameters
    ----------
    name : str
        Name of its folder, and of its row in tables.
    build : callable
        Takes a seed and returns the network that the first stage evolves.
    stages : tuple of Stage
        Each stage starts from the solution of the stage before.
    of : callable, optional
        Takes another connectome and returns the arm that is made of it in the same way.
    """

    name: str
    build: Callable[[int], Network]
    stages: tuple[Stage, ...]
    of: Callable[[Connectome], Arm] | None = None


@dataclass(frozen=True)
class Curve:
    """Best and mean fitness per generation of a stage; None if no member had finite fitness."""

    stage: str
    best: list[float | None]
    mean: list[float | None]


@dataclass(frozen=True)
class Outcome:
    """The result of one arm from one seed.

    Attributes
    ----------
    arm : str
    seed : int
    curves : list of Curve
        One per stage.
    score : float
        Mean held-out score of the solution.
    n_parameters, n_edges : int
        Parameters and edges of the last stage's network.
    seconds : float
        Duration of all generations, on the machine that ran them.
    commit : str
        Commit of the code that ran it; "" if that was an installed wheel, or is not known.
    date : str
        Time at which the run ended; "" if not known.
    starts : list of list of float or None
        `Run.single_starts` of the last stage: a curve of each start; empty if the stage had one.
    """

    arm: str
    seed: int
    curves: list[Curve]
    score: float
    n_parameters: int
    n_edges: int
    seconds: float
    commit: str = ""
    date: str = ""
    starts: list[list[float | None]] = field(default_factory=list)

    def start(self) -> float:
        """Mean fitness of the population in the first generation of the last stage."""
        return _number(self.curves[-1].mean[0])

    def end(self) -> float:
        """Mean fitness of the population in the last 5% of the generations of the last stage."""
        curve = self.curves[-1].mean
        return float(np.mean([_number(v) for v in curve[-max(1, len(curve) // 20) :]]))


def _number(value: float | None) -> float:
    return -math.inf if value is None else value
