"""How readily each arm learns: how many single starts reach a score, and how soon.

That is another question than how good an arm can get, which the held-out scores answer: an arm may
end high from one lucky start in twelve.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from conncore.experiments.statistics import first_reached
from conncore.experiments.study_records import Outcome


@dataclass(frozen=True)
class Readiness:
    """How readily one arm learns.

    Attributes
    ----------
    arm : str
    threshold : float
        The fitness that a start must reach.
    n_starts, n_reached : int
        Single starts of all seeds, and those that reached the threshold.
    share, low, high : float
        Share of the starts that reached it, and its 95% interval (Clopper & Pearson 1934). The
        interval counts seeds, not starts, because the starts of a seed share their network.
    median : float
        Generation, from 1, by which half of the starts reached it; inf if fewer than half did.
    n_generations : int
        Number of generations that every start ran.
    """

    arm: str
    threshold: float
    n_starts: int
    n_reached: int
    share: float
    low: float
    high: float
    median: float
    n_generations: int


def readiness(
    outcomes: Mapping[str, Sequence[Outcome]], threshold: float | None = None
) -> list[Readiness]:
    """Return how readily each arm learns, from its runs alone.

    After successive halving, the single starts are those of the first rung, by the median fitness
    of their members. Otherwise each seed is one start, by the population mean in all stages.

    Parameters
    ----------
    outcomes : mapping of str to sequence of Outcome
        By arm, one per seed.
    threshold : float, optional
        Default: half of the largest mean held-out score of an arm. It comes from the runs
        themselves, so it describes them and tests nothing. Empty if that is not above 0.
    """
    best = max(float(np.mean([run.score for run in runs])) for runs in outcomes.values())
    limit = best / 2 if threshold is None else threshold
    if threshold is None and not 0 < limit < math.inf:
        return []
    found = []
    for arm, runs in outcomes.items():
        curves = [_single_starts(run) for run in runs]
        times = [[first_reached(curve, limit) for curve in starts] for starts in curves]
        shares = [float(np.isfinite(of_seed).mean()) for of_seed in times]
        low, high = _interval(float(np.sum(shares)), len(shares))
        every = np.concatenate(times)
        found.append(
            Readiness(
                arm=arm,
                threshold=limit,
                n_starts=every.size,
                n_reached=int(np.isfinite(every).sum()),
                share=float(np.mean(shares)),
                low=low,
                high=high,
                median=float(np.sort(every)[(every.size - 1) // 2]),
                n_generations=len(curves[0][0]),
            )
        )
    return found


def _single_starts(run: Outcome) -> list[list[float | None]]:
    """Return the curves of the single starts of a run."""
    return run.starts or [[value for curve in run.curves for value in curve.mean]]


def _interval(n_reached: float, n: int) -> tuple[float, float]:
    """Return the exact 95% interval of a share; the number that reached it may be a fraction."""
    from scipy.special import betaincinv

    low = float(betaincinv(n_reached, n - n_reached + 1, 0.025)) if n_reached > 0 else 0.0
    high = float(betaincinv(n_reached + 1, n - n_reached, 0.975)) if n_reached < n else 1.0
    return low, high


def print_readiness(rows: Sequence[Readiness], console: Console) -> None:
    """Print a table of how readily the arms learn."""
    if not rows:
        return
    console.print(
        f"How readily does it learn? Single starts whose fitness reaches {rows[0].threshold:.4g}"
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in ("starts", "reached", "share", "95% interval", "median generation", "of"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.arm,
            str(row.n_starts),
            str(row.n_reached),
            f"{row.share:.0%}",
            f"{row.low:.0%} to {row.high:.0%}",
            f"{row.median:.0f}" if math.isfinite(row.median) else "not reached",
            str(row.n_generations),
        )
    console.print(table)
