"""One run: evolve generations, save each of them, and choose the solution at the end."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conncore.errors import ConncoreError, UsageError, real_array
from conncore.evolution.callbacks import Callback, GenerationEvent
from conncore.evolution.progress import RunProgress
from conncore.evolution.records import METRICS, Best, Checkpoint
from conncore.evolution.run_directory import RunDirectory
from conncore.evolution.stopping import GracefulStop
from conncore.noise import Split, start_seeds
from conncore.optimizers import Optimizer
from conncore.report.curve import draw_curve
from conncore.report.notebook import html_curves, html_facts
from conncore.tasks.policy import TaskPolicy

if TYPE_CHECKING:
    from conncore.network.network import Network
    from conncore.tasks import Task


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run, as `evolve`, `resume` and `load_run` return it.

    Attributes
    ----------
    best : Best
        The solution: its `genome`, the named `slices` of the genome, and its `scores` from the
        held-out `seeds`.
    history : ndarray, shape (n_generations,), structured
        Per generation: generation, best, mean, std, n_failed, n_evaluations, sigma.
    config : dict
        All settings of the run, as in its config.toml.
    path : Path or None
        The run directory; None if the run is in memory only.
    network : Network
        The network that was evolved.
    task : Task
        The task that it was evolved on.
    single_starts : ndarray, shape (n_starts, n_generations), float64
        After `SuccessiveHalving`: the fitness of each start in each generation of the first rung,
        as the median of its members. Empty for other optimisers, and from `load_run`.

    Examples
    --------
    >>> task = cc.make_task("swimmer6")
    >>> net = cc.Network(cc.load("celegans-haspel2011"), task)
    >>> run = cc.evolve(net, task, cc.ES(8, n_scout=8), 2, progress=False)
    >>> run.best.genome.shape, run.best.scores.shape
    ((46,), (32,))
    >>> run.history.dtype.names
    ('generation', 'best', 'mean', 'std', 'n_failed', 'n_evaluations', 'sigma')
    """

    best: Best
    history: NDArray[np.void]
    config: dict[str, Any]
    path: Path | None
    network: Network
    task: Task
    single_starts: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))

    def policy(self, n_envs: int | None = None, n_threads: int | None = None) -> TaskPolicy:
        """Return the solution as a policy: it takes observations and returns actions.

        Parameters
        ----------
        n_envs : int, optional
            If None, the policy acts in one environment, otherwise in a vector environment of this
            many environments; see `TaskPolicy`.
        n_threads : int, optional
            All usable cores if None.
        """
        genome = self.best.genome
        return TaskPolicy(self.network, genome, n_envs, task=self.task, n_threads=n_threads)

    @property
    def title(self) -> str:
        """The settings of the run in one line."""
        return run_title(self.config)

    def __repr__(self) -> str:
        return f"<Run of {self.title}: {len(self.history)} generations, {self.best.summary}>"

    def _repr_html_(self) -> str:
        """Return the table and the small curve that notebooks show."""
        facts = {
            "score": self.best.summary,
            "generations": len(self.history),
            "evaluations": f"{int(self.history['n_evaluations'][-1]):,}"
            if len(self.history)
            else 0,
            "directory": self.path,
        }
        curves = {name: self.history[name].tolist() for name in ("best", "mean")}
        return html_facts(f"Run of {self.title}", facts) + html_curves(curves)


def run_title(config: dict[str, Any]) -> str:
    """Return a run's settings in one line."""
    network, run = config["network"], config["run"]
    kind = ", ".join(str(network[key]) for key in ("neuron", "io", "weights") if key in network)
    return (
        f"{config['connectome']['name']} ({kind}) on {config['task']['name']}, "
        f"{config['optimizer']['name'].upper()}, seed {run['seed']}"
    )


class Loop:
    """One run in progress."""

    def __init__(
        self,
        network: Network,
        task: Task,
        optimizer: Optimizer[Any],
        config: dict[str, Any],
        n_threads: int | None,
        directory: RunDirectory | None,
        progress: bool,
        callback: Callback | None = None,
    ) -> None:
        self.network = network
        self.task = task
        self.optimizer = optimizer
        self.config = config
        self.seed: int = config["run"]["seed"]
        self.episodes: int = config["run"].get("episodes", 1)
        self.common_starts: bool = config["run"].get("common_starts", True)
        self.n_threads = n_threads
        self.directory = directory
        self.progress = progress
        self.callback = callback
        self.scored = False  # whether a member had a finite fitness: something to resume

    def run(self, checkpoint: Checkpoint[Any]) -> Run:
        """Run from `checkpoint` to the end; closes the directory."""
        generations: int = self.config["run"]["generations"]
        directory = self.directory
        with ExitStack() as stack:
            stop = None
            if directory is not None:
                stack.callback(directory.close)
                stop = stack.enter_context(GracefulStop())
            n_done = checkpoint.state.generation
            bar = stack.enter_context(RunProgress(generations, n_done, self.progress))
            while checkpoint.state.generation < generations:
                checkpoint = self._advance(checkpoint, bar)
                if stop is not None and directory is not None and stop.requested:
                    done = f"stopped after {checkpoint.state.generation} of {generations}"
                    stop.leave(f"{done} generations; resume with: {directory.resume_command}")
            run = self._finish(checkpoint, bar, stop)
            if stop is not None and directory is not None and stop.requested:
                stop.leave(f"stopped; {directory.path} is complete")
            return run

    def _advance(self, before: Checkpoint[Any], bar: RunProgress) -> Checkpoint[Any]:
        """Evaluate one generation, or one batch of scouts, and save the outcome."""
        started = time.perf_counter()
        generation = before.state.generation
        counted = self.optimizer.ask(before.state, self.n_threads)
        asked = time.perf_counter()
        fitness = self._train(self.network.layout.valued(counted), generation)
        evaluated = time.perf_counter()
        after = self._account(before, counted, fitness)
        if after.state.generation == 1 and not np.isfinite(after.best_fitness):
            raise ConncoreError(
                f"no member of the first generation has a finite fitness on {self.task.name}; "
                f"not finite: {self.task.failure()}"
            )
        if self.directory is not None:
            self.directory.save_checkpoint(after)
        if after.state.generation == generation:
            bar.scouted(len(after.state.scouts))
            return after
        seconds = time.perf_counter() - started
        record = after.history[-1]
        if self.directory is not None:
            self.directory.append(record, {"seconds": seconds, "evaluate": evaluated - asked})
        n_left = self.config["run"]["generations"] - after.state.generation
        bar.advance(
            generation,
            record["best"],
            record["mean"],
            self.episodes * len(counted),
            self.episodes * self.optimizer.n_members(after.state.generation, n_left),
            seconds,
            self.optimizer.stage(generation),
        )
        if self.callback is not None:
            self._call(self.callback, after, seconds)
        return after

    def _train(self, genomes: NDArray[np.float64], generation: int) -> NDArray[np.float64]:
        """Return each member's mean fitness over its episodes; -inf if one of them failed."""
        n_own = 1 if self.common_starts else len(genomes)
        drawn = start_seeds(self.seed, "train", self.episodes * n_own, generation=generation)
        starts = np.reshape(drawn, (self.episodes, n_own)).tolist()
        scores = [
            self._evaluate(genomes, seeds[0] if self.common_starts else seeds, "train")
            for seeds in starts
        ]
        return scores[0] if self.episodes == 1 else np.mean(scores, axis=0)

    def _call(self, callback: Callback, after: Checkpoint[Any], seconds: float) -> None:
        """Tell the callback about the last generation; an error of it ends the run."""
        record = {name: after.history[-1][name].item() for name in METRICS.names or ()}
        genome = after.best_genome.copy()  # what a callback does cannot change the run
        genome.setflags(write=False)
        total = self.config["run"]["generations"]
        event = GenerationEvent(
            title=run_title(self.config),
            n_generations=total,
            stage=self.optimizer.stage(record["generation"]),
            seconds=seconds,
            best_fitness=after.best_fitness,
            best_genome=genome,
            **record,
        )
        try:
            callback(event)
        except Exception as error:
            kept = "the run was in memory only, so it is lost"
            if self.directory is not None:
                kept = f"the run is saved; resume it with: {self.directory.resume_command}"
            error.add_note(
                f"raised by the callback after generation {record['generation'] + 1} of {total}; "
                f"{kept}"
            )
            raise

    def _account(
        self, before: Checkpoint[Any], counted: NDArray[np.float64], fitness: NDArray[np.float64]
    ) -> Checkpoint[Any]:
        state = self.optimizer.tell(before.state, counted, fitness)
        finite = fitness[np.isfinite(fitness)]
        n_evaluations = before.n_evaluations + self.episodes * len(fitness)
        after = replace(before, state=state, n_evaluations=n_evaluations)
        if len(finite) and finite.max() > before.best_fitness:
            winner = int(np.flatnonzero(fitness == finite.max())[0])
            genome = self.network.layout.valued(counted[winner].copy())
            after = replace(after, best_genome=genome, best_fitness=float(finite.max()))
        generation = before.state.generation
        if state.generation == generation:  # these were scouts, which belong to no generation
            return after
        record = (
            generation,
            finite.max() if len(finite) else np.nan,
            finite.mean() if len(finite) else np.nan,
            finite.std() if len(finite) else np.nan,
            len(fitness) - len(finite),
            after.n_evaluations,
            self.optimizer.sigma_of(before.state),
        )
        history = np.concatenate([before.history, np.array([record], dtype=METRICS)])
        return replace(after, history=history)

    def _finish(
        self, checkpoint: Checkpoint[Any], bar: RunProgress, stop: GracefulStop | None
    ) -> Run:
        directory = self.directory
        best = None
        if directory is not None:
            best = directory.load_best()
        if best is None or best.generation != checkpoint.state.generation:
            bar.scoring()
            chosen = self.choose(checkpoint)
            if stop is not None and directory is not None and stop.requested:
                stop.leave(f"stopped before scoring; resume with: {directory.resume_command}")
            best = self.score(chosen, None, None)
            if directory is not None:
                draw_curve(
                    checkpoint.history,
                    directory.path / "curve.png",
                    title=run_title(self.config),
                    held_out=best.scores,
                )
                # Last: a run with best.npz is complete.
                directory.save_best(best, checkpoint.history)
        path = None if directory is None else directory.path
        return Run(
            best=best,
            history=checkpoint.history,
            config=self.config,
            path=path,
            network=self.network,
            task=self.task,
            single_starts=self.optimizer.single_starts(checkpoint.state),
        )

    def choose(self, checkpoint: Checkpoint[Any]) -> Best:
        """Return the candidate with the higher mean score from the validation starts, unscored.

        The candidates are the best member so far and the optimiser's own solution.
        """
        center = self.network.layout.valued(self.optimizer.center(checkpoint.state))
        candidates = {"center": center}
        if np.isfinite(checkpoint.best_fitness):
            candidates["archive"] = checkpoint.best_genome
        seeds = start_seeds(self.seed, "validation", self.task.n_validation)
        genomes = np.repeat(list(candidates.values()), len(seeds), axis=0)
        scores = self._evaluate(genomes, seeds * len(candidates), "validation")
        means = scores.reshape(len(candidates), len(seeds)).mean(axis=1)
        chosen = list(candidates)[int(np.argmax(means))]
        return Best(
            genome=candidates[chosen],
            slices=dict(self.network.layout.slices),
            chosen=chosen,
            generation=checkpoint.state.generation,
            seeds=np.empty(0, dtype=np.int64),
            scores=np.empty(0),
        )

    def score(self, best: Best, n_starts: int | None, seed: int | None) -> Best:
        """Return `best` with scores from held-out starts.

        By default the task sets the number of starts, and the run's seed draws them.
        """
        n_starts = self.task.n_held_out if n_starts is None else n_starts
        seeds = start_seeds(self.seed if seed is None else seed, "held-out", n_starts)
        scores = self._evaluate(np.tile(best.genome, (n_starts, 1)), seeds, "held-out")
        return replace(best, seeds=np.array(seeds, dtype=np.int64), scores=scores)

    def _evaluate(
        self, genomes: NDArray[np.float64], seed: int | list[int], split: Split
    ) -> NDArray[np.float64]:
        fitness = self.task.evaluate(
            self.network, genomes, seed=seed, n_threads=self.n_threads, split=split
        )
        fitness = np.asarray(
            real_array(f"fitness of task {self.task.name}", fitness), dtype=np.float64
        )
        if fitness.shape != (len(genomes),):
            raise UsageError(
                f"task {self.task.name} returned fitness of shape {fitness.shape} "
                f"for {len(genomes)} members"
            )
        finite = np.isfinite(fitness)
        self.scored |= bool(finite.any())
        return np.where(finite, fitness, -np.inf)
