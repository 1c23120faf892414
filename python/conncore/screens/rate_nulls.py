"""Compares the firing rates of a connectome with those of its null models."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.errors import UsageError, choose, need, need_count
from conncore.experiments.statistics import holm, permutation_test, t_interval
from conncore.nulls.models import NULLS, make_null
from conncore.screens.ledger import Ledger, settings_of
from conncore.screens.readout import Readout
from conncore.simulation.result import Simulation
from conncore.simulation.simulator import Simulator

CIRCUIT = "circuit"
ALPHA = 0.05


@dataclass(frozen=True)
class RateRow:
    """The rates of a group of cells in the connectome and in one null model, Hz.

    Attributes
    ----------
    group : str
    n_cells : int
    null : str
    n : int
        Number of null model graphs; graph s is paired with a run of the connectome that has the
        same input spikes.
    rate, low, high : float
        Mean rate in the connectome, and its 95% confidence interval over seeds (Student's t).
    null_rate, null_low, null_high : float
        The same in the null model.
    difference, difference_low, difference_high : float
        Mean paired difference, connectome minus null model, and its 95% confidence interval.
    p, p_holm : float
        p of the paired permutation test, exact up to 20 graphs, and p after Holm's correction for
        the number of rows. The smallest possible p is 2 / 2**n.
    n_as_far : int
        Graphs whose rate is at least as far from the mean of all graphs, the connectome included,
        as the connectome's. Another exact test, that the connectome is one of these graphs, has
        p = (1 + n_as_far) / (1 + n).
    """

    group: str
    n_cells: int
    null: str
    n: int
    rate: float
    low: float
    high: float
    null_rate: float
    null_low: float
    null_high: float
    difference: float
    difference_low: float
    difference_high: float
    p: float
    p_holm: float
    n_as_far: int

    @property
    def verdict(self) -> str:
        """The verdict about the connectome, at a corrected p of 0.05."""
        if self.p_holm >= ALPHA:
            return "undecided"
        return "circuit higher" if self.difference > 0 else "circuit lower"


@dataclass(frozen=True)
class RateComparison:
    """Rows, by null model and group, and what the user should know about the simulations."""

    rows: tuple[RateRow, ...]
    problems: tuple[str, ...]


def compare_rates(
    simulator: Simulator,
    nulls: Sequence[str],
    cells: Sequence[str],
    *,
    by: str = "name",
    null_seeds: int = 20,
    trials: int = 30,
    seed: int = 0,
    keep: str | PathLike[str] | None = None,
    progress: Callable[[int, int], object] | None = None,
    **options: Any,
) -> RateComparison:
    """Ask whether the wiring matters for a firing rate: compare with null models.

    Graph s of each null model is drawn with seed ``seed + s``. It is paired with a run of the
    connectome in which the input spikes are the same.

    Parameters
    ----------
    simulator : Simulator
        The connectome, the constants of its cells and the length of a step.
    nulls : sequence of str
        Names in `cc.NULLS`, such as "degree" and "signs".
    cells : sequence of str
        The cells to read out. Choose them before you see rates: the correction counts each group.
    by : str
        The property that the cells of a row share: "name", "class", or another, such as "type".
    null_seeds : int
        Number of graphs of each null model.
    trials : int
        Number of trials of each graph.
    seed : int
        Seed of the first graph and its input.
    keep : path, optional
        A file for what is finished (JSON lines). The same call resumes from it, with equal results.
    progress : callable, optional
        Called with the number of finished simulations and of all simulations.
    **options
        Those of `Simulator.run`, such as `activate` and `duration`.

    Returns
    -------
    RateComparison

    Raises
    ------
    UsageError
        If an argument is out of range, a name is not a cell's, or the simulator has a delay for
        each edge.
    KeyboardInterrupt
        If Ctrl-C stops it. `keep` then has the finished simulations.

    Examples
    --------
    >>> import conncore as cc
    >>> worm = cc.load("celegans-haspel2011")
    >>> found = cc.compare_rates(
    ...     cc.Simulator(worm), ["degree"], ["VA1"], activate=["DB1"], null_seeds=2, trials=2,
    ...     duration=0.05,
    ... )
    >>> [row.null for row in found.rows]
    ['degree']
    """
    need(not isinstance(nulls, str), f"nulls is {nulls!r}; give a list of names")
    for name in nulls:
        choose("null model", name, NULLS)
    need(bool(nulls), "nulls are missing; give at least one name")
    if len(set(nulls)) < len(nulls):
        raise UsageError(f"nulls are {', '.join(nulls)}; give each name once")
    need_count("null_seeds", null_seeds)
    if simulator.delays is not None:
        raise UsageError(
            "null models move edges, so a delay for each edge has no place; give one delay for all "
            "edges (LifExp(delay=...))"
        )
    connectome = simulator.connectome
    readout = Readout(connectome, cells, by)
    settings = {**settings_of(simulator, options), "seed": seed}
    ledger = Ledger(keep, settings, readout, need_count("trials", trials))

    def run(name: str, number: int) -> Simulation:
        used = simulator
        if name != CIRCUIT:
            graph: Connectome = make_null(name, connectome, number)
            used = Simulator(graph, simulator.neuron, dt=simulator.dt)
        return used.run(trials=trials, seed=number, **options)

    means: dict[str, list[NDArray[np.float64]]] = {name: [] for name in (CIRCUIT, *nulls)}
    problems = []
    n_done, n_all = 0, null_seeds * len(means)
    for name in means:
        for number in range(seed, seed + null_seeds):
            key = f"{name} {number}"
            found = ledger.get(key, lambda name=name, number=number: run(name, number))  # type: ignore[misc]
            means[name].append(found.rates.mean(axis=0))
            problems += [f"{name}, seed {number}: {problem}" for problem in found.problems]
            n_done += 1
            if progress is not None:
                progress(n_done, n_all)
    rates = {name: np.array(values) for name, values in means.items()}
    return RateComparison(tuple(_rows(readout, nulls, rates)), tuple(problems))


def _rows(
    readout: Readout, nulls: Sequence[str], rates: dict[str, NDArray[np.float64]]
) -> list[RateRow]:
    pairs = [(name, group) for name in nulls for group in range(len(readout.names))]
    tests = [permutation_test((rates[CIRCUIT] - rates[name])[:, group]) for name, group in pairs]
    rows = []
    for (name, group), p, p_holm in zip(pairs, tests, holm(tests), strict=True):
        circuit, null = rates[CIRCUIT][:, group], rates[name][:, group]
        rows.append(
            RateRow(
                readout.names[group],
                int(readout.sizes[group]),
                name,
                null.size,
                float(circuit.mean()),
                *t_interval(circuit),
                float(null.mean()),
                *t_interval(null),
                float((circuit - null).mean()),
                *t_interval(circuit - null),
                p,
                p_holm,
                _as_far(float(circuit.mean()), null),
            )
        )
    return rows


def _as_far(rate: float, null: NDArray[np.float64]) -> int:
    """Null graphs at least as far from the mean of all graphs as the connectome is."""
    mean = (rate + null.sum()) / (1 + null.size)
    far = abs(rate - mean)
    near = np.abs(null - mean) < far - 1e-9 * max(1.0, far)
    return null.size - int(near.sum()) if math.isfinite(far) else null.size
