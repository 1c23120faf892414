"""The page of a comparison: the circuit and its null models side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conncore.errors import CheckpointError
from conncore.evolution.restore import load_run
from conncore.experiments.arms import CIRCUIT
from conncore.experiments.comparison_report import bands_of
from conncore.noise import start_seeds
from conncore.page.content import number
from conncore.page.document import render, shown_of
from conncore.recording.record import record
from conncore.report.palette import arm_colours

if TYPE_CHECKING:
    from conncore.experiments.comparison import Comparison
    from conncore.experiments.comparison_rows import Row
    from conncore.experiments.study import Outcome


def comparison_page(comparison: Comparison, seed: int | None = None, trust: bool = False) -> str:
    """Return the page of a comparison as HTML.

    Each arm shows its typical run: the one whose score is nearest to the arm's mean. All arms start
    from the same held-out start.

    Parameters
    ----------
    comparison : Comparison
        From `compare` or `load_comparison`. The run directories must still be there.
    seed : int, optional
        Number of the held-out start. Default: the first one that scored the runs of seed 0.
    trust : bool
        As in `load_run`.

    Raises
    ------
    CheckpointError
        A run directory is missing or damaged.
    """
    if seed is None:
        (seed,) = start_seeds(0, "held-out", 1)
    shown, settings = [], {}
    for row in comparison.rows:
        outcome = _typical(row, comparison.outcomes[row.arm])
        path = comparison.path / row.arm / f"seed-{outcome.seed}" / outcome.curves[-1].stage
        if not path.exists():
            raise CheckpointError(
                f"{path}: no such directory; the page of a comparison needs its runs, so run the "
                "same comparison again"
            )
        run = load_run(path, trust=trust)
        facts, packed = shown_of(record(run, seed=seed))
        scores = f"score {_short(outcome.score)}; {_short(facts['score'])} from this start"
        words = f"shown: run of seed {outcome.seed}, {scores}"
        shown.append((facts | {"heading": _heading(row), "words": words}, packed))
        settings[row.arm] = run.config
    facts = {"title": comparison.title, "comparison": comparison_facts(comparison)}
    return render(facts, shown, settings)


def comparison_facts(comparison: Comparison) -> dict[str, Any]:
    """Return scores, tests and learning curves of all arms, as plain values for JSON."""
    bands = bands_of(comparison.outcomes)
    colours = arm_colours(row.arm for row in comparison.rows)
    means = (f"{row.arm} {_short(row.mean)}" for row in comparison.rows)
    return {
        "summary": f"mean held-out score: {', '.join(means)}",
        "arms": [
            {
                "arm": row.arm,
                "colour": colours[row.arm] if row.arm != CIRCUIT else None,
                "scores": [number(run.score) for run in comparison.outcomes[row.arm]],
                "mean": number(row.mean),
                "low": number(row.low),
                "high": number(row.high),
                "test": _test(row),
                "curve": [number(value) for value in bands[row.arm].mean.tolist()],
                "end": [number(bands[row.arm].low), number(bands[row.arm].high)],
            }
            for row in comparison.rows
        ],
    }


def _typical(row: Row, outcomes: list[Outcome]) -> Outcome:
    """The run whose score is nearest to the mean of its arm."""
    far = np.array([abs(run.score - row.mean) for run in outcomes])
    return outcomes[int(np.argmin(np.where(np.isfinite(far), far, np.inf)))]


def _heading(row: Row) -> str:
    interval = "" if math.isnan(row.low) else f" ({_short(row.low)} to {_short(row.high)})"
    return f"{row.arm}: {_short(row.mean)}{interval}"


def _test(row: Row) -> str:
    failed = f" ({row.n_failed} failed seeds)" if row.n_failed else ""
    return "" if math.isnan(row.p_holm) else f"p = {row.p_holm:.2g}, {row.verdict}{failed}"


def _short(value: float) -> str:
    """A number of three digits, or more if it has more before the point."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
