"""Screens: silences or activates the cells of one type after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.connectome import Connectome
from conncore.connectome.labels import Labels
from conncore.connectome.select import column
from conncore.errors import choose, need, need_count
from conncore.experiments.statistics import permutation_test, t_interval
from conncore.screens.ledger import Ledger, settings_of
from conncore.screens.readout import Readout
from conncore.simulation.inputs import Cells
from conncore.simulation.simulator import Simulator

ACTIONS = ("silence", "activate")


@dataclass(frozen=True)
class Effect:
    """The effect of one type on the rate of one group of cells, Hz.

    Attributes
    ----------
    type : str
        The word that the silenced or activated cells share.
    n_cells : int
        Number of these cells.
    group : str
        The cells that are read out.
    n : int
        Number of trials.
    before, after : float
        Mean rate over trials without and with the intervention.
    effect, low, high : float
        Mean difference, paired by trial, and its 95% confidence interval (Student's t).
    p, q : float
        p of a paired permutation test over trials (exact up to 20 trials, then 100,000 random
        patterns), and p after the correction of Benjamini & Hochberg for all rows: if you take all
        rows with q below 0.05, 5% of them are expected to be false discoveries.
    """

    type: str
    n_cells: int
    group: str
    n: int
    before: float
    after: float
    effect: float
    low: float
    high: float
    p: float
    q: float


@dataclass(frozen=True)
class Screen:
    """Effects, the largest first, and what the user should know about the simulations."""

    rows: tuple[Effect, ...]
    problems: tuple[str, ...]


def screen_rates(
    simulator: Simulator,
    action: str,
    cells: Sequence[str],
    *,
    types: str = "type",
    among: Sequence[str] | None = None,
    by: str = "name",
    activate: Sequence[str] | Mapping[str, float] | None = None,
    rate: float = 150.0,
    silence: Sequence[str] | None = None,
    trials: int = 30,
    keep: str | PathLike[str] | None = None,
    progress: Callable[[int, int], object] | None = None,
    **options: Any,
) -> Screen:
    """Silence or activate each type of cells in turn, and rank the types by their effect.

    Parameters
    ----------
    simulator : Simulator
        The connectome, the constants of its cells and the length of a step.
    action : {"silence", "activate"}
        "silence": trial i has the same input spikes in all simulations. "activate": the cells of
        the type receive Poisson input at `rate`, in addition to all other input.
    cells : sequence of str
        The cells to read out.
    types : str
        The property whose words are the types, such as "type" or "class". Cells without a word
        are left out.
    among : sequence of str, optional
        Screen only these cells. Default: all.
    by : str
        The property that the cells of a group of the read-out share.
    activate, rate, silence
        Input and silenced cells of all simulations, as in `Simulator.run`. A cell that receives
        input in all simulations keeps its rate.
    trials : int
        Number of trials of each simulation.
    keep : path, optional
        A file for what is finished (JSON lines). The same call resumes from it, with equal results.
    progress : callable, optional
        Called with the number of finished simulations and of all simulations.
    **options
        The other options of `Simulator.run`, such as `duration` and `seed`.

    Returns
    -------
    Screen

    Raises
    ------
    UsageError
        If an argument is out of range, a name is not a cell's, or no cell has a type.
    KeyboardInterrupt
        If Ctrl-C stops it. `keep` then has the finished simulations.

    Examples
    --------
    >>> import conncore as cc
    >>> worm = cc.load("celegans-haspel2011")
    >>> found = cc.screen_rates(
    ...     cc.Simulator(worm), "silence", ["VA1"], types="class", activate=["DB1"], trials=2,
    ...     duration=0.05,
    ... )
    >>> len(found.rows) == len(set(worm.classes))
    True
    """
    choose("action", action, ACTIONS)
    connectome = simulator.connectome
    readout = Readout(connectome, cells, by)
    members = _types(connectome, types, among)
    driven = _rates(activate, rate)
    given = {**options, "activate": driven, "silence": silence}
    settings = {**settings_of(simulator, given), "action": action, "rate": rate, "types": members}
    ledger = Ledger(keep, settings, readout, need_count("trials", trials))

    def run(names: Sequence[str]) -> Callable[[], Any]:
        used = dict(given)
        if action == "activate":
            used["activate"] = {**dict.fromkeys(names, rate), **driven}
        elif names:
            used["silence"] = tuple(dict.fromkeys((*(silence or ()), *names)))
        used["activate"] = used["activate"] or None
        return lambda: simulator.run(trials=trials, **used)

    base = ledger.get("", run(()))
    problems = list(base.problems)
    found = {}
    for n_done, (word, names) in enumerate(members.items(), 2):
        if progress is not None:
            progress(n_done - 1, len(members) + 1)
        found[word] = ledger.get(word, run(names))
        problems += [f"{action} {word}: {problem}" for problem in found[word].problems]
    if progress is not None:
        progress(len(members) + 1, len(members) + 1)
    effects = [
        _effect(word, names, readout, group, base.rates[:, group], found[word].rates[:, group])
        for word, names in members.items()
        for group in range(len(readout.names))
    ]
    return Screen(_ranked(effects), tuple(problems))


def _effect(
    word: str,
    names: Sequence[str],
    readout: Readout,
    group: int,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
) -> Effect:
    change = after - before
    low, high = t_interval(change)
    return Effect(
        type=word,
        n_cells=len(names),
        group=readout.names[group],
        n=change.size,
        before=float(before.mean()),
        after=float(after.mean()),
        effect=float(change.mean()),
        low=low,
        high=high,
        p=permutation_test(change) if change.any() else 1.0,
        q=math.nan,
    )


def _ranked(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """The effects with their q, the largest effect first."""
    from scipy.stats import false_discovery_control

    corrected = false_discovery_control([effect.p for effect in effects]).tolist()
    found = [replace(effect, q=q) for effect, q in zip(effects, corrected, strict=True)]
    return tuple(sorted(found, key=lambda effect: -abs(effect.effect)))


def _types(
    connectome: Connectome, types: str, among: Sequence[str] | None
) -> dict[str, tuple[str, ...]]:
    """The names of the cells of each type."""
    words = Labels.of(column(connectome, types))
    chosen = Cells(connectome).find("among", connectome.names if among is None else among)
    members: dict[str, list[str]] = {}
    for cell in chosen.tolist():
        if words[cell]:
            members.setdefault(words[cell], []).append(connectome.names[cell])
    need(bool(members), f"no cell has a word of property {types!r}; choose another property")
    return {word: tuple(members[word]) for word in sorted(members)}


def _rates(activate: Sequence[str] | Mapping[str, float] | None, rate: float) -> dict[str, float]:
    """The rate of each cell that receives input in all simulations."""
    if isinstance(activate, Mapping):
        return dict(activate)
    need(not isinstance(activate, str), f"activate is {activate!r}; give a list of cell names")
    return dict.fromkeys(activate or (), rate)
