"""How often a claim holds over the cells of a multiverse, and which choice moves its number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conncore.experiments.claims import Claim, Verdict
from conncore.experiments.statistics import t_interval

VERDICTS = ("holds", "refuted", "undecided", "not tested")
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """The verdicts about a claim over all cells.

    Attributes
    ----------
    claim : str
    counts : mapping of str to int
        Number of cells by verdict, in the order of `VERDICTS`.
    median, low, high : float
        Median, least and largest of the cells' mean numbers; NaN if no cell has one.
    """

    claim: str
    counts: Mapping[str, int]
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """The main effect of one value of a choice, against the first value of the choice.

    Attributes
    ----------
    key : str
    reference, value : object
        The first value of the choice, and the value that is compared with it.
    n_pairs : int
        Number of pairs of cells that differ in this choice alone.
    n_seeds : int
        Number of seeds with finite numbers.
    effect, low, high : float
        Mean difference of the number, value minus reference, over pairs and seeds, and its 95%
        interval (Student's t over the seeds' means over pairs). A pair without a finite number is
        left out for that seed.
    variance : float
        Share of the variance of the cells' means that lies between the values of the choice
        (eta squared).
    """

    key: str
    reference: Any
    value: Any
    n_pairs: int
    n_seeds: int
    effect: float
    low: float
    high: float
    variance: float


def verdict_shares(claims: Sequence[Claim], verdicts: Sequence[Sequence[Verdict]]) -> list[Share]:
    """Return the verdicts by claim; `verdicts` are by cell and claim."""
    shares = []
    for place, claim in enumerate(claims):
        of_claim = [cell[place] for cell in verdicts]
        counts = Counter(verdict.verdict for verdict in of_claim)
        means = np.array([v.estimate for v in of_claim if np.isfinite(v.estimate)] or [np.nan])
        shares.append(
            Share(
                claim=claim.text,
                counts={name: counts[name] for name in VERDICTS},
                median=float(np.median(means)),
                low=float(means.min()),
                high=float(means.max()),
            )
        )
    return shares


def main_effects(
    choices: Mapping[str, Sequence[Any]],
    combinations: Sequence[Sequence[Mapping[str, Any]]],
    values: Sequence[Values],
) -> list[Effect]:
    """Return the effects of all values but the first of each choice, the largest choice first.

    Parameters
    ----------
    choices : mapping of str to sequence
        The values of each choice.
    combinations : sequence of sequence of mapping
        By cell, the combinations that it stands for.
    values : sequence of ndarray, each shape (n_seeds,), float64
        By cell, one number per seed; not finite where there is none.
    """
    effects = []
    for key, of_key in choices.items():
        if len(of_key) < 2:
            continue
        variance = _between(key, of_key, combinations, values)
        for value in of_key[1:]:
            pairs = _pairs(key, of_key[0], value, combinations)
            with np.errstate(invalid="ignore"):  # a failed run has -inf
                per_seed = _mean_over_pairs([values[b] - values[a] for a, b in pairs])
            low, high = t_interval(per_seed)
            effects.append(
                Effect(
                    key=key,
                    reference=of_key[0],
                    value=value,
                    n_pairs=len(pairs),
                    n_seeds=per_seed.size,
                    effect=float(per_seed.mean()) if per_seed.size else np.nan,
                    low=low,
                    high=high,
                    variance=variance,
                )
            )
    return sorted(effects, key=lambda effect: -np.nan_to_num(effect.variance, nan=-1.0))


def _pairs(
    key: str, reference: Any, value: Any, combinations: Sequence[Sequence[Mapping[str, Any]]]
) -> list[tuple[int, int]]:
    """Return the pairs of different cells that have the two values and are otherwise equal."""
    cell_of = {_label(one): cell for cell, ones in enumerate(combinations) for one in ones}
    found = set()
    for cell, ones in enumerate(combinations):
        for one in ones:
            other = cell_of.get(_label({**one, key: value}))
            if key in one and one[key] == reference and other is not None and other != cell:
                found.add((cell, other))
    return sorted(found)


def _label(combination: Mapping[str, Any]) -> str:
    """Return a text that equal combinations share; a grid may hold values without a hash."""
    return repr(sorted(combination.items(), key=lambda item: item[0]))


def _mean_over_pairs(differences: Sequence[Values]) -> Values:
    """Return the means of the seeds, each over the pairs that have a finite number for it."""
    if not differences:
        return np.empty(0)
    table = np.array(differences)
    known = np.isfinite(table)
    n_known = known.sum(axis=0)
    sums = np.where(known, table, 0.0).sum(axis=0)
    return np.asarray(sums[n_known > 0] / n_known[n_known > 0])


def _between(
    key: str,
    of_key: Sequence[Any],
    combinations: Sequence[Sequence[Mapping[str, Any]]],
    values: Sequence[Values],
) -> float:
    """Return the share of the variance of the cells' means that lies between the values of a key.

    A cell that stands for several values of the key belongs to none of them.
    """
    groups: dict[int, list[float]] = {}
    for ones, numbers in zip(combinations, values, strict=True):
        levels = {of_key.index(one[key]) for one in ones if key in one}
        finite = numbers[np.isfinite(numbers)]
        if len(levels) == 1 and finite.size:
            groups.setdefault(levels.pop(), []).append(float(finite.mean()))
    everything = np.array([number for group in groups.values() for number in group])
    total = float(np.square(everything - everything.mean()).sum()) if everything.size else 0.0
    if total == 0.0:
        return np.nan
    grand = everything.mean()
    return float(sum(len(g) * (np.mean(g) - grand) ** 2 for g in groups.values()) / total)
