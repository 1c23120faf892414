"""What `evolve` tells a callback after each generation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conncore.optimizers.base import Vector


@dataclass(frozen=True, eq=False)
class GenerationEvent:
    """A finished generation. If the run has a directory, the generation is already saved there.

    Attributes
    ----------
    title : str
        Connectome, network, task, optimiser and seed of the run, in one line.
    generation : int
        Number of the generation, from 0.
    n_generations : int
        Number of generations of the whole run.
    best, mean, std : float
        Best fitness, mean fitness and standard deviation over the members of the generation, in
        the unit of the task. NaN if no member has a finite fitness.
    n_failed : int
        Number of members without a finite fitness.
    n_evaluations : int
        Number of members that were scored since the run began.
    sigma : float
        Step size of the optimiser.
    stage : str
        Part of the search, if the optimiser has several (`SuccessiveHalving`); else "".
    seconds : float
        Duration of the generation, in s.
    best_fitness : float
        The highest fitness so far.
    best_genome : (n_parameters,) float64
        The member that has it. It is read-only.

    Examples
    --------
    >>> task = cc.make_task("swimmer6")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task)
    >>> seen, es = [], cc.ES(population_size=4, n_scout=8)
    >>> run = cc.evolve(net, task, es, 2, progress=False, callback=seen.append)
    >>> [(event.generation, event.n_evaluations) for event in seen]
    [(0, 12), (1, 16)]
    """

    title: str
    generation: int
    n_generations: int
    best: float
    mean: float
    std: float
    n_failed: int
    n_evaluations: int
    sigma: float
    stage: str
    seconds: float
    best_fitness: float
    best_genome: Vector

    def __repr__(self) -> str:
        done = f"{self.generation + 1} of {self.n_generations}"
        return f"<GenerationEvent {done}: best {self.best:.4g}, mean {self.mean:.4g}>"

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers that loggers plot by generation, by name."""
        names = ("best", "mean", "std", "n_failed", "n_evaluations", "sigma", "seconds")
        return {name: getattr(self, name) for name in (*names, "best_fitness")}


Callback = Callable[[GenerationEvent], object]
