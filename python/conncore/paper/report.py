"""Tables, figures and JSON of the paper's experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from conncore.experiments.claims import Verdict
from conncore.experiments.comparison_report import bands_of
from conncore.experiments.readiness import print_readiness, readiness
from conncore.experiments.results import finite, write_results
from conncore.experiments.sequential import Looks
from conncore.experiments.statistics import t_interval
from conncore.experiments.study import Outcome
from conncore.paper.experiments import Experiment
from conncore.report.bands import draw_bands


def print_experiment(
    experiment: Experiment,
    outcomes: Mapping[str, Sequence[Outcome]],
    verdicts: Sequence[Verdict],
    looks: Looks | None,
    console: Console,
) -> None:
    """Print each arm beside the paper's numbers, and each claim with its verdict."""
    table = Table(title=experiment.title, title_justify="left", box=None, pad_edge=False)
    table.add_column("population mean")
    for name in ("seeds", "start", "paper", "end \N{PLUS-MINUS SIGN} sd", "95% interval", "paper",
                 "solution, held out"):  # fmt: skip
        table.add_column(name, justify="right")
    for arm, runs in outcomes.items():
        starts, ends = [run.start() for run in runs], [run.end() for run in runs]
        low, high = t_interval(ends)
        published = experiment.published.get(arm, (None, None))
        table.add_row(
            arm,
            str(len(runs)),
            f"{np.mean(starts):.1f}",
            _published(published[0]),
            f"{np.mean(ends):.1f} \N{PLUS-MINUS SIGN} {_sd(ends):.1f}",
            "" if np.isnan(low) else f"{low:.1f} to {high:.1f}",
            _published(published[1]),
            f"{np.mean([run.score for run in runs]):.1f}",
        )
    console.print(table)
    print_readiness(readiness(outcomes), console)
    if verdicts:
        print_verdicts(verdicts, console)
    if looks is not None:
        console.print(str(looks))


def print_verdicts(verdicts: Sequence[Verdict], console: Console) -> None:
    """Print each claim with its verdict, the number that decided, and the rule."""
    claims = Table(box=None, pad_edge=False)
    for name in ("claim", "verdict", "found", "95% interval", "p", "detectable", "holds if"):
        claims.add_column(name)
    for verdict in verdicts:
        claims.add_row(
            verdict.claim,
            verdict.verdict,
            "" if np.isnan(verdict.estimate) else f"{verdict.estimate:.4g}",
            "" if np.isnan(verdict.low) else f"{verdict.low:.4g} to {verdict.high:.4g}",
            "" if np.isnan(verdict.p) else f"{verdict.p:.4f}",
            "" if np.isnan(verdict.detectable) else f"{verdict.detectable:.3g}",
            verdict.rule,
        )
    console.print(claims)
    console.print(
        "holds / refuted: the confidence interval lies inside / outside the range; p: of the "
        "verdict, by t tests, corrected for the number of claims (Holm); detectable: distance "
        "from the limit that so many seeds show with a probability of 80%"
    )
    console.print()


def write_experiment(
    folder: Path,
    experiment: Experiment,
    outcomes: Mapping[str, Sequence[Outcome]],
    verdicts: Sequence[Verdict],
    settings: Mapping[str, Any],
    choices: Mapping[str, Any],
    looks: Looks | None = None,
) -> Path:
    """Write <name>.json and <name>.png into `folder`, and return the path of the figure.

    `choices` are those that differ from the experiment's own, by key.
    """
    plan: dict[str, Any] = {} if looks is None else {"looks": looks.at}
    plan["readiness"] = [finite(asdict(row)) for row in readiness(outcomes)]
    write_results(
        folder / f"{experiment.name}.json",
        experiment.title,
        settings,
        outcomes,
        **({"set": choices} if choices else {}),
        published=experiment.published,
        verdicts=[finite(asdict(verdict)) for verdict in verdicts],
        **plan,
    )
    return draw_experiment(experiment, outcomes, folder / f"{experiment.name}.png")


def draw_experiment(
    experiment: Experiment, outcomes: Mapping[str, Sequence[Outcome]], file: Path
) -> Path:
    """Draw the curves of all arms, a panel a stage, beside the paper's numbers."""
    stages = [curve.stage for curve in next(iter(outcomes.values()))[0].curves]
    arms_of: dict[float, list[str]] = {}
    for arm, (_, end) in experiment.published.items():
        if end is not None:
            arms_of.setdefault(end, []).append(arm)
    # One number of the paper may belong to several arms; its label names the first two.
    ends = [(end, f"paper: {' / '.join(arms[:2])} {end:g}") for end, arms in arms_of.items()]
    titles = [f"{stage}: mean over seeds, and its 95% interval at the end" for stage in stages]
    return draw_bands(
        {name: bands_of(outcomes, place) for place, name in enumerate(titles)},
        file,
        title=experiment.title,
        y_label="fitness",
        references={titles[-1]: ends},
    )


def _published(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _sd(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
